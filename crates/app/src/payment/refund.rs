//! Gives money back: written down under the order's lock, with its amount spoken for, before the provider is asked.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, OrderId, OrderLineId, PaymentAttemptId, RefundId};
use tradepost_domain::kernel::issue::check_text;
use tradepost_domain::payment::MoveMoneyError;
use tradepost_port::payment::{Outcome, RefundIntent};
use tradepost_store::order::read;
use tradepost_store::payment::{PaymentRecord, RefundRow, refund_word};
use utoipa::ToSchema;

use super::facts::{NewRefund, add_refund, take_facts};
use super::reconcile::look_at;
use super::refund_lines::{priced_lines, restocked};
use super::restock::restock;
use super::{UNDER_WAY, WITHIN, gateway, inconsistent, intent_ref};
use crate::answer::{Answer, Outcome as Came};
use crate::catalog::views::MoneyView;
use crate::change::{Versions, check_version, refuse};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::shop::Shop;
use crate::work::StaffContext;

/// Characters of a reason.
const REASON_LEN_MAX: usize = 255;

/// How long a provider is trusted to know a refund's key: Stripe forgets it after a day
/// (<https://docs.stripe.com/api/idempotent_requests>).
const KEY_KEPT: SignedDuration = SignedDuration::from_hours(23);
/// After so long no call of ours can still be on its way.
const NEVER_ARRIVED: SignedDuration = SignedDuration::from_hours(24);
/// Rest between two looks at a refund without a key.
const WITHOUT_A_KEY_EVERY: SignedDuration = SignedDuration::from_mins(30);
/// What people are told of a refund of which nobody knows.
const UNKNOWN: &str = "refund_unknown";

/// Money to give back: an amount, or units of lines.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundCreate {
    /// How much; absent where lines are named.
    #[serde(default)]
    pub amount: Option<RefundAmount>,
    /// Units whose price is given back, with what was taken off and put on.
    #[serde(default)]
    pub lines: Vec<RefundLine>,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub reason: String,
    /// Whether the units go back on the shelf: of lines these units, of an amount that is all there is all units.
    #[serde(default)]
    pub restock: bool,
    /// Whether the same amount may be given back twice within a minute. A double click has the same idempotency key and is
    /// one refund anyway; `false` is for clients that make a new key with every click.
    #[serde(default = "allowed")]
    #[schema(default = true)]
    pub allow_duplicate: bool,
}

/// Requests with keys of their own are meant: two partial refunds of one amount are nothing unusual (case C26).
const fn allowed() -> bool {
    true
}

/// An amount to give back.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundAmount {
    /// Minor units.
    #[schema(minimum = 1)]
    pub amount: i64,
    /// The order's currency.
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// Units of a line whose price is given back.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundLine {
    /// The line.
    #[schema(value_type = String)]
    pub line_id: OrderLineId,
    /// Units.
    #[schema(minimum = 1)]
    pub quantity: u32,
}

/// Money that goes back.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefundView {
    /// Id.
    #[schema(value_type = String, example = "ref_01000000000000000000000001")]
    pub id: RefundId,
    /// The order.
    #[schema(value_type = String)]
    pub order_id: OrderId,
    /// How much.
    pub amount: MoneyView,
    /// `pending`, `succeeded` or `failed`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// Why.
    pub reason: String,
    /// Lines that it is for: `line_id`, `quantity`, `amount`.
    #[schema(value_type = Vec<Object>)]
    pub lines: Value,
    /// Whether the units went back on the shelf.
    pub restock: bool,
    /// The provider's word for why it failed.
    #[schema(required = true)]
    pub error_code: Option<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&RefundRow> for RefundView {
    fn from(row: &RefundRow) -> Self {
        Self {
            id: row.id,
            order_id: row.order_id,
            amount: row.amount.into(),
            status: refund_word(row.stage),
            reason: row.reason.clone(),
            lines: row.lines.clone(),
            restock: row.restock,
            error_code: row.error_code.clone(),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

/// The refunds of an order.
pub async fn list_refunds(shop: &Shop, order: OrderId) -> Result<Vec<RefundView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    read::get(&conn, order).await?.ok_or(WriteError::NotFound { kind: "order" })?;
    let record = tradepost_store::payment::read::of_order(&conn, order).await?;
    Ok(record.iter().flat_map(|record| &record.refunds).map(RefundView::from).collect())
}

/// Gives money of an order back.
pub async fn create_refund(
    context: &StaffContext,
    id: OrderId,
    version: Option<Versions>,
    create: RefundCreate,
) -> Result<Answer, WriteError> {
    refuse(check_text("$.reason", &create.reason, REASON_LEN_MAX, false).into_iter().collect())?;
    let begun = context.claim.as_ref().and_then(|claim| claim.resource_id);
    if let Some(begun) = begun.map(RefundId::from_uuid) {
        // The request before this one wrote the refund down and died before it could answer: this one goes on.
        ask_provider(context, id, begun).await?;
        return answer(context, id, begun).await;
    }
    let db = context.shop.store.admin();
    let opened = OrderInHand::open(context, db, id, "create_refund").await?;
    let mut order = opened.ok_or(WriteError::NotFound { kind: "order" })?;
    check_version(version, order.order.version)?;
    let refund = write_down(&mut order, &create).await?;
    let before = serde_json::json!({"refunded": order.order.refunded});
    let after = json!({"refund_id": refund.to_string(), "reason": create.reason});
    order.work.audit("order.refund", ("order", id.as_uuid()), Some(before), Some(after));
    order.save().await?;
    order.work.finish_for_now(refund.as_uuid()).await?;
    ask_provider(context, id, refund).await?;
    answer(context, id, refund).await
}

/// Answers a refund that was written down.
async fn answer(context: &StaffContext, id: OrderId, refund: RefundId) -> Result<Answer, WriteError> {
    let work = context.begin("answer_refund").await?;
    let record = tradepost_store::payment::read::of_order(&work.tx, id).await?;
    let rows = record.iter().flat_map(|record| &record.refunds);
    let row =
        rows.into_iter().find(|row| row.id == refund).ok_or_else(|| inconsistent("a refund is gone"))?;
    let answer = Answer::new(Came::Created, &RefundView::from(row), Some(row.version))?;
    work.finish(answer.at(format!("/api/admin/orders/{id}/refunds"))).await
}

/// Checks a refund against what is left and writes it down as pending.
async fn write_down(order: &mut OrderInHand<'_>, create: &RefundCreate) -> Result<RefundId, WriteError> {
    let (now, order_id) = (order.now(), order.order.id);
    let lines = priced_lines(order, create)?;
    let currency = order.order.currency;
    let amount = match (create.amount, lines.is_empty()) {
        (Some(amount), true) if amount.currency == currency => money(amount.amount, currency)?,
        (Some(_), true) => {
            return Err(WriteError::invalid(
                "$.amount.currency",
                "currency_mismatch",
                "expected the order's currency",
            ));
        }
        (None, false) => money(lines.iter().map(|(_, _, amount)| amount).sum(), currency)?,
        _ => {
            return Err(WriteError::invalid(
                "$.amount",
                "conflicting_fields",
                "name either an amount or lines",
            ));
        }
    };
    let record = order.payment.as_mut().ok_or_else(nothing_to_refund)?;
    let (attempt, left) = refundable_attempt(record, amount)?;
    let minute_ago = now.saturating_sub(SignedDuration::from_secs(60)).unwrap_or(now);
    let twin = record.refunds.iter().find(|row| row.amount == amount && row.created_at > minute_ago);
    if let Some(twin) = twin.filter(|_| !create.allow_duplicate) {
        let detail = "the same amount was refunded within a minute, and allow_duplicate is false";
        return Err(WriteError::conflict("duplicate_refund", detail, Some("$.amount"))
            .with_fact("refund_id", twin.id.to_string()));
    }
    let shown: Vec<Value> = lines
        .iter()
        .map(|(id, quantity, amount)| json!({"line_id": id.to_string(), "quantity": quantity, "amount": amount}))
        .collect();
    let id: RefundId = order.work.next_id();
    let new = NewRefund {
        id,
        order_id,
        attempt,
        amount,
        reason: &create.reason,
        lines: Value::Array(shown),
        restock: create.restock,
    };
    let record = order.payment.as_mut().ok_or_else(nothing_to_refund)?;
    add_refund(record, new, now);
    for (line, quantity, amount) in &lines {
        if let Some(line) = order.line_mut(*line) {
            line.refunded_quantity = line.refunded_quantity.saturating_add(*quantity);
            line.refunded_amount = line.refunded_amount.saturating_add(*amount);
        }
    }
    order.touch_payment();
    order.note(
        "refund_requested",
        json!({"refund_id": id.to_string(), "amount": amount, "reason": create.reason}),
    );
    if create.restock {
        let units = restocked(order, &lines, amount == left)?;
        restock(order, id, &units).await?;
    }
    Ok(id)
}

fn money(amount: i64, currency: Currency) -> Result<Money, WriteError> {
    Money::new(amount, currency)
        .map_err(|error| WriteError::invalid("$.amount.amount", "amount_too_large", error.to_string()))
}

fn nothing_to_refund() -> WriteError {
    WriteError::conflict("nothing_to_refund", "nothing was paid for this order", None)
        .with_fact("refundable", 0)
}

/// The attempt that has so much left, and how much it has, or why none has.
fn refundable_attempt(
    record: &PaymentRecord,
    amount: Money,
) -> Result<(PaymentAttemptId, Money), WriteError> {
    let settling = record.state.settled_by.ok_or_else(nothing_to_refund)?;
    let attempt = record.state.attempts.get(&settling).ok_or_else(nothing_to_refund)?;
    let balance = attempt.balance().map_err(inconsistent)?;
    match balance.check_refund(amount) {
        Ok(()) => Ok((settling, balance.refundable().map_err(inconsistent)?)),
        Err(MoveMoneyError::NotPositive) => {
            Err(WriteError::invalid("$.amount.amount", "out_of_range", "an amount above zero"))
        }
        Err(MoveMoneyError::TooMuch { available }) => {
            let detail = format!("at most {available} is left to refund");
            Err(WriteError::conflict("refund_too_large", detail, Some("$.amount")).with_fact(
                "refundable",
                json!({"amount": available.amount(), "currency": available.currency().code()}),
            ))
        }
        Err(MoveMoneyError::Amount(error)) => Err(inconsistent(error)),
    }
}

/// Writes a refund of everything that is left down; for orders that are given up.
pub fn refund_everything(order: &mut OrderInHand<'_>, reason: &str) {
    let id: RefundId = order.work.next_id();
    let (now, order_id) = (order.now(), order.order.id);
    let Some(record) = order.payment.as_mut() else { return };
    let Some(attempt) = record.state.settled_by else { return };
    let balance = record.state.attempts.get(&attempt).and_then(|attempt| attempt.balance().ok());
    let left = balance.and_then(|balance| balance.refundable().ok()).filter(|left| left.amount() > 0);
    let Some(amount) = left else { return };
    add_refund(
        record,
        NewRefund { id, order_id, attempt, amount, reason, lines: json!([]), restock: false },
        now,
    );
    order.touch_payment();
    order.note("refund_requested", json!({"refund_id": id.to_string(), "amount": amount, "reason": reason}));
}

/// Asks the provider for a refund that is written down, and writes down what it says. Asked again under the same key, it
/// is the same refund.
pub(super) async fn ask_provider(
    caller: &StaffContext,
    id: OrderId,
    refund: RefundId,
) -> Result<(), WriteError> {
    let db = caller.shop.store.worker();
    let (mut record, mut row) = written_down(caller, id, refund).await?;
    let age = caller.now().duration_since(row.created_at);
    let mut is_told = false;
    if row.calls > 0 || age >= KEY_KEPT {
        // It may have been done without an answer, and a failure that the provider keeps would be told for a day.
        is_told = Box::pin(look_at(caller, id, Some(row.attempt_id))).await?;
        (record, row) = written_down(caller, id, refund).await?;
    }
    if row.stage != tradepost_domain::payment::RefundStage::Pending {
        return Ok(());
    }
    if row.provider_ref.is_some() {
        // The provider has it in hand. Its key is forgotten after a day: the same call would then be a second refund.
        return look_again_later(caller, id, refund).await;
    }
    if age >= KEY_KEPT {
        return without_a_key(caller, (id, refund), is_told && age >= NEVER_ARRIVED).await;
    }
    let intent = intent_ref(&record, row.attempt_id)
        .ok_or_else(|| inconsistent("money of an attempt without a name"))?;
    let request = RefundIntent { intent, refund_id: refund, amount: row.amount };
    let (gateway, crash) = (gateway(&caller.shop, record.state.provider)?, &caller.shop.checkout.crash);
    let asked = gateway.call().refund(&request, WITHIN);
    let outcome = crash.during(CrashPoint::AfterProviderRequest, UNDER_WAY, asked).await;
    crash.point(CrashPoint::AfterProviderAnswer);
    let mut order = OrderInHand::open(caller, db, id, "note_refund")
        .await?
        .ok_or_else(|| inconsistent("an order is gone"))?;
    let now = order.now();
    order.touch_payment();
    let facts = match outcome {
        Outcome::Ok(done) | Outcome::RequiresAction(done, _) => done.facts,
        Outcome::Declined(decline) => refused(&mut order, refund, &decline.code),
        Outcome::Refused(refusal) => {
            tracing::warn!(order.id = %id, code = %refusal.code, message = %refusal.message, "the provider refused a refund");
            refused(&mut order, refund, &refusal.code)
        }
        Outcome::NotDone(why) | Outcome::Unknown(why) => {
            tracing::warn!(order.id = %id, why, "the provider did not answer a refund: asking again");
            Vec::new()
        }
    };
    let again = now.saturating_add(backoff(row.calls)).unwrap_or(now);
    if let Some(row) = refund_row(&mut order, refund) {
        row.calls = row.calls.saturating_add(1);
        row.next_call_at = Some(again);
    }
    take_facts(&mut order, row.attempt_id, &facts).await?;
    order.commit().await
}

/// A refund whose key the provider has forgotten, or soon will: the same call would be a second refund, so it is made no
/// more. Once the provider tells of the payment and knows of no such refund, there is none, and the money may be given back
/// anew; until then people are told that nobody knows.
async fn without_a_key(
    caller: &StaffContext,
    (id, refund): (OrderId, RefundId),
    is_known_to_be_none: bool,
) -> Result<(), WriteError> {
    let opened = OrderInHand::open(caller, caller.shop.store.worker(), id, "park_refund").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order is gone"))?;
    let again = order.now().saturating_add(WITHOUT_A_KEY_EVERY).unwrap_or_else(|_| order.now());
    order.touch_payment();
    let Some(row) = refund_row(&mut order, refund) else { return Ok(()) };
    let attempt = row.attempt_id;
    row.next_call_at = Some(again);
    if is_known_to_be_none {
        let facts = refused(&mut order, refund, "never_arrived");
        take_facts(&mut order, attempt, &facts).await?;
    } else if row.error_code.is_none() {
        row.error_code = Some(UNKNOWN.to_owned());
        tracing::error!(order.id = %id, refund.id = %refund, "nobody knows whether a refund was made: look at the provider's pages");
        order.note("alert", json!({"alert": UNKNOWN, "refund_id": refund.to_string()}));
    }
    order.commit().await
}

/// Has a refund that the provider works on looked at again later.
async fn look_again_later(caller: &StaffContext, id: OrderId, refund: RefundId) -> Result<(), WriteError> {
    let opened = OrderInHand::open(caller, caller.shop.store.worker(), id, "await_refund").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order is gone"))?;
    let now = order.now();
    order.touch_payment();
    if let Some(row) = refund_row(&mut order, refund) {
        row.next_call_at = Some(now.saturating_add(backoff(row.calls)).unwrap_or(now));
        row.calls = row.calls.saturating_add(1);
    }
    order.commit().await
}

/// A refund as it is written down, and its payment.
async fn written_down(
    caller: &StaffContext,
    id: OrderId,
    refund: RefundId,
) -> Result<(PaymentRecord, RefundRow), WriteError> {
    let conn = caller.shop.store.worker().conn().await?;
    let record = tradepost_store::payment::read::of_order(&conn, id).await?;
    let record = record.ok_or_else(|| inconsistent("a refund without a payment"))?;
    let row = record.refunds.iter().find(|row| row.id == refund).cloned();
    let row = row.ok_or_else(|| inconsistent("a refund is gone"))?;
    Ok((record, row))
}

fn refund_row<'a>(order: &'a mut OrderInHand<'_>, refund: RefundId) -> Option<&'a mut RefundRow> {
    order.payment.as_mut()?.refunds.iter_mut().find(|row| row.id == refund)
}

/// A refund that the provider will not do: its amount is free again, and its lines count as not refunded.
fn refused(
    order: &mut OrderInHand<'_>,
    refund: RefundId,
    code: &str,
) -> Vec<tradepost_domain::payment::PaymentFact> {
    let now = order.now();
    let Some(record) = order.payment.as_mut() else { return Vec::new() };
    let provider = record.state.provider;
    let Some(row) = record.refunds.iter_mut().find(|row| row.id == refund) else { return Vec::new() };
    row.error_code = Some(code.to_owned());
    let intent_id = record.details.get(&row.attempt_id).and_then(|details| details.provider_ref.clone());
    let name = row.provider_ref.clone().unwrap_or_else(|| refund.to_string());
    vec![tradepost_domain::payment::PaymentFact {
        provider,
        intent_id: intent_id.unwrap_or_default(),
        object_id: name,
        kind: tradepost_domain::payment::FactKind::RefundFailed,
        amount: row.amount,
        occurred_at: now,
        raw_event_id: None,
        attempt_id: Some(row.attempt_id),
        refund_id: Some(refund),
        reason: Some(code.to_owned()),
    }]
}

/// When to ask again: sooner at first, hourly in the end.
fn backoff(calls: i32) -> SignedDuration {
    let doublings = u32::try_from(calls).unwrap_or(0).min(7);
    SignedDuration::from_secs(30_i64.saturating_mul(2_i64.saturating_pow(doublings)))
}
