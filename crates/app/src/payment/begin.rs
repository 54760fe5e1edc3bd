//! Begins to collect: asks the provider for its object of an attempt, with no transaction open, and writes down what it
//! says. What cannot be asked now is asked again by the reconciler: the order stands, its goods are held.

use serde_json::value::to_raw_value;
use tradepost_domain::kernel::ids::{OrderId, PaymentAttemptId};
use tradepost_domain::payment::{AttemptStatus, FactKind, PaymentFact};
use tradepost_port::payment::{CreateIntent, Intent, Outcome, PaymentGateway};
use tradepost_store::payment::{PaymentRecord, read};

use super::facts::take_facts;
use super::method::payer::payer;
use super::{UNDER_WAY, WITHIN, capture_method, gateway, inconsistent, note_intent};
use crate::answer::Answer;
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::order::in_hand::OrderInHand;
use crate::order::place;
use crate::order::view::view;
use crate::outside::Outside;
use crate::secret::SecretToken;
use crate::shopper::ShopperContext;
use crate::work::StaffContext;

/// Asks for what an order's new attempt needs and answers the order.
pub async fn begin_payment(
    context: &ShopperContext,
    id: OrderId,
    token: Option<SecretToken>,
) -> Result<Answer, WriteError> {
    let caller = &context.caller;
    ask(caller, id).await?;
    let db = caller.shop.store.storefront();
    let opened = OrderInHand::open(caller, db, id, "begin_payment").await?;
    let order = opened.ok_or_else(|| inconsistent("a placed order is gone"))?;
    let token = match (token, order.order.customer_id) {
        (Some(token), _) => Some(token),
        (None, Some(_)) => None,
        // The one that was drawn died with the request that drew it; nobody has seen it.
        (None, None) => {
            let token = SecretToken::draw(place::ORDER_TOKEN, caller.shop.ids.as_ref());
            tradepost_store::order::update::replace_token(&order.work.tx, id, &token.hash()).await?;
            Some(token)
        }
    };
    let shown = to_raw_value(&view(&order.order, order.payment.as_ref())?)?;
    let answer = place::answer((&order.order, &shown), order.payment.as_ref(), token.as_ref())?;
    let answer = order.work.finish(answer).await?;
    caller.shop.checkout.crash.point(CrashPoint::AfterPaymentCommit);
    Ok(answer)
}

/// Asks the provider for its object of the order's attempt, should it have none yet, and writes down what it says.
pub(super) async fn ask(caller: &StaffContext, id: OrderId) -> Result<(), WriteError> {
    let db = caller.shop.store.storefront();
    let record = read::of_order(&*db.conn().await?, id).await?;
    let Some((record, attempt)) =
        record.and_then(|record| nameless(&record).map(|attempt| (record, attempt)))
    else {
        return Ok(());
    };
    let gateway = gateway(&caller.shop, record.state.provider)?;
    let crash = &caller.shop.checkout.crash;
    let outcome = if let Some(intent) = made_before(&record, attempt, &gateway).await {
        Outcome::Ok(intent)
    } else {
        match payer(&caller.shop, (&record, attempt), &gateway).await? {
            Ok(payer) => {
                let request = creation(&record, attempt, payer)?;
                let asked = gateway.call().create(&request, WITHIN);
                crash.during(CrashPoint::AfterProviderRequest, UNDER_WAY, asked).await
            }
            Err(why) => Outcome::NotDone(why),
        }
    };
    crash.point(CrashPoint::AfterProviderAnswer);
    let opened = OrderInHand::open(caller, db, id, "note_intent").await?;
    let mut order = opened.ok_or_else(|| inconsistent("a placed order is gone"))?;
    note(&mut order, attempt, &outcome).await?;
    if matches!(outcome, Outcome::Refused(_)) && order.order.canceled_at.is_some() {
        // Nobody has the secret of an object without a name: what is refused now can never be paid.
        let given_up = given_up(&order, attempt)?;
        take_facts(&mut order, attempt, &[given_up]).await?;
    }
    crash.point(CrashPoint::BeforePaymentCommit);
    order.commit().await
}

/// What a provider is asked for. A repeat is the same, word for word: all of it is stored.
fn creation(
    record: &PaymentRecord,
    attempt: PaymentAttemptId,
    payer: Option<String>,
) -> Result<CreateIntent, WriteError> {
    let amount = record.state.attempts.get(&attempt).map(|attempt| attempt.amount);
    Ok(CreateIntent {
        attempt_id: attempt,
        order_id: record.order_id,
        amount: amount.ok_or_else(|| inconsistent("an attempt without an amount"))?,
        capture: capture_method(record),
        save_payment_method: record.save_method && payer.is_some(),
        provider_customer: payer,
    })
}

/// That an attempt which the provider would not even make is given up: nobody else will ever say so.
fn given_up(order: &OrderInHand<'_>, attempt: PaymentAttemptId) -> Result<PaymentFact, WriteError> {
    let record = order.payment.as_ref().ok_or_else(|| inconsistent("an order without a payment"))?;
    Ok(PaymentFact {
        provider: record.state.provider,
        intent_id: attempt.to_string(),
        object_id: attempt.to_string(),
        kind: FactKind::Canceled,
        amount: record.state.owed,
        occurred_at: order.now(),
        raw_event_id: None,
        attempt_id: Some(attempt),
        refund_id: None,
        reason: None,
    })
}

/// The object of an attempt whose making was not answered: a provider that failed after it made one gives the same failure
/// again under the same key, and would never tell its name.
async fn made_before(
    record: &PaymentRecord,
    attempt: PaymentAttemptId,
    gateway: &Outside<dyn PaymentGateway>,
) -> Option<Intent> {
    let details = record.details.get(&attempt).filter(|details| details.unknown_since.is_some())?;
    gateway.call().find(attempt, details.created_at, WITHIN).await.ok().flatten()
}

/// The live attempt whose object at the provider is not known.
pub(super) fn nameless(record: &PaymentRecord) -> Option<PaymentAttemptId> {
    let live = record.state.attempts.values().find(|attempt| attempt.status == AttemptStatus::Created)?;
    record.details.get(&live.id)?.provider_ref.is_none().then_some(live.id)
}

/// Writes down what a provider said of an attempt.
pub(super) async fn note(
    order: &mut OrderInHand<'_>,
    attempt: PaymentAttemptId,
    outcome: &Outcome<Intent>,
) -> Result<(), WriteError> {
    let now = order.now();
    order.touch_payment();
    let record = order.payment.as_mut().ok_or_else(|| inconsistent("an order without a payment"))?;
    let facts: Vec<PaymentFact> = match outcome {
        Outcome::Ok(intent) | Outcome::RequiresAction(intent, _) => {
            note_intent(record, attempt, intent);
            intent.facts.clone()
        }
        Outcome::Declined(decline) => {
            set(record, attempt, |details| {
                details.unknown_since = None;
                details.error_code = Some(decline.code.clone());
            });
            decline.facts.clone()
        }
        Outcome::Refused(refusal) => {
            tracing::warn!(order.id = %record.order_id, code = %refusal.code, message = %refusal.message, "the payment provider refused a request");
            set(record, attempt, |details| {
                details.unknown_since = None;
                details.error_code = Some(refusal.code.clone());
            });
            refusal.facts.clone()
        }
        Outcome::NotDone(why) | Outcome::Unknown(why) => {
            tracing::warn!(order.id = %record.order_id, why, "the payment provider did not answer");
            set(record, attempt, |details| details.unknown_since = details.unknown_since.or(Some(now)));
            Vec::new()
        }
    };
    take_facts(order, attempt, &facts).await
}

fn set(
    record: &mut PaymentRecord,
    attempt: PaymentAttemptId,
    change: impl FnOnce(&mut tradepost_store::payment::AttemptDetails),
) {
    if let Some(details) = record.details.get_mut(&attempt) {
        change(details);
    }
}
