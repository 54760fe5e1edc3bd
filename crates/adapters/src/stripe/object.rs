//! Objects of Stripe's API, as much of them as this adapter reads. What has another shape is no answer.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;

/// Text that Stripe keeps for us beside an object.
pub(super) type Metadata = BTreeMap<String, String>;

/// An error: <https://docs.stripe.com/api/errors>.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ApiError,
}

#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) payment_intent: Option<Box<PaymentIntent>>,
}

impl ApiError {
    /// The finest word for what went wrong.
    pub(super) fn code_or_kind(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.kind)
    }

    /// The bank's word for a decline, or Stripe's.
    pub(super) fn decline_word(&self) -> &str {
        self.decline_code.as_deref().unwrap_or_else(|| self.code_or_kind())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code_or_kind(), self.message.as_deref().unwrap_or("no message"))
    }
}

/// An object that is given by its id, or whole when that was asked for.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    Id(String),
    Whole(T),
}

/// <https://docs.stripe.com/api/payment_intents/object>
#[derive(Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) amount_capturable: i64,
    #[serde(default)]
    pub(super) amount_received: i64,
    pub(super) currency: String,
    pub(super) status: IntentStatus,
    pub(super) created: i64,
    pub(super) client_secret: Option<SecretString>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) next_action: Option<NextAction>,
    pub(super) last_payment_error: Option<PaymentError>,
    pub(super) payment_method: Option<Expandable<Identified>>,
    pub(super) latest_charge: Option<Expandable<Charge>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
}

#[derive(Debug, Deserialize)]
pub(super) struct NextAction {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Redirect {
    pub(super) url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PaymentError {
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub(super) id: String,
}

/// <https://docs.stripe.com/api/charges/object>
#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) amount: i64,
    pub(super) amount_captured: i64,
    pub(super) currency: String,
    pub(super) captured: bool,
    pub(super) status: String,
    pub(super) created: i64,
    #[serde(default)]
    pub(super) disputed: bool,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) payment_intent: Option<Expandable<Identified>>,
}

/// <https://docs.stripe.com/api/refunds/object>
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) created: i64,
    pub(super) status: Option<String>,
    pub(super) failure_reason: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    pub(super) payment_intent: Option<Expandable<Identified>>,
}

/// <https://docs.stripe.com/api/disputes/object>
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) created: i64,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) payment_intent: Option<Expandable<Identified>>,
}

/// <https://docs.stripe.com/api/events/object>
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) created: i64,
    pub(super) data: EventData,
}

#[derive(Debug, Deserialize)]
pub(super) struct EventData {
    pub(super) object: serde_json::Value,
}

/// <https://docs.stripe.com/api/balance_transactions/object>, with its source whole.
#[derive(Debug, Deserialize)]
pub(super) struct BalanceTransaction {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) created: i64,
    /// In the currency of the account, which need not be that of the payment: only its sign is used.
    pub(super) amount: i64,
    pub(super) source: Option<Expandable<BalanceSource>>,
}

/// The charge, refund or dispute that moved something.
#[derive(Debug, Deserialize)]
pub(super) struct BalanceSource {
    pub(super) id: String,
    pub(super) amount: Option<i64>,
    pub(super) amount_captured: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) payment_intent: Option<Expandable<Identified>>,
}

/// <https://docs.stripe.com/api/payment_methods/object>
#[derive(Debug, Deserialize)]
pub(super) struct PaymentMethod {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) card: Option<Card>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Card {
    pub(super) brand: Option<String>,
    pub(super) last4: Option<String>,
    pub(super) exp_month: Option<u8>,
    pub(super) exp_year: Option<u16>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

impl Expandable<Identified> {
    /// The id, however the object is given.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Whole(object) => &object.id,
        }
    }
}
