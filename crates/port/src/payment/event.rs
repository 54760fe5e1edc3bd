//! What a payment provider tells unasked, and the books that it keeps.

use jiff::Timestamp;
use tradepost_domain::kernel::Money;
use tradepost_domain::payment::PaymentFact;

/// As much of an event as has to be known to store it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEnvelope {
    /// The provider's id of the event.
    pub id: String,
    /// The provider's word for what it is about.
    pub kind: String,
    /// When the provider made it.
    pub created_at: Timestamp,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventMeaning {
    /// These facts.
    Facts(Vec<PaymentFact>),
    /// That something changed about an attempt, but not what: read it back.
    LookAt {
        /// The provider's id of the attempt's object.
        intent_id: String,
    },
    /// Nothing about payments.
    Nothing,
}

/// An event, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// Its envelope.
    pub envelope: EventEnvelope,
    /// What it tells.
    pub meaning: EventMeaning,
}

/// An event as it stands in the provider's list, not yet read: one that cannot be read must not hide the others.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedEvent {
    /// Its envelope.
    pub envelope: EventEnvelope,
    /// Its body, as a webhook would have brought it.
    pub body: serde_json::Value,
}

/// From when on to list, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The earliest moment of interest, by the provider's clock.
    pub from: Timestamp,
    /// The latest moment of interest; `None` for all that has happened.
    pub until: Option<Timestamp>,
    /// The provider's id of the last entry of the page before.
    pub after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries, newest first.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

/// What moved in the provider's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BalanceKind {
    /// Money came in.
    Capture,
    /// Money went back.
    Refund,
    /// A refund came back.
    RefundFailure,
    /// A bank took money, or gave it back, in a dispute.
    Dispute,
    /// Anything else: payouts, fees, corrections.
    Other,
}

/// One line of the provider's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceEntry {
    /// The provider's id of the line.
    pub id: String,
    /// What moved.
    pub kind: BalanceKind,
    /// The provider's id of the charge, refund or dispute that moved it.
    pub source_id: Option<String>,
    /// The provider's id of the attempt's object.
    pub intent_id: Option<String>,
    /// How much moved in the currency of the payment, above zero when it came in; absent where there is no payment.
    pub amount: Option<Money>,
    /// When.
    pub created_at: Timestamp,
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature, or one that cannot be read.
    #[error("the signature is missing or cannot be read")]
    MalformedSignature,
    /// The time of the signature is too far from ours.
    #[error("the signature is too old, or our clock or the sender's is wrong")]
    OutsideTolerance,
    /// Nobody who knows our secret signed this body.
    #[error("the signature does not fit the body")]
    WrongSignature,
    /// Signed, and still no event.
    #[error("the body is no event")]
    MalformedBody,
    /// This provider sends none.
    #[error("this provider sends no webhooks")]
    Unsupported,
}
