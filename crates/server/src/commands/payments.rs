//! `tradepost payments retry`.

use std::process::ExitCode;

use tradepost_app::payment::retry_parked_events;

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Has the events of payment providers worked off again that were put aside.
pub async fn retry(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let count = retry_parked_events(&house.shop).await;
    house.close().await?;
    println!("{} events will be worked off again", count.map_err(Failure::new)?);
    Ok(ExitCode::SUCCESS)
}
