//! The log: an object a line on standard error, or lines for a person at a terminal.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;

use crate::config::LogFormat;

/// Begins to log. Called once, first of all: what is logged before it is lost.
pub fn start(filter: &str, format: LogFormat) {
    // The filter was checked with the configuration; what cannot be read here falls back to the default.
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = io::stderr().is_terminal();
    let text = match format {
        LogFormat::Text => true,
        LogFormat::Json => false,
        LogFormat::Auto => terminal,
    };
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_timer(SystemTime);
    // A second start (in tests) keeps the first.
    let _ = if text {
        builder.with_ansi(terminal).with_target(false).compact().try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
}
