//! Prints how good search is on the data of a folder, as `tradepost lab search-quality` does, without building anything but
//! this room: `cargo run --release -p tradepost-search --example search-quality`.

use std::path::PathBuf;

use tradepost_search::quality::{QualityError, measure};
use tradepost_search::weights::Weights;

fn main() -> Result<(), QualityError> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    println!("{}", measure(&folder, &Weights::default())?);
    Ok(())
}
