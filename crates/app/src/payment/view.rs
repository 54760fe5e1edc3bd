//! What shoppers and staff see of a payment.

use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId, PaymentId};
use tradepost_domain::payment::{Attempt, AttemptStatus};
use tradepost_store::payment::PaymentRecord;
use utoipa::ToSchema;

use crate::catalog::views::MoneyView;

/// A payment of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentView {
    /// Id.
    #[schema(value_type = String, example = "pay_01000000000000000000000001")]
    pub id: PaymentId,
    /// The order.
    #[schema(value_type = String)]
    pub order_id: OrderId,
    /// `pending`, `requires_action`, `processing`, `authorized`, `succeeded`, `failed` or `canceled`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Who collects it: `test`, `stripe`.
    #[schema(value_type = String)]
    pub provider: &'static str,
    /// What is to be paid.
    pub amount: MoneyView,
    /// What the shopper has to do, in the provider's words.
    #[schema(required = true, value_type = Option<Object>)]
    pub next_action: Option<Value>,
    /// The provider's word for why the last try failed.
    #[schema(required = true)]
    pub error_code: Option<String>,
    /// Whether the outcome of the last try is not known yet.
    pub unknown: bool,
    /// Grows by one with every change.
    pub version: i64,
}

/// Whether the last try failed and another is under way.
pub fn is_tried_again(record: &PaymentRecord) -> bool {
    let failed = |(id, attempt): (&PaymentAttemptId, &Attempt)| {
        let details = record.details.get(id).filter(|_| attempt.status == AttemptStatus::Failed);
        details.is_some_and(|details| details.retrying || details.unknown_since.is_some())
    };
    record.state.attempts.iter().any(failed)
}

/// The word of a try after one that failed.
fn retry_word(record: &PaymentRecord) -> &'static str {
    let last = record.details.values().next_back();
    match last {
        Some(details) if details.next_action.is_some() => "requires_action",
        Some(details) if details.retrying => "processing",
        _ => "pending",
    }
}

/// How far a payment has come, in one word.
pub fn status_word(record: &PaymentRecord) -> &'static str {
    let attempts = &record.state.attempts;
    let settling = record.state.settled_by.and_then(|id| attempts.get(&id));
    let shown = settling.or_else(|| attempts.values().rev().find(|attempt| !attempt.status.is_dead()));
    match shown.or_else(|| attempts.values().next_back()).map(|attempt| attempt.status) {
        None | Some(AttemptStatus::Created) => "pending",
        Some(AttemptStatus::RequiresAction) => "requires_action",
        Some(AttemptStatus::Processing) => "processing",
        Some(AttemptStatus::Failed) if is_tried_again(record) => retry_word(record),
        Some(AttemptStatus::Failed) => "failed",
        Some(AttemptStatus::Authorized) => "authorized",
        Some(AttemptStatus::Canceled) => "canceled",
        Some(AttemptStatus::Captured) => "succeeded",
    }
}

impl From<&PaymentRecord> for PaymentView {
    fn from(record: &PaymentRecord) -> Self {
        let last = record.details.values().next_back();
        Self {
            id: record.id,
            order_id: record.order_id,
            status: status_word(record),
            provider: record.state.provider.as_str(),
            amount: record.state.owed.into(),
            next_action: last.and_then(|details| details.next_action.clone()),
            error_code: last.and_then(|details| details.error_code.clone()),
            unknown: last.is_some_and(|details| details.unknown_since.is_some()),
            version: record.version,
        }
    }
}

/// The secret that the provider's script in the shopper's browser goes on with.
pub fn client_secret(record: &PaymentRecord) -> Option<String> {
    record.details.values().next_back().and_then(|details| details.client_secret.clone())
}
