//! The lab: what we serve is measured beside a limit that is measured in the same run, and a shop is tortured to see
//! whether it keeps its promises.
//!
//! Absolute times of a shared machine mean little, so every figure is a ratio: ours and the limit take turns (A B A B)
//! under the same load from the same process, and the medians of the rounds are compared, with their spread. `load`
//! drives an address, `compare` takes the turns, `limits` names what is compared, `report` prints it. `search` holds our search
//! beside another way to build one.
#![expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "rates and ratios of measurements are floats; no money is near"
)]

pub mod bare_search;
pub mod checkout;
pub mod compare;
pub mod copy;
pub mod fake_stripe;
pub mod limits;
pub mod load;
pub mod report;
pub mod search;
pub mod torture;

pub use compare::{Comparison, Ratio, Side, per_second};
pub use load::{LoadPlan, LoadResult, Requests};

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The server under load did not answer, or a file could not be written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The answer was not the one that is to be measured.
    #[error("{what}: the server answered {status} to {request}")]
    UnexpectedAnswer {
        /// What was measured.
        what: String,
        /// Status line.
        status: String,
        /// Request line.
        request: String,
    },
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] tradepost_store::StoreError),
    /// Search could not be measured.
    #[error(transparent)]
    Search(#[from] tradepost_search::quality::QualityError),
    /// Whoever asked for it does not want it any more.
    #[error("stopped")]
    Stopped,
    /// A step before the measurement failed.
    #[error("{0}")]
    Preparation(String),
}
