//! Confirms a payment from the server: the built-in provider is told what to do, others are given what to pay with.

use serde::Deserialize;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId, PaymentId, SavedPaymentMethodId};
use tradepost_domain::payment::{AttemptStatus, PaymentProvider};
use tradepost_port::payment::ConfirmIntent;
use tradepost_store::payment::method::SavedMethodRow;
use tradepost_store::payment::read;
use utoipa::ToSchema;

use super::begin::{ask, nameless, note};
use super::get::own_payment;
use super::method as saved_method;
use super::reconcile::look_at;
use super::view::PaymentView;
use super::{UNDER_WAY, WITHIN, gateway, inconsistent, intent_ref, live_attempt, missing};
use crate::answer::{Answer, Outcome as Came};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::shopper::ShopperContext;
use crate::work::StaffContext;

/// How to confirm.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentConfirm {
    /// For the built-in provider, what is to come of it: `succeed`, `decline`, `requires_action` or `timeout`.
    #[serde(default)]
    #[schema(example = "succeed")]
    pub outcome: Option<TestOutcome>,
    /// For other providers, their id of what to pay with.
    #[serde(default)]
    pub payment_method: Option<String>,
    /// Id of what the customer who is signed in keeps to pay with.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub saved_payment_method: Option<SavedPaymentMethodId>,
    /// Where the shopper comes back to after something has to be done elsewhere.
    #[serde(default)]
    pub return_url: Option<String>,
}

/// What is to come of a confirmation at the built-in provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// The money is there.
    Succeed,
    /// The card is declined.
    Decline,
    /// The shopper has to do something first.
    RequiresAction,
    /// No answer comes.
    Timeout,
}

impl TestOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Succeed => "succeed",
            Self::Decline => "decline",
            Self::RequiresAction => "requires_action",
            Self::Timeout => "timeout",
        }
    }
}

/// Characters of an id of the provider, and of an address to come back to.
const TEXT_MAX: usize = 2_000;

/// Confirms the payment of an order that this shopper may open.
pub async fn confirm_payment(
    context: &ShopperContext,
    id: PaymentId,
    confirm: PaymentConfirm,
) -> Result<Answer, WriteError> {
    context.caller.shop.throttle.confirmation(id, context.caller.origin.ip.as_deref())?;
    let record = own_payment(context, id).await?;
    let order_id = record.order_id;
    let provider = record.state.provider;
    let mut method = payment_method(provider, &confirm)?;
    let caller = &context.caller;
    let saved = match confirm.saved_payment_method {
        Some(id) => Some(saved_method::own(&caller.shop, context.customer, id).await?),
        None => None,
    };
    if record.details.values().any(|details| details.unknown_since.is_some()) {
        // The last try may have gone well: asked before anything is tried again (case C20).
        Box::pin(look_at(caller, order_id, None)).await?;
    } else if nameless(&record).is_some() {
        ask(caller, order_id).await?;
    }
    // What is about to be asked is written down first: should the answer be lost, the same is asked again under the same
    // key, or read back, and never a second confirmation made up.
    if let Some(saved) = saved {
        check_payer(context, order_id, &saved).await?;
        // The built-in provider does as it is told, whatever is paid with.
        method = if provider == PaymentProvider::Test { method } else { Some(saved.provider_ref) };
    }
    let request = prepare(caller, order_id, method, confirm.return_url).await?;
    let (gateway, crash) = (gateway(&caller.shop, provider)?, &caller.shop.checkout.crash);
    let asked = gateway.call().confirm(&request, WITHIN);
    let outcome = crash.during(CrashPoint::AfterProviderRequest, UNDER_WAY, asked).await;
    crash.point(CrashPoint::AfterProviderAnswer);
    let db = caller.shop.store.storefront();
    let opened = OrderInHand::open(caller, db, order_id, "confirm_payment").await?;
    let mut order = opened.ok_or_else(|| inconsistent("an order with a payment is gone"))?;
    note(&mut order, request.intent.attempt_id, &outcome).await?;
    order.save().await?;
    let payment = order.payment.as_ref().ok_or_else(missing)?;
    let view = PaymentView::from(payment);
    let answer = Answer::new(Came::Done, &view, None)?;
    crash.point(CrashPoint::BeforePaymentCommit);
    let answer = order.work.finish(answer).await?;
    crash.point(CrashPoint::AfterPaymentCommit);
    Ok(answer)
}

fn payment_method(provider: PaymentProvider, confirm: &PaymentConfirm) -> Result<Option<String>, WriteError> {
    let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.chars().count() > TEXT_MAX);
    if long(&confirm.payment_method) || long(&confirm.return_url) {
        return Err(WriteError::invalid(
            "$.payment_method",
            "too_long",
            format!("at most {TEXT_MAX} characters"),
        ));
    }
    if confirm.payment_method.is_some() && confirm.saved_payment_method.is_some() {
        let message = "name either payment_method or saved_payment_method";
        return Err(WriteError::invalid("$.saved_payment_method", "conflicting_fields", message));
    }
    match provider {
        PaymentProvider::Test if confirm.payment_method.is_some() => Err(WriteError::invalid(
            "$.payment_method",
            "conflicting_fields",
            "the test provider takes an outcome",
        )),
        PaymentProvider::Test => Ok(confirm.outcome.map(|outcome| outcome.as_str().to_owned())),
        PaymentProvider::Stripe if confirm.outcome.is_some() => Err(WriteError::invalid(
            "$.outcome",
            "conflicting_fields",
            "only the test provider does as it is told",
        )),
        PaymentProvider::Stripe => Ok(confirm.payment_method.clone()),
    }
}

/// What is kept can pay what its owner ordered, through the provider that has it, which was told whom it collects for.
async fn check_payer(
    context: &ShopperContext,
    order_id: OrderId,
    saved: &SavedMethodRow,
) -> Result<(), WriteError> {
    let conn = context.caller.shop.store.storefront().conn().await?;
    // Read anew: it may have been told just now.
    let record = read::of_order(&conn, order_id).await?.ok_or_else(missing)?;
    let details = live_attempt(&record).and_then(|attempt| record.details.get(&attempt.id));
    let has_payer =
        details.and_then(|details| details.payer_ref.as_ref()).is_some_and(|payer| !payer.is_empty());
    if record.customer_id == context.customer && record.state.provider == saved.provider && has_payer {
        return Ok(());
    }
    let detail = "this order was not placed to be paid with it: pay otherwise, or place a new one";
    Err(WriteError::conflict("payment_method_unusable", detail, None))
}

/// Counts the confirmation, unless the last one's outcome is not known: that one is repeated.
async fn prepare(
    caller: &StaffContext,
    order_id: OrderId,
    payment_method: Option<String>,
    return_url: Option<String>,
) -> Result<ConfirmIntent, WriteError> {
    let db = caller.shop.store.storefront();
    let mut order =
        OrderInHand::open(caller, db, order_id, "prepare_confirmation").await?.ok_or_else(missing)?;
    let canceled = order.order.canceled_at.is_some();
    let now = order.now();
    let record = order.payment.as_mut().ok_or_else(missing)?;
    let attempt = live_attempt(record).ok_or_else(|| inconsistent("a payment without attempts"))?;
    let (attempt_id, status) = (attempt.id, attempt.status);
    check_can_confirm(canceled, status)?;
    let details = record.details.get_mut(&attempt_id).ok_or_else(missing)?;
    if details.unknown_since.is_none() {
        details.confirmations = details.confirmations.saturating_add(1);
        details.unknown_since = Some(now);
    }
    let confirmation = u32::try_from(details.confirmations).unwrap_or(1);
    let intent = intent(record, attempt_id)?;
    order.touch_payment();
    order.commit().await?;
    Ok(ConfirmIntent { intent, confirmation, payment_method, return_url, off_session: false })
}

fn intent(
    record: &tradepost_store::payment::PaymentRecord,
    attempt: PaymentAttemptId,
) -> Result<tradepost_port::payment::IntentRef, WriteError> {
    intent_ref(record, attempt).ok_or_else(|| {
        let detail = "the payment provider has not answered yet: try again in a moment";
        WriteError::conflict("payment_not_ready", detail, None)
    })
}

fn check_can_confirm(canceled: bool, status: AttemptStatus) -> Result<(), WriteError> {
    let refuse = |code, detail: &'static str| {
        Err(WriteError::conflict(code, detail, None).with_fact("current", status.as_str()))
    };
    match status {
        AttemptStatus::Captured => refuse("payment_already_succeeded", "the payment has succeeded already"),
        AttemptStatus::Authorized => {
            refuse("payment_already_authorized", "the payment is authorized already")
        }
        AttemptStatus::Canceled => refuse("payment_canceled", "the payment was given up"),
        _ if canceled => refuse("order_canceled", "the order was given up: place a new one"),
        _ => Ok(()),
    }
}
