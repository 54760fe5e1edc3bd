//! `tradepost lab search-quality`: how good search is, on judged queries and queries with errors.

use std::process::ExitCode;

use tradepost_search::quality::measure;
use tradepost_search::weights::Weights;

use crate::cli::LabSearchQuality;
use crate::failure::{Failure, chain};

/// Measures and prints. Nothing else runs in this process, so the thread may be kept busy.
pub fn quality(arguments: &LabSearchQuality) -> Result<ExitCode, Failure> {
    let quality =
        measure(&arguments.data, &Weights::default()).map_err(|error| Failure::new(chain(&error)))?;
    println!("{quality}");
    Ok(ExitCode::SUCCESS)
}
