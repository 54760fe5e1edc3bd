//! `tradepost migrate`: brings the schema up to date.

use std::process::ExitCode;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Migrates and says what was done.
pub async fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let report = house.migrate().await?;
    for name in &report.applied {
        println!("applied {name}");
    }
    println!("the schema is at version {}", report.version);
    house.close().await?;
    Ok(ExitCode::SUCCESS)
}
