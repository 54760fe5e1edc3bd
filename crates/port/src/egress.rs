//! Requests to addresses that people have given: the one way out of the shop for them.

use bytes::Bytes;

use crate::BoxFuture;

/// A request to an address that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressRequest {
    /// Where it goes.
    pub url: String,
    /// Its headers besides those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Bytes,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressResponse {
    /// Status.
    pub status: u16,
    /// Body, cut off at the adapter's limit.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The address is none that the shop may call. Nothing was sent.
    #[error("{0}")]
    Refused(String),
    /// Nobody answers there.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The time was up.
    #[error("no answer in time")]
    TimedOut,
}

/// Calls addresses that people have given, and none of those that are ours: the machine itself, its network, and what
/// clouds keep at their own addresses. Redirects are not followed.
pub trait Egress: Send + Sync + 'static {
    /// Whether an address may be called, as far as it can be known now: a name is looked up, and looked up again at every
    /// call. A name that nobody knows yet may be called.
    fn check(&self, url: String) -> BoxFuture<'_, Result<(), EgressError>>;

    /// Posts, and answers whatever status comes back.
    fn post(&self, request: EgressRequest) -> BoxFuture<'_, Result<EgressResponse, EgressError>>;
}
