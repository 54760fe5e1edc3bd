//! Takes facts in: each is folded into the state, and what it asks for is done in the same transaction.
//!
//! What has to be done outside (a refund, a voided authorization) is written down here and done by the worker, so that it
//! is neither forgotten when the process dies nor done while a transaction is open.

use serde_json::json;
use tradepost_domain::inventory::Want;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{
    EntityId, OrderEventId, OrderId, OrderLineId, PaymentAttemptId, RefundId,
};
use tradepost_domain::order::FulfillmentStatus;
use tradepost_domain::payment::{
    Attempt, AttemptStatus, Claim, Effect, FactKind, PaymentFact, RefundStage, Sum,
};
use tradepost_store::inventory::{self, Hold, ReserveOrder};
use tradepost_store::payment::{PaymentRecord, RefundRow};

use super::inconsistent;
use super::method::Task;
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail};
use crate::order::bookings::{self, Movement};
use crate::order::in_hand::OrderInHand;

/// Why an unpaid order was given up.
pub const EXPIRED: &str = "expired";

/// Takes facts about one attempt in, in the order in which they were told. A fact that is known changes nothing.
pub async fn take_facts(
    order: &mut OrderInHand<'_>,
    attempt: PaymentAttemptId,
    facts: &[PaymentFact],
) -> Result<(), WriteError> {
    for fact in facts {
        take_fact(order, attempt, fact).await?;
    }
    Ok(())
}

async fn take_fact(
    order: &mut OrderInHand<'_>,
    attempt: PaymentAttemptId,
    fact: &PaymentFact,
) -> Result<(), WriteError> {
    order.touch_payment();
    let canceled = order.order.canceled_at.is_some();
    let claim = if canceled { Claim::Released } else { Claim::Held };
    let now = order.now();
    let new_refund: RefundId = order.work.next_id();
    let order_id = order.order.id;
    let record =
        order.payment.as_mut().ok_or_else(|| inconsistent("a fact for an order without a payment"))?;
    adopt_refund(record, attempt, fact, (new_refund, order_id), now);
    let before = record.state.attempts.get(&attempt).cloned();
    let (state, effects) = record.state.apply(attempt, claim, fact).map_err(inconsistent)?;
    record.state = state;
    sync_refunds(record, attempt, now);
    note_try(record, attempt, fact);
    let before = before.ok_or_else(|| inconsistent("a fact of an attempt that is not there"))?;
    book_capture(order, &before);
    for effect in effects {
        Box::pin(carry_out(order, effect, (fact, &before))).await?;
    }
    Ok(())
}

/// Notes what a fact says of the last try: a status never goes back, and does not tell a second try from the first.
fn note_try(record: &mut PaymentRecord, attempt: PaymentAttemptId, fact: &PaymentFact) {
    let status = record.state.attempts.get(&attempt).map(|attempt| attempt.status);
    let Some(details) = record.details.get_mut(&attempt) else { return };
    match fact.kind {
        FactKind::Failed => {
            details.error_code.clone_from(&fact.reason);
            details.next_action = None;
            details.retrying = false;
        }
        FactKind::RequiresAction | FactKind::Processing => {
            details.retrying = status == Some(AttemptStatus::Failed);
        }
        FactKind::Captured | FactKind::Authorized | FactKind::Canceled => {
            details.error_code = None;
            details.next_action = None;
            details.retrying = false;
        }
        _ => {}
    }
}

/// Books what an attempt has taken since `before`. By the state and not by the fact: a provider may tell one capture
/// under the names of two objects (case C32).
fn book_capture(order: &mut OrderInHand<'_>, before: &Attempt) {
    let state = order.payment.as_ref().and_then(|record| record.state.attempts.get(&before.id));
    let taken = state.map_or(0, Attempt::captured_amount);
    let Ok(more) = Money::new(taken.saturating_sub(before.captured_amount()), before.amount.currency())
    else {
        return;
    };
    if more.amount() > 0 {
        let source = format!("{}:{taken}", before.id);
        let movement =
            Movement { order_id: order.order.id, source: ("payment_attempt", &source), amount: more };
        order.bookings.push(bookings::captured(&movement));
    }
}

/// Books money that moved at the provider, under the provider's name of it.
fn book(
    order: &mut OrderInHand<'_>,
    fact: &PaymentFact,
    booking: fn(&Movement<'_>) -> tradepost_store::payment::ledger::Booking,
) {
    let movement = Movement {
        order_id: order.order.id,
        source: (fact.provider.as_str(), &fact.object_id),
        amount: fact.amount,
    };
    order.bookings.push(booking(&movement));
}

/// Gives a refund that the provider tells of its row: ours, which now learns its name, or a new one that staff made at the
/// provider.
fn adopt_refund(
    record: &mut PaymentRecord,
    attempt: PaymentAttemptId,
    fact: &PaymentFact,
    (new_id, order_id): (RefundId, OrderId),
    now: jiff::Timestamp,
) {
    let stage = match fact.kind {
        FactKind::RefundPending => RefundStage::Pending,
        FactKind::RefundSucceeded => RefundStage::Succeeded,
        FactKind::RefundFailed => RefundStage::Failed,
        _ => return,
    };
    if record.refunds.iter().any(|refund| refund.provider_ref.as_deref() == Some(&fact.object_id)) {
        return;
    }
    let ours = fact.refund_id.and_then(|id| record.refunds.iter_mut().find(|refund| refund.id == id));
    if let Some(refund) = ours.filter(|refund| refund.provider_ref.is_none()) {
        refund.provider_ref = Some(fact.object_id.clone());
        let placeholder = refund.id.to_string();
        if let Some(attempt) = record.state.attempts.get_mut(&attempt)
            && let Some(sum) = attempt.refunds.remove(&placeholder)
        {
            attempt.refunds.insert(fact.object_id.clone(), sum);
        }
        return;
    }
    record.refunds.push(RefundRow {
        id: new_id,
        order_id,
        attempt_id: attempt,
        provider_ref: Some(fact.object_id.clone()),
        amount: fact.amount,
        stage,
        reason: fact.reason.clone().unwrap_or_default(),
        lines: json!([]),
        restock: false,
        error_code: None,
        calls: 0,
        next_call_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    });
}

/// Gives the rows of refunds the stages that the state has them in.
fn sync_refunds(record: &mut PaymentRecord, attempt: PaymentAttemptId, now: jiff::Timestamp) {
    let Some(state) = record.state.attempts.get(&attempt) else { return };
    for refund in record.refunds.iter_mut().filter(|refund| refund.attempt_id == attempt) {
        let key = refund.provider_ref.clone().unwrap_or_else(|| refund.id.to_string());
        if let Some(sum) = state.refunds.get(&key)
            && sum.stage != refund.stage
        {
            refund.stage = sum.stage;
            refund.version = refund.version.saturating_add(1);
            refund.updated_at = now;
            refund.next_call_at = None;
        }
    }
}

async fn carry_out(
    order: &mut OrderInHand<'_>,
    effect: Effect,
    (fact, before): (&PaymentFact, &Attempt),
) -> Result<(), WriteError> {
    if let Some(alert) = effect.alert() {
        tracing::warn!(order.id = %order.order.id, alert = alert.as_str(), "a payment needs somebody to look at it");
        order.note("alert", json!({"alert": alert.as_str()}));
    }
    match effect {
        Effect::MarkAuthorized { attempt } => {
            order.note("authorized", json!({"amount": fact.amount}));
            own_the_goods(order).await?;
            keep_method(order, attempt)?;
        }
        Effect::MarkPaid { attempt } => {
            order.note("paid", json!({"amount": fact.amount}));
            own_the_goods(order).await?;
            keep_method(order, attempt)?;
        }
        Effect::Hold { .. } => order.note("payment_mismatch", json!({"told": fact.amount})),
        // The shopper may still pay with a new attempt: the hold's own time gives the goods back.
        Effect::ReleaseReservation => {
            order.note("payment_canceled", json!({}));
            // One that was authorized owns its goods, and no hold of it runs out: the sweeper is told.
            let now = order.now();
            if order.order.fulfillment_status == FulfillmentStatus::Unfulfilled {
                order.order.expires_at = order.order.expires_at.or(Some(now));
            }
        }
        Effect::RefundUnclaimed { attempt } => {
            if revive(order).await? {
                order.note("paid", json!({"amount": fact.amount}));
            } else {
                let refund = ask_refund(order, attempt, "the order was given up before the payment came");
                tell_too_late(order, refund);
            }
        }
        Effect::AutoRefund { attempt } => {
            ask_refund(order, attempt, "the order was paid twice");
        }
        Effect::VoidAuthorization { attempt } => {
            order.note("authorization_unneeded", json!({"attempt_id": attempt.to_string()}));
            ask_void(order, attempt);
        }
        Effect::SettleRefund { .. } => {
            book(order, fact, bookings::refunded);
            order.note("refunded", json!({"amount": fact.amount}));
        }
        Effect::RevertRefund { refund, .. } => revert_refund(order, before, &refund, fact),
        Effect::OpenDispute { .. } => {
            book(order, fact, bookings::disputed);
            order.note("dispute_opened", json!({"amount": fact.amount, "reason": fact.reason}));
        }
        Effect::LoseDispute { .. } => {
            // Booked when it was opened, and not twice; what was never told to be opened is booked here.
            book(order, fact, bookings::disputed);
            order.note("dispute_lost", json!({"amount": fact.amount}));
        }
        Effect::WinDispute { .. } => {
            // Nobody may have told that it was opened: what comes back must have gone first.
            book(order, fact, bookings::disputed);
            book(order, fact, bookings::dispute_won);
            order.note("dispute_won", json!({"amount": fact.amount}));
        }
        Effect::AnswerInquiry { .. } => order.note("dispute_inquiry", json!({"reason": fact.reason})),
    }
    Ok(())
}

/// Has what the order was paid with kept, where its buyer asked for that.
fn keep_method(order: &mut OrderInHand<'_>, attempt_id: PaymentAttemptId) -> Result<(), WriteError> {
    let order_id = order.order.id;
    if order.payment.as_ref().is_none_or(|record| !record.save_method) {
        return Ok(());
    }
    Task::Keep { order_id, attempt_id }.ask(&mut order.work)
}

/// What was held becomes the order's.
async fn own_the_goods(order: &mut OrderInHand<'_>) -> Result<(), WriteError> {
    let moved = inventory::allocate(&order.work.tx, &[order.order.id], None, order.now()).await?;
    order.moved(moved);
    Ok(())
}

/// Money has come for an order that ran out of time: it gets its goods after all, where they are still there (case C07).
/// Not where promotions took something off: their uses went back, and may be somebody else's by now.
async fn revive(order: &mut OrderInHand<'_>) -> Result<bool, WriteError> {
    let promotions = order.order.pricing.get("promotions").and_then(serde_json::Value::as_array);
    let has_promotions = promotions.is_some_and(|applied| !applied.is_empty());
    if has_promotions || order.order.cancel_reason.as_deref() != Some(EXPIRED) {
        return Ok(false);
    }
    let cause: OrderEventId = order.work.next_id();
    let lines = order.order.lines.iter().map(|line| Want {
        order_line_id: line.id,
        variant_id: line.variant_id,
        quantity: i64::from(line.quantity),
    });
    let wanted = ReserveOrder {
        order_id: order.order.id,
        cause_id: cause.as_uuid(),
        hold: Hold::Allocated,
        lines: lines.collect(),
    };
    let ids = order.caller().shop.ids.clone();
    let mut next_id = move || ids.next_uuid();
    let reserved = inventory::reserve(&order.work.tx, &[wanted], (None, order.now()), &mut next_id).await?;
    if !matches!(reserved.outcomes.first(), Some(Ok(_))) {
        return Ok(false);
    }
    order.moved(reserved.moved);
    order.bookings.push(bookings::sold(&order.order));
    order.revive();
    Ok(true)
}

/// Has the buyer told that the money came too late and goes back (case C07).
fn tell_too_late(order: &mut OrderInHand<'_>, refund: Option<RefundId>) {
    let order_id = order.order.id;
    if let Some(refund_id) = refund {
        ask_for_mail(&mut order.work, &OrderMail::PaymentTooLate { order_id, refund_id });
    }
}

/// Writes a refund of everything that an attempt took down; the worker asks the provider for it.
fn ask_refund(order: &mut OrderInHand<'_>, attempt: PaymentAttemptId, reason: &str) -> Option<RefundId> {
    let id: RefundId = order.work.next_id();
    let (now, order_id) = (order.now(), order.order.id);
    let record = order.payment.as_mut()?;
    let balance = record.state.attempts.get(&attempt).and_then(|attempt| attempt.balance().ok())?;
    let amount = balance.refundable().ok().filter(|amount| amount.amount() > 0)?;
    add_refund(
        record,
        NewRefund { id, order_id, attempt, amount, reason, lines: json!([]), restock: false },
        now,
    );
    order.note("refund_requested", json!({"amount": amount, "reason": reason}));
    Some(id)
}

/// A refund to write down.
pub(super) struct NewRefund<'a> {
    pub(super) id: RefundId,
    pub(super) order_id: OrderId,
    pub(super) attempt: PaymentAttemptId,
    pub(super) amount: Money,
    pub(super) reason: &'a str,
    pub(super) lines: serde_json::Value,
    pub(super) restock: bool,
}

/// Writes a refund down as pending: from here on its amount is spoken for.
pub(super) fn add_refund(record: &mut PaymentRecord, new: NewRefund<'_>, now: jiff::Timestamp) {
    let NewRefund { id, order_id, attempt, amount, reason, lines, restock } = new;
    if let Some(state) = record.state.attempts.get_mut(&attempt) {
        let sum = Sum { stage: RefundStage::Pending, amount };
        state.refunds.insert(id.to_string(), sum);
    }
    record.refunds.push(RefundRow {
        id,
        order_id,
        attempt_id: attempt,
        provider_ref: None,
        amount,
        stage: RefundStage::Pending,
        reason: reason.to_owned(),
        lines,
        restock,
        error_code: None,
        calls: 0,
        next_call_at: Some(now),
        version: 1,
        created_at: now,
        updated_at: now,
    });
}

/// An authorization that nobody needs: looked at, and voided, by the reconciler.
fn ask_void(order: &mut OrderInHand<'_>, attempt: PaymentAttemptId) {
    let now = order.now();
    if let Some(details) = order.payment.as_mut().and_then(|record| record.details.get_mut(&attempt)) {
        details.unknown_since = details.unknown_since.or(Some(now));
    }
}

/// A refund that came back: what was booked is taken back, and its lines count as not refunded.
fn revert_refund(order: &mut OrderInHand<'_>, before: &Attempt, refund: &str, fact: &PaymentFact) {
    if before.refunds.get(refund).is_some_and(|sum| sum.stage == RefundStage::Succeeded) {
        book(order, fact, bookings::refund_reverted);
    }
    let rows = order.payment.as_mut().map(|record| &mut record.refunds);
    let row = rows.and_then(|rows| {
        rows.iter_mut().find(|row| row.attempt_id == before.id && row.provider_ref.as_deref() == Some(refund))
    });
    let lines = row.map(|row| {
        row.error_code.clone_from(&fact.reason);
        refund_lines(&row.lines)
    });
    for (line, quantity, amount) in lines.unwrap_or_default() {
        if let Some(line) = order.line_mut(line) {
            line.refunded_quantity = line.refunded_quantity.saturating_sub(quantity);
            line.refunded_amount = line.refunded_amount.saturating_sub(amount);
        }
    }
    order.note("refund_failed", json!({"amount": fact.amount, "reason": fact.reason}));
}

/// The lines of a refund's row: line, units, amount.
fn refund_lines(lines: &serde_json::Value) -> Vec<(OrderLineId, u32, i64)> {
    let read = |line: &serde_json::Value| {
        let id = line.get("line_id")?.as_str()?.parse().ok()?;
        let quantity = u32::try_from(line.get("quantity")?.as_u64()?).ok()?;
        Some((id, quantity, line.get("amount")?.as_i64()?))
    };
    lines.as_array().into_iter().flatten().filter_map(read).collect()
}
