//! Payments: begun when an order is placed, confirmed by the shopper, moved on by what the provider says, however we hear
//! of it. Every way leads through [`facts::take_facts`], so that an answer, a webhook, a poll and a reconciliation that tell
//! the same do the same, once.

pub mod begin;
pub mod capture;
pub mod confirm;
pub mod facts;
pub mod get;
pub mod inbox;
pub mod method;
pub mod missed;
pub mod reconcile;
pub mod refund;
mod refund_lines;
mod restock;
pub mod staff;
pub mod view;
pub mod webhook;

pub use capture::{PaymentCapture, capture_payment};
pub use confirm::{PaymentConfirm, confirm_payment};
pub use get::{PaymentStatusView, get_payment, get_payment_status};
pub use inbox::{InboxWorker, retry_parked_events};
pub use reconcile::Reconciler;
pub use refund::{RefundCreate, RefundView, create_refund, list_refunds};
pub use staff::{
    AttemptView, DisputeView, PaymentAdminView, PaymentFilter, STATUS_WORDS, find_payment, list_payments,
};
pub use view::PaymentView;
pub use webhook::{ReceiveWebhookError, receive_webhook};

use std::time::Duration;

use serde_json::json;
use tradepost_domain::kernel::ids::PaymentAttemptId;
use tradepost_domain::payment::{Attempt, PaymentProvider};
use tradepost_port::payment::{CaptureMethod, ClientAction, Intent, IntentRef, PaymentGateway};
use tradepost_store::StoreError;
use tradepost_store::payment::PaymentRecord;

use crate::error::WriteError;
use crate::outside::Outside;
use crate::shop::Shop;

/// How long a provider is waited for within a request (reliability: eight seconds in all).
const WITHIN: Duration = Duration::from_secs(8);
/// So long after it was asked, a provider that has not answered is at work on it.
const UNDER_WAY: Duration = Duration::from_millis(15);

fn missing() -> WriteError {
    WriteError::NotFound { kind: "payment" }
}

/// Who collects this payment.
fn gateway(shop: &Shop, provider: PaymentProvider) -> Result<Outside<dyn PaymentGateway>, WriteError> {
    let found = shop.checkout.gateways.get(&provider).cloned();
    found.ok_or_else(|| {
        let detail = format!("the shop no longer takes payments through {provider}");
        WriteError::conflict("provider_unavailable", detail, None)
    })
}

/// The attempt that can still take money, or else the last one.
fn live_attempt(record: &PaymentRecord) -> Option<&Attempt> {
    let attempts = &record.state.attempts;
    attempts
        .values()
        .rev()
        .find(|attempt| !attempt.status.is_dead())
        .or_else(|| attempts.values().next_back())
}

fn capture_method(record: &PaymentRecord) -> CaptureMethod {
    CaptureMethod::parse(&record.capture).unwrap_or(CaptureMethod::Automatic)
}

/// The provider's object of an attempt; `None` while its name is not known.
fn intent_ref(record: &PaymentRecord, id: PaymentAttemptId) -> Option<IntentRef> {
    let attempt = record.state.attempts.get(&id)?;
    let intent_id = record.details.get(&id)?.provider_ref.clone()?;
    Some(IntentRef { attempt_id: id, intent_id, amount: attempt.amount, capture: capture_method(record) })
}

/// Notes what the provider told of an attempt besides facts.
fn note_intent(record: &mut PaymentRecord, id: PaymentAttemptId, intent: &Intent) {
    use secrecy::ExposeSecret as _;
    let Some(details) = record.details.get_mut(&id) else { return };
    details.provider_ref = Some(intent.id.clone());
    details.unknown_since = None;
    if let Some(secret) = &intent.client_secret {
        details.client_secret = Some(secret.expose_secret().to_owned());
    }
    details.next_action = intent.action.as_ref().map(action_view);
}

fn action_view(action: &ClientAction) -> serde_json::Value {
    json!({"type": action.kind, "redirect_url": action.redirect_url})
}

/// A failure that only a fault of ours can bring about.
fn inconsistent(what: impl std::fmt::Display) -> WriteError {
    WriteError::Store(StoreError::inconsistent("payment", what))
}
