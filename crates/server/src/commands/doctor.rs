//! `tradepost doctor`: checks the shop, a line each.

use std::process::ExitCode;

use tradepost_app::catalog::{Projector, Verify};
use tradepost_app::system::{Finding, Verdict, examine as examine_shop};

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Checks everything; exit code 1 when something is broken.
pub async fn examine(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let mut findings = examine_shop(&house.shop, house.blobs.names()).await?;
    if !findings.iter().any(|finding| finding.check == "schema" && finding.verdict == Verdict::Broken) {
        findings.push(fragments(&house).await?);
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
