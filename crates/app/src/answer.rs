//! The answer of a write: finished before the commit, so that it can be kept with the idempotency key in the same
//! transaction.

use serde::Serialize;

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Something is there that was not.
    Created,
    /// Something was changed, or done.
    Done,
    /// It will be done.
    Accepted,
    /// Something is gone.
    Deleted,
}

impl Outcome {
    /// Its status code, by which it is stored.
    pub fn status(self) -> u16 {
        match self {
            Self::Created => 201,
            Self::Done => 200,
            Self::Accepted => 202,
            Self::Deleted => 204,
        }
    }
}

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// The view as JSON; empty where there is nothing to show.
    pub body: Vec<u8>,
    /// Version of the resource, of which its `ETag` is made.
    pub version: Option<i64>,
    /// Path of what was created.
    pub location: Option<String>,
    /// The body to keep for a repeat of the request, when it is not to be the same: without a secret.
    pub kept_body: Option<Vec<u8>>,
}

impl Answer {
    /// An answer that shows `view`.
    pub fn new<T: Serialize>(
        outcome: Outcome,
        view: &T,
        version: Option<i64>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { outcome, body: serde_json::to_vec(view)?, version, location: None, kept_body: None })
    }

    /// An answer with nothing to show.
    pub fn deleted() -> Self {
        Self { outcome: Outcome::Deleted, body: Vec::new(), version: None, location: None, kept_body: None }
    }

    /// The same answer, saying where the new thing is.
    #[must_use]
    pub fn at(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// The same answer, of which only `view` is kept and given again to a repeat of the request.
    pub fn kept_as<T: Serialize>(mut self, view: &T) -> Result<Self, serde_json::Error> {
        self.kept_body = Some(serde_json::to_vec(view)?);
        Ok(self)
    }
}
