//! `tradepost openapi`: the document of the API, from which clients are generated.

use std::process::ExitCode;

use crate::failure::Failure;

/// Prints the document.
pub fn print() -> Result<ExitCode, Failure> {
    println!("{}", serde_json::to_string_pretty(&tradepost_http::openapi())?);
    Ok(ExitCode::SUCCESS)
}
