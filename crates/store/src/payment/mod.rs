//! Payments of orders, with their attempts, refunds and disputes. Everything here happens under the lock of the order.

pub mod ledger;
pub mod method;
pub mod read;
pub mod webhook_inbox;
pub mod write;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{CustomerId, OrderId, PaymentAttemptId, PaymentId, RefundId};
use tradepost_domain::payment::{DisputeStage, Payment, RefundStage};

use crate::sql::Sql;

/// Every statement of payments.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [ledger::STATEMENTS, method::STATEMENTS, read::STATEMENTS, webhook_inbox::STATEMENTS, write::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
}

/// What is owed for an order, and all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentRecord {
    /// Id.
    pub id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// The state that facts are folded into. Refunds stand in it by the provider's id, or by ours until there is one.
    pub state: Payment,
    /// `automatic` or `manual`.
    pub capture: String,
    /// Who was signed in when the order was placed.
    pub customer_id: Option<CustomerId>,
    /// Whether what it is paid with is still to be kept for them. Taken back by [`method::keep`] alone.
    pub save_method: bool,
    /// Grows by one with every change.
    pub version: i64,
    /// What the state does not need to know of its attempts.
    pub details: BTreeMap<PaymentAttemptId, AttemptDetails>,
    /// What was given back, or is to be.
    pub refunds: Vec<RefundRow>,
}

/// What has to be remembered of an attempt besides its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AttemptDetails {
    /// The provider's id of it, once known.
    pub provider_ref: Option<String>,
    /// Since when the outcome of a call is not known.
    pub unknown_since: Option<Timestamp>,
    /// What the shopper's browser needs to go on.
    pub client_secret: Option<String>,
    /// What the shopper has to do.
    pub next_action: Option<Value>,
    /// The provider's word for why it failed.
    pub error_code: Option<String>,
    /// Whether it was declined and is tried again: a status never goes back, so it is kept beside it.
    pub retrying: bool,
    /// The provider's id of whom it is made for, empty for nobody; `None` while that is not settled. Written by
    /// [`method::pin_payer`] alone.
    pub payer_ref: Option<String>,
    /// Confirmations asked for.
    pub confirmations: i32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq)]
pub struct RefundRow {
    /// Id, which is also the provider's idempotency key.
    pub id: RefundId,
    /// The order.
    pub order_id: OrderId,
    /// The attempt whose money it is.
    pub attempt_id: PaymentAttemptId,
    /// The provider's id of it, once known.
    pub provider_ref: Option<String>,
    /// How much.
    pub amount: Money,
    /// How far it has come.
    pub stage: RefundStage,
    /// Why, in the words of staff.
    pub reason: String,
    /// Lines that it is for: `[{"line_id", "quantity", "amount"}]`.
    pub lines: Value,
    /// Whether the goods went back on the shelf with it.
    pub restock: bool,
    /// The provider's word for why it failed.
    pub error_code: Option<String>,
    /// Calls made.
    pub calls: i32,
    /// When the next call is due, while it is pending.
    pub next_call_at: Option<Timestamp>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The word of a stage of a refund in the database and on the wire.
pub fn refund_word(stage: RefundStage) -> &'static str {
    match stage {
        RefundStage::Pending => "pending",
        RefundStage::Succeeded => "succeeded",
        RefundStage::Failed => "failed",
    }
}

/// The word of a stage of a dispute in the database and on the wire.
pub fn dispute_word(stage: DisputeStage) -> &'static str {
    match stage {
        DisputeStage::Inquiry => "inquiry",
        DisputeStage::Opened => "opened",
        DisputeStage::Lost => "lost",
        DisputeStage::Won => "won",
    }
}
