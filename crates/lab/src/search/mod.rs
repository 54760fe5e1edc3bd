//! Three ways to search one catalogue, side by side in one run: Tradepost in the memory of a process, Tradepost's pipeline on
//! OpenSearch, and OpenSearch alone as it is set up without us.
//!
//! All three hold the same products, are asked the same queries, and take turns on the same machine. `alone` is the other way,
//! written to be good rather than easy to beat; `server` starts a real OpenSearch, `run` takes the turns, `report` keeps what came
//! of it, and `table` and `page` show it.

mod alone;
mod freshness;
mod machine;
mod material;
mod memory;
mod page;
mod plot;
mod quality;
mod report;
mod run;
mod server;
mod side;
mod speed;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::LabError;

pub use memory::{ADDRESS_VARIABLE, Resident, resident_of_side};
pub use report::SearchReport;
pub use run::{compare, sweep};
pub use server::OwnServer;
pub use side::SideKind;

/// What is to be compared, and how thoroughly.
#[derive(Clone)]
pub struct SearchPlan {
    /// Folder with catalogues and queries: `search` and `demo` are below it.
    pub data: PathBuf,
    /// Address of the server; it may have name and password in it.
    pub address: String,
    /// What the names of indexes begin with: everything below it is made anew, and deleted at the end.
    pub prefix: String,
    /// How the server came about, for people.
    pub server: String,
    /// Rounds of what is measured several times.
    pub rounds: usize,
    /// Only every so many-th query with errors is asked.
    pub every: u32,
    /// Changes that are waited for.
    pub changes: usize,
    /// This program, which is started anew to see how much memory a process takes that does nothing else.
    pub program: PathBuf,
    /// The command that repeats it.
    pub command: String,
    /// When it was begun, for people.
    pub begun_at: String,
    /// Says that nobody wants to know any more.
    pub stop: Stop,
}

/// Reads the data and forgets it: what is missing is told before a server is started.
pub fn check_data(folder: &Path, every: u32) -> Result<(), LabError> {
    material::Material::read(folder, every).map(drop)
}

/// A wish to end, which long work looks at.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends the work, soon.
    pub fn now(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Fails once the work is to end.
    pub fn look(&self) -> Result<(), LabError> {
        if self.0.load(Ordering::Relaxed) { Err(LabError::Stopped) } else { Ok(()) }
    }
}

/// What is told while it works: what is being done, how much of it is done, and of how much.
pub type Tell<'a> = &'a mut dyn FnMut(&str, u64, u64);
