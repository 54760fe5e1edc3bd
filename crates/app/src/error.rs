//! Why a staff's change was not made, in the words that every such use case shares.

use std::borrow::Cow;

use tradepost_domain::catalog::Issue;
use tradepost_port::{BlobError, ImageError};
use tradepost_store::StoreError;

use crate::password::PasswordError;
use crate::pricing::rates::RateAsk;
use crate::throttle::Throttled;

/// A change that was not made. Nothing of it is stored.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The thing to change does not exist.
    #[error("{kind} not found")]
    NotFound {
        /// Kind of thing in snake case: `product`.
        kind: &'static str,
    },
    /// The thing was changed by somebody else meanwhile.
    #[error("the version is {current}, not the one given")]
    VersionMismatch {
        /// Version that it has now.
        current: i64,
    },
    /// Understood, but against the rules; all findings at once.
    #[error("{} fields are not valid", .0.len())]
    Invalid(Vec<Issue>),
    /// Against the present state: a handle or SKU that is taken, a category with products.
    #[error("{code}: {detail}")]
    Conflict {
        /// Stable word in snake case.
        code: &'static str,
        /// What stands in the way and what to do.
        detail: Cow<'static, str>,
        /// JSONPath of the field, if one is the cause.
        param: Option<String>,
        /// Facts that help to go on: who holds the handle, how much there is.
        facts: Vec<(&'static str, serde_json::Value)>,
    },
    /// A picture that cannot be taken.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The caller may do this, but not so much.
    #[error("{code}: {detail}")]
    Forbidden {
        /// Stable word in snake case.
        code: &'static str,
        /// What is lacking.
        detail: Cow<'static, str>,
    },
    /// Nothing was sent that would open the thing.
    #[error("{code}: {detail}")]
    Unauthenticated {
        /// Stable word in snake case.
        code: &'static str,
        /// What to send.
        detail: Cow<'static, str>,
    },
    /// Tried too often.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The idempotency key's lease ran out and another request took it over while this one worked.
    #[error("another request with the same idempotency key took over")]
    ClaimLost,
    /// Somebody else has, or had, the idempotency key that was to be claimed with the work: what became of the request has
    /// to be looked up. Nothing was changed.
    #[error("the idempotency key is taken")]
    KeyTaken,
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// A tax service or a carrier has to be asked first; nothing was changed.
    #[error("rates of others are wanted, and none came in time")]
    RatesWanted(Box<RateAsk>),
    /// A file could not be kept.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A view could not be written as JSON, which is a fault of ours.
    #[error("the answer cannot be written: {0}")]
    Render(#[from] serde_json::Error),
}

impl WriteError {
    /// One finding.
    pub fn invalid(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid(vec![Issue::new(path, code, message)])
    }

    /// A conflict with the present state.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>, param: Option<&str>) -> Self {
        Self::Conflict { code, detail: detail.into(), param: param.map(str::to_owned), facts: Vec::new() }
    }

    /// The same conflict with a fact; any other error stays as it is.
    #[must_use]
    pub fn with_fact(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        if let Self::Conflict { facts, .. } = &mut self {
            facts.push((name, value.into()));
        }
        self
    }

    /// Whether the same change may succeed when it is tried again at once, from its beginning.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Turns the violation of a named constraint into a conflict, and leaves every other failure as it is.
    ///
    /// `known` holds constraint, code, detail and field.
    pub fn from_constraint(error: StoreError, known: &[(&str, &'static str, &'static str, &str)]) -> Self {
        let violated = error.violated_constraint();
        match known.iter().find(|(constraint, ..)| Some(*constraint) == violated) {
            Some((_, code, detail, param)) => Self::conflict(code, *detail, Some(param)),
            None => Self::Store(error),
        }
    }
}
