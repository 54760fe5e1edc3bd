//! What Stripe's objects say, as facts.
//!
//! A charge tells of its payment intent, under the intent's id: `payment_intent.succeeded` and `charge.succeeded` are one
//! fact (case C32). `charge.refunded` names no refund and leads to reading back instead.

use jiff::Timestamp;
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::payment::{
    AttemptStatus, FactKind, PaymentFact, PaymentProvider, ProviderCurrency, RefundStage,
};
use tradepost_port::payment::{ClientAction, EventEnvelope, EventMeaning, Intent, ProviderEvent, ReadError};

use super::object::{
    Charge, Dispute, Event, Expandable, Identified, IntentStatus, Metadata, PaymentIntent, Refund,
};

/// Name of our attempt's id in Stripe's metadata.
pub(super) const ATTEMPT_KEY: &str = "attempt_id";
/// Name of our order's id in Stripe's metadata.
pub(super) const ORDER_KEY: &str = "order_id";
/// Name of our refund's id in Stripe's metadata.
pub(super) const REFUND_KEY: &str = "refund_id";

fn malformed(what: impl std::fmt::Display) -> ReadError {
    ReadError::Malformed(what.to_string())
}

/// An amount of Stripe's: <https://docs.stripe.com/currencies>.
pub(super) fn money(amount: i64, currency: &str) -> Result<Money, ReadError> {
    let currency: Currency = currency.to_uppercase().parse().map_err(malformed)?;
    let rule = ProviderCurrency::of(PaymentProvider::Stripe, currency).map_err(malformed)?;
    rule.from_provider(amount).map_err(malformed)
}

pub(super) fn moment(seconds: i64) -> Result<Timestamp, ReadError> {
    Timestamp::from_second(seconds).map_err(malformed)
}

/// A fact before it is known which object and what kind it is.
fn fact(intent_id: &str, metadata: &Metadata, amount: Money, created: i64) -> Result<PaymentFact, ReadError> {
    Ok(PaymentFact {
        provider: PaymentProvider::Stripe,
        intent_id: intent_id.to_owned(),
        object_id: intent_id.to_owned(),
        kind: FactKind::Processing,
        amount,
        occurred_at: moment(created)?,
        raw_event_id: None,
        // Metadata can be changed by hand on Stripe's pages: what is no id of ours is as good as none.
        attempt_id: metadata.get(ATTEMPT_KEY).and_then(|id| id.parse().ok()),
        refund_id: metadata.get(REFUND_KEY).and_then(|id| id.parse().ok()),
        reason: None,
    })
}

/// What an intent says of itself: nothing while nobody has tried to pay.
pub(super) fn of_intent(intent: &PaymentIntent) -> Result<Vec<PaymentFact>, ReadError> {
    let (kind, amount) = match intent.status {
        IntentStatus::RequiresPaymentMethod if intent.last_payment_error.is_some() => {
            (FactKind::Failed, intent.amount)
        }
        IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation => return Ok(Vec::new()),
        IntentStatus::RequiresAction => (FactKind::RequiresAction, intent.amount),
        IntentStatus::Processing => (FactKind::Processing, intent.amount),
        IntentStatus::RequiresCapture => (FactKind::Authorized, intent.amount_capturable),
        IntentStatus::Succeeded => (FactKind::Captured, intent.amount_received),
        IntentStatus::Canceled => (FactKind::Canceled, intent.amount),
    };
    let error = intent.last_payment_error.as_ref();
    let reason = error.and_then(|error| error.decline_code.clone().or_else(|| error.code.clone()));
    let told = fact(&intent.id, &intent.metadata, money(amount, &intent.currency)?, intent.created)?;
    Ok(vec![PaymentFact { kind, reason: reason.filter(|_| kind == FactKind::Failed), ..told }])
}

fn of_charge(charge: &Charge) -> Result<EventMeaning, ReadError> {
    let Some(intent) = &charge.payment_intent else { return Ok(EventMeaning::Nothing) };
    if charge.status != "succeeded" {
        return Ok(EventMeaning::LookAt { intent_id: intent.id().to_owned() });
    }
    let (kind, amount) = if charge.captured {
        (FactKind::Captured, charge.amount_captured)
    } else {
        (FactKind::Authorized, charge.amount)
    };
    let told = fact(intent.id(), &charge.metadata, money(amount, &charge.currency)?, charge.created)?;
    Ok(EventMeaning::Facts(vec![PaymentFact { kind, ..told }]))
}

/// How far a refund has come; one that waits for the shopper's bank details is as far as one that is pending.
pub(super) fn refund_stage(refund: &Refund) -> RefundStage {
    match refund.status.as_deref() {
        Some("succeeded") => RefundStage::Succeeded,
        Some("failed" | "canceled") => RefundStage::Failed,
        _ => RefundStage::Pending,
    }
}

/// What a refund says; nothing when it belongs to no payment intent, for then it is none of ours.
pub(super) fn of_refund(refund: &Refund) -> Result<Vec<PaymentFact>, ReadError> {
    let Some(intent) = &refund.payment_intent else { return Ok(Vec::new()) };
    let kind = match refund_stage(refund) {
        RefundStage::Pending => FactKind::RefundPending,
        RefundStage::Succeeded => FactKind::RefundSucceeded,
        RefundStage::Failed => FactKind::RefundFailed,
    };
    let amount = money(refund.amount, &refund.currency)?;
    let told = fact(intent.id(), &refund.metadata, amount, refund.created)?;
    let reason = refund.failure_reason.clone();
    Ok(vec![PaymentFact { kind, object_id: refund.id.clone(), reason, ..told }])
}

/// What a dispute says: <https://docs.stripe.com/disputes/how-disputes-work>. A `prevented` one has moved no money.
pub(super) fn of_dispute(dispute: &Dispute) -> Result<Vec<PaymentFact>, ReadError> {
    let Some(intent) = &dispute.payment_intent else { return Ok(Vec::new()) };
    let kind = match dispute.status.as_str() {
        "won" => FactKind::DisputeWon,
        "lost" => FactKind::DisputeLost,
        "needs_response" | "under_review" => FactKind::DisputeOpened,
        "prevented" | "warning_needs_response" | "warning_under_review" | "warning_closed" => {
            FactKind::DisputeInquiry
        }
        other => return Err(malformed(format!("a dispute is `{other}`"))),
    };
    let amount = money(dispute.amount, &dispute.currency)?;
    let told = fact(intent.id(), &Metadata::new(), amount, dispute.created)?;
    Ok(vec![PaymentFact { kind, object_id: dispute.id.clone(), reason: dispute.reason.clone(), ..told }])
}

/// The attempt as far as its intent tells.
pub(super) fn intent(of: PaymentIntent) -> Result<Intent, ReadError> {
    let facts = of_intent(&of)?;
    let status = match of.status {
        IntentStatus::RequiresPaymentMethod if of.last_payment_error.is_some() => AttemptStatus::Failed,
        IntentStatus::RequiresPaymentMethod | IntentStatus::RequiresConfirmation => AttemptStatus::Created,
        IntentStatus::RequiresAction => AttemptStatus::RequiresAction,
        IntentStatus::Processing => AttemptStatus::Processing,
        IntentStatus::RequiresCapture => AttemptStatus::Authorized,
        IntentStatus::Succeeded => AttemptStatus::Captured,
        IntentStatus::Canceled => AttemptStatus::Canceled,
    };
    let action = of.next_action.map(|next| ClientAction {
        kind: next.kind,
        redirect_url: next.redirect_to_url.and_then(|redirect| redirect.url),
    });
    let payment_method = of.payment_method.as_ref().map(|method| method.id().to_owned());
    Ok(Intent { id: of.id, status, client_secret: of.client_secret, action, payment_method, facts })
}

/// Reads an event and what it means: <https://docs.stripe.com/api/events/types>.
pub(super) fn event(of: Event) -> Result<ProviderEvent, ReadError> {
    let envelope = envelope(&of)?;
    let object = of.data.object;
    let meaning = match of.kind.as_str() {
        kind if kind.starts_with("payment_intent.") => EventMeaning::Facts(of_intent(&read(object)?)?),
        "charge.succeeded" | "charge.captured" => of_charge(&read(object)?)?,
        "charge.refunded" | "charge.expired" => {
            let charge: Charge = read(object)?;
            charge.payment_intent.as_ref().map_or(EventMeaning::Nothing, look_at)
        }
        "charge.refund.updated" => EventMeaning::Facts(of_refund(&read(object)?)?),
        kind if kind.starts_with("refund.") => EventMeaning::Facts(of_refund(&read(object)?)?),
        kind if kind.starts_with("charge.dispute.") => EventMeaning::Facts(of_dispute(&read(object)?)?),
        _ => EventMeaning::Nothing,
    };
    Ok(ProviderEvent { meaning: named(meaning, &envelope.id), envelope })
}

fn read<T: serde::de::DeserializeOwned>(object: serde_json::Value) -> Result<T, ReadError> {
    serde_json::from_value(object).map_err(malformed)
}

fn look_at(intent: &Expandable<Identified>) -> EventMeaning {
    EventMeaning::LookAt { intent_id: intent.id().to_owned() }
}

/// Writes down which event told of the facts.
fn named(meaning: EventMeaning, event_id: &str) -> EventMeaning {
    match meaning {
        EventMeaning::Facts(facts) if facts.is_empty() => EventMeaning::Nothing,
        EventMeaning::Facts(facts) => EventMeaning::Facts(
            facts
                .into_iter()
                .map(|fact| PaymentFact { raw_event_id: Some(event_id.to_owned()), ..fact })
                .collect(),
        ),
        other => other,
    }
}

/// As much of an event as has to be known to store it.
pub(super) fn envelope(of: &Event) -> Result<EventEnvelope, ReadError> {
    Ok(EventEnvelope { id: of.id.clone(), kind: of.kind.clone(), created_at: moment(of.created)? })
}
