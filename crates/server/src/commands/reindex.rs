//! `tradepost reindex`: fills the search index of every process that serves the shop anew.

use std::process::ExitCode;
use std::time::Duration;

use tradepost_app::search::{ask_to_refill, refill_progress};

use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};
use crate::progress::Progress;

/// How often it is looked how far they are; they themselves look every five seconds whether they are asked.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks for a process that tells of an index, before it is taken for granted that there is none.
const LOOKS_FOR_ANY: usize = 12;

/// Looks without anything new, after which waiting is given up: ten minutes, for the last step of a large index tells nothing.
const LOOKS_IN_VAIN_MAX: usize = 1_200;

/// Asks, and waits until all are done; they go on answering from the index that they have.
pub async fn reindex(config: &Config) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let generation = ask_to_refill(&house.shop.store).await?;
    let mut progress = Progress::new("products read");
    let (mut looks, mut before) = (0_usize, None);
    loop {
        let now = refill_progress(&house.shop, generation).await?;
        progress.set(now.read.0, now.read.1);
        if now.shelves > 0 && now.ready == now.shelves {
            progress.finish();
            println!("{} indexes filled with {} products", now.ready, now.products);
            break;
        }
        looks = if before == Some(now) { looks.saturating_add(1) } else { 1 };
        before = Some(now);
        if now.shelves == 0 && looks >= LOOKS_FOR_ANY {
            progress.finish();
            println!("no process serves the shop: the index is filled when one starts");
            break;
        }
        if looks >= LOOKS_IN_VAIN_MAX {
            progress.finish();
            return Err(Failure::new(format!(
                "{} of {} indexes are filled, and none got further for ten minutes: the log of the process that fills says why; \
                 shoppers are answered from what there is, and it goes on trying",
                now.ready, now.shelves
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    house.close().await?;
    Ok(ExitCode::SUCCESS)
}
