//! The adapters against what stands in for the services around us.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod egress;
mod smtp;
mod stripe;
