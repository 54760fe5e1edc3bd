//! `tradepost doctor`: checks the shop, a line each.

use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret;
use tradepost_app::catalog::{Projector, Verify};
use tradepost_app::search::{IndexProof, ShelfProof, prove_shelves};
use tradepost_app::system::{Finding, Verdict, examine as examine_shop};

use tradepost_domain::kernel::with_causes;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// How often, and in what time, it is looked again at an index that is not what it should be: longer than a process that has ended
/// is taken to be alive.
const LOOKS: usize = 25;
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Checks everything; exit code 1 when something is broken.
pub async fn examine(config: &Config) -> Result<ExitCode, Failure> {
    let url = config.database_url.as_ref().map(ExposeSecret::expose_secret);
    check(config).await.map_err(|failure| failure.at_database(url))
}

async fn check(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let mut findings = examine_shop(&house.shop, house.blobs.names()).await?;
    if !findings.iter().any(|finding| finding.check == "schema" && finding.verdict == Verdict::Broken) {
        findings.push(fragments(&house).await?);
        findings.push(search(&house).await?);
        findings.extend(engine(&house).await);
    }
    for Finding { check, verdict, detail } in &findings {
        let word = match verdict {
            Verdict::Sound => "ok",
            Verdict::Notable => "note",
            Verdict::Broken => "BROKEN",
        };
        println!("{word:<7} {check:<12} {detail}");
    }
    house.close().await?;
    let broken = findings.iter().filter(|finding| finding.verdict == Verdict::Broken).count();
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether processes search in exactly what shoppers read.
async fn search(house: &House) -> Result<Finding, Failure> {
    const CHECK: &str = "search";
    let mut proof = prove_shelves(&house.shop).await?;
    for _ in 0..LOOKS {
        if proof.different.is_empty() {
            break;
        }
        // A change may be on its way, or not yet told.
        tokio::time::sleep(LOOK_EVERY).await;
        proof = prove_shelves(&house.shop).await?;
    }
    let ShelfProof { equal, filling, different } = proof;
    Ok(match (different.first(), equal, filling) {
        (Some(first), ..) => Finding::broken(
            CHECK,
            format!("{} indexes are not the database: {first}; run `tradepost reindex`", different.len()),
        ),
        (None, 0, 0) => Finding::sound(CHECK, "no process serves the shop: there is no index"),
        (None, equal, 0) => {
            Finding::sound(CHECK, format!("{equal} indexes hold what the database does, in its versions"))
        }
        (None, equal, filling) => {
            Finding::notable(CHECK, format!("{filling} indexes are being filled, {equal} are"))
        }
    })
}

/// Whether the engine that all processes search in can be asked, and holds what the database does; nothing where there is none.
async fn engine(house: &House) -> Option<Finding> {
    const CHECK: &str = "opensearch";
    let shelves = house.shop.catalog.shelves.as_ref()?;
    let mut proof = shelves.prove_indexes().await;
    for _ in 0..LOOKS {
        if !matches!(&proof, Ok(Some(proof)) if !proof.different.is_empty()) {
            break;
        }
        // A change may be on its way.
        tokio::time::sleep(LOOK_EVERY).await;
        proof = shelves.prove_indexes().await;
    }
    Some(match proof {
        Err(error) => {
            let detail = format!("cannot be asked, the database answers instead: {}", with_causes(&error));
            Finding::broken(CHECK, detail)
        }
        Ok(proof) => {
            let IndexProof { engine, equal, products, different } = proof?;
            match different.first() {
                Some(first) => Finding::broken(
                    CHECK,
                    format!(
                        "{engine}: {} indexes are not the database: {first}; while a process serves the shop, run \
                         `tradepost reindex`",
                        different.len()
                    ),
                ),
                None => Finding::sound(
                    CHECK,
                    format!("{engine}: {equal} indexes hold what the database does, {products} products"),
                ),
            }
        }
    })
}

/// Whether what shoppers read is what rendering now would give.
async fn fragments(house: &House) -> Result<Finding, Failure> {
    let projector = Projector::new(house.shop.clone());
    let mismatches = Box::pin(projector.verify(Verify::All)).await?;
    Ok(match mismatches.first() {
        None => Finding::sound("fragments", "every one is what rendering now would give"),
        Some(first) => {
            let detail = format!("{} are wrong, {first} for one: run `tradepost rebuild`", mismatches.len());
            Finding::broken("fragments", detail)
        }
    })
}
