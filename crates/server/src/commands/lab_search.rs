//! `tradepost lab search-quality`: how good search is, on judged queries and queries with errors.

use std::process::ExitCode;

use tradepost_search::opensearch::Settings;
use tradepost_search::quality::measure;
use tradepost_search::weights::Weights;

use tradepost_domain::kernel::with_causes;

use crate::cli::LabSearchQuality;
use crate::failure::Failure;

/// Measures and prints, on a thread that may wait for a runtime of its own.
pub async fn quality(arguments: LabSearchQuality) -> Result<ExitCode, Failure> {
    tokio::task::spawn_blocking(move || print_quality(&arguments)).await.map_err(Failure::new)?
}

fn print_quality(arguments: &LabSearchQuality) -> Result<ExitCode, Failure> {
    // What is asked for here is how good answers are, and how long they take, not whether they are in time.
    let settings = |url: &String| Settings { search_timeout_ms: 60_000, ..Settings::at(url) };
    let opensearch = arguments.opensearch.as_ref().map(settings);
    let quality = measure(&arguments.data, &Weights::default(), opensearch.as_ref())
        .map_err(|error| Failure::new(with_causes(&error)))?;
    println!("{quality}");
    Ok(ExitCode::SUCCESS)
}
