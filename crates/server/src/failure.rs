//! How a command fails: one clear line on standard error, with what to do, and an exit code.

use std::fmt;
use std::process::ExitCode;

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

/// An error with all its causes in one line; a cause that the text before it already says is left out.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

macro_rules! failure_from {
    ($($error:ty),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(chain(&error))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layer {
        said: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn a_chain_says_every_cause_once() {
        let inner = Layer { said: "disk full", source: None };
        let middle = Layer { said: "cannot write: disk full", source: Some(Box::new(inner)) };
        let outer = Layer { said: "the import stopped", source: Some(Box::new(middle)) };
        assert_eq!(chain(&outer), "the import stopped: cannot write: disk full");
    }
}
