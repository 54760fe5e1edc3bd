//! A database that dies under a running shop and comes back: the shop must come back with it, by itself, having lost
//! nothing that it confirmed.

use std::time::{Duration, Instant};

use super::kills::READY_WITHIN;
use super::promises::Promise;
use super::{Told, Torture};
use crate::LabError;

/// Times that the database dies.
const TIMES: u64 = 3;
/// How long it stays away.
const AWAY: Duration = Duration::from_millis(1_500);

impl Torture<'_> {
    /// The database dies while buyers buy, and comes back.
    pub(super) async fn restart(&mut self, told: Told<'_>) -> Result<(), LabError> {
        for time in 0..TIMES {
            told("the database is killed and started again", time, TIMES);
            self.database_round(&format!("database {time}")).await?;
        }
        Ok(())
    }

    /// One death of the database under buyers, and what came of it.
    pub(super) async fn database_round(&mut self, at: &str) -> Result<Duration, LabError> {
        self.goods.deliver(&self.bed).await?;
        let buying = self.start_buying(None);
        let moment = self.rng.between(300, 800);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        self.bed.crash_database().await?;
        tokio::time::sleep(AWAY).await;
        self.bed.start_database().await?;
        let back = Instant::now();
        let ended = self.bed.has_ended()?;
        self.promises.check(Promise::Recovers, !ended, || format!("{at}: the shop died with its database"));
        if ended {
            self.bed.start_shop(None).await?;
        }
        self.bed.wait_until_ready().await?;
        let ready = back.elapsed();
        self.promises.check(Promise::Recovers, ready < READY_WITHIN, || {
            format!("{at}: the shop was ready {} ms after its database", ready.as_millis())
        });
        let purchases = buying.stop().await?;
        self.recover(purchases, at).await?;
        Ok(ready)
    }
}
