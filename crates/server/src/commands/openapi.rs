//! `tradepost openapi`: the document of the API, from which clients are generated.

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use crate::failure::Failure;

/// Prints the document.
pub fn print() -> Result<ExitCode, Failure> {
    let text = serde_json::to_string_pretty(&tradepost_http::openapi())?;
    match writeln!(io::stdout(), "{text}") {
        // Who reads on the other side of a pipe may stop before the end.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}
