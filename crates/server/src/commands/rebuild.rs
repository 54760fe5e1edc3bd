//! `tradepost rebuild`: makes everything that shoppers read anew from the catalogue.

use std::process::ExitCode;

use tradepost_app::catalog::Projector;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};
use crate::progress::Progress;

/// Rebuilds; shoppers go on reading what is there.
pub async fn rebuild(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let projector = Projector::new(house.shop.clone());
    let mut progress = Progress::new("products rendered");
    let done = projector.rebuild(|done, total| progress.set(done, total)).await?;
    progress.finish();
    println!("{} products rendered, {} of them changed", done.products, done.changed);
    house.close().await?;
    if done.broken > 0 {
        return Err(Failure::new(format!(
            "{} products cannot be rendered; see the log for which and why",
            done.broken
        )));
    }
    Ok(ExitCode::SUCCESS)
}
