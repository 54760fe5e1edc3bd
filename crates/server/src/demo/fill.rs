//! Fills the demo's shop once, and goes on where an earlier run was broken off.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tradepost_app::catalog::Projector;
use tradepost_app::import::ImportOptions;
use tradepost_app::seed::{SeedState, Seeder, begin_seed, finish_seed, note_seed, seed_state};
use tradepost_sample::{DEFAULT_PRODUCTS, SampleCatalog};

use super::catalog::{self, Converter};
use super::rules::make_rules;
use crate::cli::Demo;
use crate::commands::import;
use crate::failure::Failure;
use crate::house::House;
use crate::progress::Progress;

/// Products of one transaction.
const BATCH: usize = 500;
/// The catalogue when nobody asks for another.
const DEFAULT_SEED: u64 = 1;

/// What became of the filling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filled {
    /// The shop was filled now.
    Now,
    /// It was full; the text says so where another filling was asked for.
    Before(Option<String>),
}

/// Fills the shop unless it is full.
pub async fn fill(house: &House, arguments: &Demo) -> Result<Filled, Failure> {
    let asked = plan(arguments);
    let (plan, products) = match seed_state(&house.shop).await? {
        SeedState::Done { plan } => return Ok(Filled::Before(other_plan(arguments, &asked, &plan))),
        SeedState::Foreign => {
            return Err(Failure::new(
                "this database has products that are not a demo's: name an empty database, or use `tradepost serve`",
            ));
        }
        SeedState::Begun { plan, products } => (plan, products),
        SeedState::Empty if arguments.catalog.is_some() => (asked, 0),
        SeedState::Empty => {
            begin_seed(&house.shop, &asked, &catalog::shop()?).await?;
            (asked, 0)
        }
    };
    make_rules(house).boxed().await?;
    match plan.get("catalog").and_then(Value::as_str).map(PathBuf::from) {
        Some(path) => fill_from_file(house, &plan, &path).await?,
        None => fill_made_up(house, plan, products).await?,
    }
    Ok(Filled::Now)
}

/// Imports the file. Broken off, the import itself knows how far it has come.
async fn fill_from_file(house: &House, plan: &Value, path: &Path) -> Result<(), Failure> {
    let source = import::open(path)?;
    note_seed(&house.shop, plan).await?;
    let report = import::import(house, source, &ImportOptions::default()).await?;
    if report.counts.failed > 0 {
        eprintln!(
            "{} products of {} were not taken; `tradepost import products --dry-run` says why",
            report.counts.failed,
            path.display()
        );
    }
    render(house).await?;
    finish_seed(&house.shop, plan).await?;
    Ok(())
}

fn plan(arguments: &Demo) -> Value {
    if let Some(catalog) = &arguments.catalog {
        // As it is known from anywhere: the next run may stand in another folder.
        let catalog = std::fs::canonicalize(catalog).unwrap_or_else(|_| catalog.clone());
        return json!({"catalog": catalog});
    }
    let products = arguments.products.map_or(DEFAULT_PRODUCTS, u64::from);
    json!({"products": products, "seed": arguments.seed.unwrap_or(DEFAULT_SEED)})
}

fn other_plan(arguments: &Demo, asked: &Value, plan: &Value) -> Option<String> {
    let chosen = arguments.products.is_some() || arguments.seed.is_some() || arguments.catalog.is_some();
    let words = |plan: &Value| match (plan.get("catalog"), plan.get("products"), plan.get("seed")) {
        (Some(catalog), ..) => format!("the products of {catalog}"),
        (None, Some(products), Some(seed)) => format!("{products} made-up products (seed {seed})"),
        _ => "other products".to_owned(),
    };
    (chosen && asked != plan)
        .then(|| format!("this shop has {}; for one with {} use --fresh", words(plan), words(asked)))
}

async fn fill_made_up(house: &House, plan: Value, products: u64) -> Result<(), Failure> {
    let seeder = write_made_up(house, plan, products).await?;
    render(house).await?;
    seeder.finish().await?;
    Ok(())
}

/// Writes made-up products into a shop that is empty, and nothing that shoppers read.
pub async fn fill_unread(house: &House, products: u64) -> Result<(), Failure> {
    let plan = json!({"products": products, "seed": DEFAULT_SEED});
    begin_seed(&house.shop, &plan, &catalog::shop()?).await?;
    write_made_up(house, plan, 0).await.map(drop)
}

/// Writes the made-up products from one on.
async fn write_made_up(house: &House, plan: Value, products: u64) -> Result<Seeder, Failure> {
    let number = |key: &str| plan.get(key).and_then(Value::as_u64);
    let (Some(total), Some(seed)) = (number("products"), number("seed")) else {
        return Err(Failure::new("the state of the filling cannot be read; begin anew with --fresh"));
    };
    let made_up = SampleCatalog::new(seed, total);
    let mut seeder = Seeder::new(house.shop.clone(), plan, products).await?;
    let mut converter = Converter::default();
    let mut progress = Progress::new("products");
    let now = house.shop.clock.now();
    let mut done = products;
    while done < total {
        let end = total.min(done.saturating_add(u64::try_from(BATCH).unwrap_or(1)));
        let batch: Result<Vec<_>, Failure> =
            (done..end).map(|ordinal| converter.product(&made_up.product(ordinal), now)).collect();
        Box::pin(seeder.write(&batch?)).await?;
        done = end;
        progress.set(done, total);
    }
    progress.finish();
    Ok(seeder)
}

/// Makes everything that shoppers read.
async fn render(house: &House) -> Result<(), Failure> {
    let mut progress = Progress::new("pages");
    let projector = Projector::new(house.shop.clone());
    let rendered = projector.rebuild(|done, total| progress.set(done, total)).boxed().await?;
    progress.finish();
    if rendered.broken > 0 {
        return Err(Failure::new(format!("{} products cannot be rendered; see the log", rendered.broken)));
    }
    Ok(())
}
