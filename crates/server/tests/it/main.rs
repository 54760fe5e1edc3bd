//! The binary as it is: processes, signals, ports, files. Each test has a folder and a PostgreSQL of its own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod commands;
mod demo;
mod exports;
mod payments;
mod process;
mod search_compare;
mod torture;
