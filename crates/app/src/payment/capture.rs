//! Takes money that was set aside: what is taken is written down before the provider is asked, so that its answer, or a
//! webhook that is faster, can be compared with it.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, OrderId, PaymentAttemptId, PaymentId};
use tradepost_domain::payment::{AttemptStatus, MoveMoneyError};
use tradepost_port::payment::{CaptureIntent, Outcome};
use tradepost_store::payment::{PaymentRecord, read};
use utoipa::ToSchema;

use super::begin::note;
use super::refund::RefundAmount;
use super::staff::admin_view;
use super::{WITHIN, gateway, inconsistent, intent_ref, live_attempt, missing};
use crate::answer::{Answer, Outcome as Came};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::work::StaffContext;

/// Money to take.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentCapture {
    /// How much; all that is set aside when absent. What is not taken is set free.
    #[serde(default)]
    pub amount: Option<RefundAmount>,
}

/// Takes money that is set aside for an order, of a payment that has the version that was read.
pub async fn capture_payment(
    context: &StaffContext,
    id: PaymentId,
    version: Option<Versions>,
    capture: &PaymentCapture,
) -> Result<Answer, WriteError> {
    let db = context.shop.store.admin();
    let order_id = read::order_of_payment(&*db.conn().await?, id).await?.ok_or_else(missing)?;
    let begun = context.claim.as_ref().and_then(|claim| claim.resource_id);
    let attempt = match begun.map(PaymentAttemptId::from_uuid) {
        // The request before this one wrote down what to take and died before it could answer: this one goes on.
        Some(attempt) => attempt,
        None => prepare(context, order_id, version, capture).await?,
    };
    ask_provider(context, order_id, attempt).await
}

/// Writes down what is to be taken.
async fn prepare(
    context: &StaffContext,
    id: OrderId,
    version: Option<Versions>,
    capture: &PaymentCapture,
) -> Result<PaymentAttemptId, WriteError> {
    let db = context.shop.store.admin();
    let mut order = OrderInHand::open(context, db, id, "prepare_capture").await?.ok_or_else(missing)?;
    let read = order.payment.as_ref().ok_or_else(missing)?.version;
    check_version(version, read)?;
    if order.order.canceled_at.is_some() {
        return Err(WriteError::conflict("order_canceled", "the order was given up", None)
            .with_fact("current", order.order.status.as_str()));
    }
    let now = order.now();
    let record = order.payment.as_mut().ok_or_else(missing)?;
    let (attempt, amount) = capturable(record, capture)?;
    if let Some(state) = record.state.attempts.get_mut(&attempt) {
        state.capture_amount = amount;
    }
    if let Some(details) = record.details.get_mut(&attempt) {
        details.unknown_since = Some(now);
    }
    order.touch_payment();
    order.note("capture_requested", json!({"amount": amount}));
    order.work.audit("payment.capture", ("order", id.as_uuid()), None, Some(json!({"amount": amount})));
    order.save().await?;
    order.work.finish_for_now(attempt.as_uuid()).await?;
    Ok(attempt)
}

/// The attempt whose money is set aside, and how much of it is to be taken.
fn capturable(
    record: &PaymentRecord,
    capture: &PaymentCapture,
) -> Result<(PaymentAttemptId, Money), WriteError> {
    let attempt = live_attempt(record).ok_or_else(|| inconsistent("a payment without attempts"))?;
    let unknown = record.details.get(&attempt.id).is_some_and(|details| details.unknown_since.is_some());
    if attempt.status != AttemptStatus::Authorized || unknown {
        let detail = "nothing is set aside that could be taken, or it is being taken";
        return Err(WriteError::conflict("nothing_to_capture", detail, None)
            .with_fact("current", attempt.status.as_str()));
    }
    let all = attempt.capturable();
    let Some(asked) = capture.amount else { return Ok((attempt.id, all)) };
    if asked.currency != all.currency() {
        let message = "expected the order's currency";
        return Err(WriteError::invalid("$.amount.currency", "currency_mismatch", message));
    }
    let too_large = |message: String| WriteError::invalid("$.amount.amount", "amount_too_large", message);
    let amount = Money::new(asked.amount, asked.currency).map_err(|error| too_large(error.to_string()))?;
    match attempt.check_capture(amount) {
        Ok(()) => Ok((attempt.id, amount)),
        Err(MoveMoneyError::NotPositive) => {
            Err(WriteError::invalid("$.amount.amount", "out_of_range", "an amount above zero"))
        }
        Err(MoveMoneyError::TooMuch { available }) => {
            let detail = format!("at most {available} is set aside");
            let fact = json!({"amount": available.amount(), "currency": available.currency().code()});
            Err(WriteError::conflict("capture_too_large", detail, Some("$.amount"))
                .with_fact("capturable", fact))
        }
        Err(MoveMoneyError::Amount(error)) => Err(inconsistent(error)),
    }
}

/// Asks the provider for what is written down, and writes down what it says.
async fn ask_provider(
    context: &StaffContext,
    id: OrderId,
    attempt: PaymentAttemptId,
) -> Result<Answer, WriteError> {
    let db = context.shop.store.admin();
    let record = read::of_order(&*db.conn().await?, id).await?.ok_or_else(missing)?;
    let amount = record.state.attempts.get(&attempt).map(|state| state.capture_amount);
    let (Some(intent), Some(amount)) = (intent_ref(&record, attempt), amount) else {
        return Err(inconsistent("money set aside by an attempt without a name"));
    };
    let gateway = gateway(&context.shop, record.state.provider)?;
    let outcome = gateway.call().capture(&CaptureIntent { intent, amount }, WITHIN).await;
    let opened = OrderInHand::open(context, db, id, "note_capture").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order with a payment is gone"))?;
    note(&mut order, attempt, &outcome).await?;
    order.save().await?;
    let refused = match outcome {
        Outcome::Declined(decline) => Some(decline.code),
        Outcome::Refused(refusal) => Some(refusal.code),
        _ => None,
    };
    let record = order.payment.as_ref().ok_or_else(missing)?;
    let taken =
        record.state.attempts.get(&attempt).is_some_and(|state| state.status == AttemptStatus::Captured);
    if let Some(code) = refused.filter(|_| !taken) {
        order.work.commit().await?;
        let detail = "the payment provider did not give the money";
        return Err(WriteError::conflict("capture_failed", detail, None).with_fact("error_code", code));
    }
    let came = if taken { Came::Done } else { Came::Accepted };
    let answer = Answer::new(came, &admin_view(record)?, Some(record.version))?;
    order.work.finish(answer).await
}
