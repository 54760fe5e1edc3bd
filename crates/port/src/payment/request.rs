//! What is asked of a payment provider.

use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{CustomerId, OrderId, PaymentAttemptId, RefundId};

/// When money that was set aside is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// At once.
    Automatic,
    /// When staff say so, as after shipment.
    Manual,
}

impl CaptureMethod {
    /// The word in the database, on the wire and at the providers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Automatic, Self::Manual].into_iter().find(|method| method.as_str() == word)
    }
}

/// Asks for the provider's object of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIntent {
    /// The attempt, which is also the idempotency key.
    pub attempt_id: PaymentAttemptId,
    /// The order, for people who look at the provider's pages.
    pub order_id: OrderId,
    /// What is to be collected.
    pub amount: Money,
    /// When it is taken.
    pub capture: CaptureMethod,
    /// The provider's id of the customer, if there is one.
    pub provider_customer: Option<String>,
    /// Whether the payment method is to be saved with the customer.
    pub save_payment_method: bool,
}

/// An attempt and the provider's object of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRef {
    /// The attempt.
    pub attempt_id: PaymentAttemptId,
    /// The provider's id of its object.
    pub intent_id: String,
    /// What the attempt is to collect.
    pub amount: Money,
    /// When it is taken.
    pub capture: CaptureMethod,
}

/// Asks to collect now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmIntent {
    /// What to confirm.
    pub intent: IntentRef,
    /// Which confirmation of the attempt this is. It is part of the key: raised after a definite answer (a decline, then
    /// another card), kept after an unknown one.
    pub confirmation: u32,
    /// The provider's id of what to pay with; for the test provider the outcome that is wanted.
    pub payment_method: Option<String>,
    /// Where the shopper comes back to after an action elsewhere.
    pub return_url: Option<String>,
    /// Whether the shopper is away, so that nothing can be asked of them.
    pub off_session: bool,
}

/// Asks to take what was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureIntent {
    /// What to capture.
    pub intent: IntentRef,
    /// How much of it.
    pub amount: Money,
}

/// Asks to give captured money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundIntent {
    /// What to refund.
    pub intent: IntentRef,
    /// Our refund, which is also the idempotency key.
    pub refund_id: RefundId,
    /// How much of it.
    pub amount: Money,
}

/// Asks for a customer at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Our customer, which is also the idempotency key.
    pub customer_id: CustomerId,
    /// Their address for receipts.
    pub email: String,
}

impl std::fmt::Debug for NewCustomer {
    /// Without the address: what is personal stays out of logs.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewCustomer").field("customer_id", &self.customer_id).finish_non_exhaustive()
    }
}
