//! Prints how good search is on the data of a folder, as `tradepost lab search-quality` does, without building anything but
//! this room: `cargo run --release -p tradepost-search --example search-quality [FOLDER [ADDRESS OF OPENSEARCH]]`.

use std::path::PathBuf;

use tradepost_search::opensearch::Settings;
use tradepost_search::quality::{QualityError, measure};
use tradepost_search::weights::Weights;

fn main() -> Result<(), QualityError> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let opensearch = arguments.next().map(|url| Settings { search_timeout_ms: 60_000, ..Settings::at(&url) });
    println!("{}", measure(&folder, &Weights::default(), opensearch.as_ref())?);
    Ok(())
}
