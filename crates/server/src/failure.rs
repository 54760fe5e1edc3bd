//! How a command fails: one clear line on standard error, with what to do, and an exit code.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;
use std::process::ExitCode;

use tradepost_app::WriteError;
use tradepost_app::import::ImportError;
use tradepost_domain::kernel::with_causes;
use tradepost_store::{StoreError, database_place};

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
    /// Whether no connection to the database was to be had.
    lacks_database: bool,
}

impl Failure {
    /// The command was understood and could not be done: exit code 1.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 1, lacks_database: false }
    }

    /// The command failed for this reason. What a full disk says of itself does not help: what helps is said first.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let told = with_causes(error);
        match full_disk(error) {
            Some(holds) => Self::new(format!(
                "the disk that holds {holds} is full: free space, then run the same command again; it continues ({told})"
            )),
            None => Self { lacks_database: lacks_database(error), ..Self::new(told) },
        }
    }

    /// The same; where the database could not be reached it is said which, and what to do.
    #[must_use]
    pub fn at_database(self, url: Option<&str>) -> Self {
        let (true, Some(url)) = (self.lacks_database, url) else { return self };
        let place = database_place(url).unwrap_or_else(|| "the address given".to_owned());
        let cause = self.message.rsplit(": ").next().unwrap_or_default();
        Self::new(format!(
            "no connection to the database at {place} ({cause}): start that PostgreSQL, or correct `database_url` \
             (TRADEPOST_DATABASE_URL, DATABASE_URL)"
        ))
    }

    /// The command cannot be meant like that: exit code 2.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), code: 2, lacks_database: false }
    }

    /// The code of the process.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

fn lacks_database(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |error| (*error).source()).any(|cause| {
        let store = cause.downcast_ref::<StoreError>();
        let write = cause.downcast_ref::<WriteError>();
        matches!(store, Some(StoreError::Unavailable(_)))
            || matches!(write, Some(WriteError::Store(StoreError::Unavailable(_))))
    })
}

/// What lies on the disk that is full, if one is.
fn full_disk(error: &(dyn Error + 'static)) -> Option<&'static str> {
    successors(Some(error), |error| (*error).source()).find_map(|cause| {
        let database = cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_disk_full)
            || cause.downcast_ref::<ImportError>().is_some_and(ImportError::is_disk_full)
            || matches!(cause.downcast_ref::<WriteError>(), Some(WriteError::Store(error)) if error.is_disk_full());
        let file = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let file = matches!(file, Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded));
        if database { Some("the database") } else { file.then_some("the data folder") }
    })
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
                Self::of(&error)
            }
        })*
    };
}

failure_from!(
    crate::config::ConfigError,
    std::io::Error,
    serde_json::Error,
    WriteError,
    StoreError,
    tradepost_store::local::LocalServerError,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_not_there_is_told_by_its_address_and_without_its_password() {
        let cause =
            "pool worker: Error occurred while creating a new object: Connection refused (os error 111)";
        let failure = Failure::from(StoreError::Unavailable(cause.to_owned()));
        let told = failure.at_database(Some("postgres://shop:secret@db.example:6432/shop")).to_string();
        let start = "no connection to the database at db.example:6432/shop (Connection refused (os error 111)): start";
        assert!(told.starts_with(start) && told.contains("`database_url`"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }

    #[test]
    fn a_full_disk_is_told_with_what_to_do() {
        let told = Failure::from(io::Error::from(io::ErrorKind::StorageFull)).to_string();
        let start =
            "the disk that holds the data folder is full: free space, then run the same command again";
        assert!(told.starts_with(start), "{told}");
        let other = Failure::from(io::Error::from(io::ErrorKind::NotFound)).to_string();
        assert!(!other.contains("full"), "{other}");
    }
}
