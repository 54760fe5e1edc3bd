//! `tradepost config check`.

use std::process::ExitCode;

use crate::config::Layers;

/// Says that the configuration is valid; whoever comes here has checked it.
pub fn say_valid(layers: &Layers) -> ExitCode {
    println!("the configuration is valid");
    for name in &layers.unknown_variables {
        println!("note: the environment variable {name} is none of ours");
    }
    ExitCode::SUCCESS
}
