//! What can go wrong between us and the database, as the layers above need to tell it apart.

use tokio_postgres::error::{Severity, SqlState};

/// A failure of the store. None of its texts is for shoppers: the edge logs it and answers without it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection within the pool's time: too many requests, or no server.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// The server refused or broke a statement.
    #[error("{statement}: {source}")]
    Database {
        /// Name of the statement.
        statement: &'static str,
        /// What the driver says.
        source: tokio_postgres::Error,
    },
    /// A stored value that the code cannot have written.
    #[error("inconsistent row in {table}: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// Column, and what is wrong with it.
        what: String,
    },
}

impl StoreError {
    /// A stored value that cannot be.
    pub fn inconsistent(table: &'static str, what: impl std::fmt::Display) -> Self {
        Self::Inconsistent { table, what: what.to_string() }
    }

    fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Database { source, .. } => source.code(),
            _ => None,
        }
    }

    /// The unique, foreign-key or check constraint that a write ran into, by name.
    pub fn violated_constraint(&self) -> Option<&str> {
        match self {
            Self::Database { source, .. } => {
                let error = source.as_db_error()?;
                let kinds =
                    [SqlState::UNIQUE_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION, SqlState::CHECK_VIOLATION];
                if kinds.contains(error.code()) { error.constraint() } else { None }
            }
            _ => None,
        }
    }

    /// Whether the same transaction may succeed when run again (serialization failure, deadlock).
    pub fn is_retryable(&self) -> bool {
        let codes = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        self.code().is_some_and(|code| codes.contains(code))
    }

    /// Whether a lock did not come in time: somebody else works on the same thing.
    pub fn is_lock_timeout(&self) -> bool {
        self.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// Whether it is certain that the transaction was rolled back, even when it was asked to commit: the server refused a
    /// statement and went on. A connection that ends leaves open whether a commit was heard, and so does whatever is of our
    /// own making. Classes 08 and 40003 say themselves that they do not know
    /// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
    pub fn is_rolled_back(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        let Some(error) = source.as_db_error() else { return false };
        let code = error.code().code();
        error.parsed_severity() == Some(Severity::Error)
            && !["08", "40003", "57P"].iter().any(|class| code.starts_with(class))
    }

    /// Whether the database is away or overloaded, so that the caller should come back later.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Database { source, .. } => {
                let Some(code) = source.code() else {
                    let cause = std::error::Error::source(source);
                    return source.is_closed()
                        || cause.is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
                };
                // Classes 08 (connection), 53 (insufficient resources), 57 (operator intervention) of
                // <https://www.postgresql.org/docs/current/errcodes-appendix.html>, and what a fail-over answers.
                let passing = [
                    SqlState::LOCK_NOT_AVAILABLE,
                    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                    SqlState::READ_ONLY_SQL_TRANSACTION,
                ];
                passing.contains(code)
                    || ["08", "53", "57"].iter().any(|class| code.code().starts_with(class))
            }
            Self::Inconsistent { .. } => false,
        }
    }

    /// Whether the database found its disk full. It passes when somebody makes room.
    pub fn is_disk_full(&self) -> bool {
        self.code() == Some(&SqlState::DISK_FULL)
    }

    /// Whether the rows that were written are to blame and no repetition will help: a constraint, a value out of range
    /// or larger than an index takes, or a stored value that cannot be read.
    pub fn is_about_data(&self) -> bool {
        match self {
            Self::Inconsistent { .. } => true,
            // Classes 22 (data exception), 23 (integrity constraint), 54 (program limit) and XX (internal error) of
            // <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
            _ => self.code().is_some_and(|code| {
                ["22", "23", "54", "XX"].iter().any(|class| code.code().starts_with(class))
            }),
        }
    }

    /// What is wrong with the rows, for people who do not know our tables; `None` when it is not about the rows.
    pub fn data_fault(&self) -> Option<&'static str> {
        if !self.is_about_data() {
            return None;
        }
        Some(match self.code().map(SqlState::code) {
            Some("22003") => "a number is larger than can be stored",
            Some("22001" | "54000") => "a text is longer than can be stored",
            Some("22021" | "22P05" | "22023" | "22P02" | "22P03") => "a text holds what cannot be stored",
            Some("22008") => "a time lies outside of what can be stored",
            Some("23505") => "something that may be there once is there twice",
            Some(code) if code.starts_with("23") => "a value breaks a rule of the shop",
            _ => "the product cannot be stored as it is",
        })
    }

    /// Whether a prepared statement no longer fits the schema and has to be prepared anew.
    pub(crate) fn is_stale_plan(&self) -> bool {
        let codes = [SqlState::FEATURE_NOT_SUPPORTED, SqlState::INVALID_SQL_STATEMENT_NAME];
        self.code().is_some_and(|code| codes.contains(code))
    }
}
