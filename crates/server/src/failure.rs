//! How a command fails: one clear line on standard error, with what to do, and an exit code.

use std::fmt;
use std::process::ExitCode;

use tradepost_domain::kernel::with_causes;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// The command was understood and could not be done: exit code 1.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1 }
    }

    /// The command cannot be meant like that: exit code 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// The code of the process.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

macro_rules! failure_from {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(with_causes(&error))
            }
        })*
    };
}

failure_from!(
    crate::config::ConfigError,
    std::io::Error,
    serde_json::Error,
    tradepost_app::WriteError,
    tradepost_store::StoreError,
    tradepost_store::local::LocalServerError,
);
