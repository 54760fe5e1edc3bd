//! The torture: a shop of its own is bought from by many at once, lied to by its payment provider, and killed again and
//! again; after each blow everything that was promised is looked at.
//!
//! What is proved is the program that sells: the shop is a child process of the same binary, with its own durable
//! PostgreSQL, and a stand-in for Stripe keeps the other books. `bed` starts, kills and restarts them, `purchase` is a
//! buyer with the manners of a good client, `promises` what is looked at, and each suite has a file.

pub mod bed;
mod client;
mod crowd;
mod ears;
mod faults;
mod goods;
mod html;
mod kills;
mod promises;
mod purchase;
mod races;
mod report;
mod restart;
mod rng;
mod search;

use std::time::Instant;

pub use bed::{Bed, BedPlan, Grounds};
pub use promises::Promise;
pub use report::{KillCount, PromiseReport, Service, TortureReport};

use crate::LabError;
use goods::Goods;
use promises::Promises;
use rng::Rng;

/// Names the crash point, and which of its hits, at which the shop's process ends: `after_order_commit:3`. Only the
/// torture sets it.
pub const CRASH_AT: &str = "TRADEPOST_LAB_CRASH_AT";

/// A part of the torture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// Many at once.
    Races,
    /// A payment provider that is slow, fails, is silent or is not itself.
    Faults,
    /// A database that goes away under a running shop.
    Restart,
    /// A search server that goes away, and that was never there.
    Search,
    /// Many more than the shop can serve.
    Crowd,
    /// `kill -9`, again and again.
    Kills,
}

impl Suite {
    /// All, in the order in which they run.
    pub const ALL: [Self; 6] =
        [Self::Races, Self::Faults, Self::Restart, Self::Search, Self::Crowd, Self::Kills];
}

/// What to do to the shop.
#[derive(Debug, Clone)]
pub struct TorturePlan {
    /// Rounds of kills.
    pub rounds: u32,
    /// Makes the same choices again.
    pub seed: u64,
    /// Buyers at a time.
    pub clients: usize,
    /// Which parts.
    pub suites: Vec<Suite>,
    /// Crash points of this build, by their names.
    pub crash_points: Vec<&'static str>,
    /// What repeats it.
    pub command: String,
    /// What the shop stands on.
    pub services: Vec<Service>,
}

/// Is told how far it is: what is being done, how much of it is done, and how much there is.
pub type Told<'a> = &'a mut (dyn FnMut(&str, u64, u64) + Send);

/// What the suites share.
struct Torture<'a> {
    plan: &'a TorturePlan,
    bed: Bed,
    goods: Goods,
    promises: Promises,
    rng: Rng,
    kills: kills::Kills,
}

/// Tortures the shop on this ground and reports.
pub async fn run(plan: &TorturePlan, grounds: Grounds, told: Told<'_>) -> Result<TortureReport, LabError> {
    let begun = Instant::now();
    let mut bed = Bed::lay(grounds, BedPlan::default()).await?;
    told("starting the shop", 0, 1);
    bed.start_shop(None).await?;
    bed.listen().await?;
    let goods = Goods::put_on_the_shelf(&bed).await?;
    let mut torture = Torture {
        plan,
        bed,
        goods,
        promises: Promises::default(),
        rng: Rng::new(plan.seed),
        kills: kills::Kills::new(plan),
    };
    for suite in &plan.suites {
        match suite {
            Suite::Races => torture.races(told).await?,
            Suite::Faults => torture.faults(told).await?,
            Suite::Restart => torture.restart(told).await?,
            Suite::Search => torture.search(told).await?,
            Suite::Crowd => torture.crowd(told).await?,
            Suite::Kills => torture.kill_rounds(told).await?,
        }
    }
    told("looking at everything once more", 0, 1);
    torture.last_look().await?;
    let report = torture.report(begun.elapsed()).await?;
    torture.bed.clear_away().await?;
    Ok(report)
}

impl Torture<'_> {
    /// When nothing is under way any more, everything is looked at once more, and by the shop's own doctor.
    async fn last_look(&mut self) -> Result<(), LabError> {
        self.settle("the end").await?;
        let quiet = self.bed.wait_until_quiet().await?;
        self.promises.check(Promise::Recovers, quiet, || {
            "a minute after the last blow something of Stripe's was still not worked off".to_owned()
        });
        self.hear_of_all().await?;
        self.look("the end").await?;
        let verdict = self.bed.doctor()?;
        self.promises.check(Promise::Rules, verdict.is_ok(), || {
            format!("`tradepost doctor` found something broken: {}", verdict.err().unwrap_or_default())
        });
        Ok(())
    }
}
