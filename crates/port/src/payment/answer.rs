//! What a payment provider answers.

use secrecy::SecretString;
use tradepost_domain::payment::{AttemptStatus, PaymentFact, RefundStage};

/// What became of a request that may move money.
#[derive(Debug, Clone)]
pub enum Outcome<T> {
    /// Done, or already done before.
    Ok(T),
    /// The shopper has to do something first, such as 3-D Secure.
    RequiresAction(T, ClientAction),
    /// The bank or the provider said no to this payment.
    Declined(Decline),
    /// The provider will not take the request as it is; nothing happened, and the same again will not help.
    Refused(Refusal),
    /// It was certainly not done: not sent, or sent back unread. May be sent again later with the same key.
    NotDone(String),
    /// Nobody knows: no answer, half of one, or a fault of the provider after it may have acted.
    Unknown(String),
}

impl<T> Outcome<T> {
    /// Makes something else of what was done.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Ok(done) => Outcome::Ok(make(done)),
            Self::RequiresAction(done, action) => Outcome::RequiresAction(make(done), action),
            Self::Declined(decline) => Outcome::Declined(decline),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::NotDone(why) => Outcome::NotDone(why),
            Self::Unknown(why) => Outcome::Unknown(why),
        }
    }
}

/// Why a payment was declined, with what is true since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// The provider's word for why, such as `card_declined` or `insufficient_funds`.
    pub code: String,
    /// What the provider now says of the attempt.
    pub facts: Vec<PaymentFact>,
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The provider's word for why.
    pub code: String,
    /// Its sentence, for the log.
    pub message: String,
    /// What the provider says of the attempt as it stands, such as that it has been paid by another way.
    pub facts: Vec<PaymentFact>,
}

impl Refusal {
    /// A refusal that tells nothing of an attempt.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), facts: Vec::new() }
    }
}

/// What the shopper's browser has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAction {
    /// The provider's word for it, such as `redirect_to_url` or `use_stripe_sdk`.
    pub kind: String,
    /// Where to send the shopper, when that is what has to be done.
    pub redirect_url: Option<String>,
}

/// The provider's object of an attempt.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The provider's id of it.
    pub id: String,
    /// How far it has come.
    pub status: AttemptStatus,
    /// What the shopper's browser needs to go on; goes to nobody else.
    pub client_secret: Option<SecretString>,
    /// What has to be done by the shopper.
    pub action: Option<ClientAction>,
    /// The provider's id of what was paid with.
    pub payment_method: Option<String>,
    /// Everything that the provider says of the attempt, its refunds included.
    pub facts: Vec<PaymentFact>,
}

/// The provider's object of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's id of it.
    pub id: String,
    /// How far it has come.
    pub stage: RefundStage,
    /// What the provider says of it.
    pub facts: Vec<PaymentFact>,
}

/// A payment method that a customer saved. Never more of a card than may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPaymentMethod {
    /// The provider's id of it.
    pub id: String,
    /// What it is, such as `card`.
    pub kind: String,
    /// The brand of a card.
    pub brand: Option<String>,
    /// The last four digits of a card.
    pub last4: Option<String>,
    /// Month and year in which a card expires.
    pub expires: Option<(u8, u16)>,
}

/// Why something could not be read. Reading moves nothing, so it may always be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The provider has no such thing.
    #[error("the provider has no such object")]
    NotFound,
    /// The provider is away, slow or overloaded.
    #[error("the provider does not answer: {0}")]
    Unavailable(String),
    /// The provider does not take the request.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The answer is not what it should be.
    #[error("the provider's answer cannot be read: {0}")]
    Malformed(String),
}
