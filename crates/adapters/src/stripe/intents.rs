//! Payment intents and refunds: the calls that move money, and reading back what became of them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::PaymentAttemptId;
use tradepost_domain::payment::{AttemptStatus, PaymentFact, PaymentProvider, ProviderCurrency};
use tradepost_port::payment::{
    CaptureIntent, CaptureMethod, ClientAction, ConfirmIntent, CreateIntent, Decline, Intent, IntentRef,
    Outcome, ProviderRefund, ReadError, RefundIntent, Refusal,
};

use super::client::{Form, StripeClient};
use super::facts::{self, ATTEMPT_KEY, ORDER_KEY, REFUND_KEY};
use super::object::{ApiError, Dispute, Expandable, IntentStatus, List, PaymentIntent, Refund};

/// Entries of a page.
pub(super) const PAGE_SIZE: usize = 100;
/// Pages of intents around an attempt's creation that are looked through before Stripe's search is asked.
const FIND_PAGES_MAX: usize = 5;
/// How far Stripe's clock may be from ours when an attempt is looked for.
const FIND_WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// A parameter.
pub(super) fn field(name: &str, value: &dyn ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn refused<T>(code: &str, message: &dyn ToString) -> Outcome<T> {
    Outcome::Refused(Refusal::new(code, message.to_string()))
}

fn in_stripes_unit<T>(amount: Money) -> Result<i64, Outcome<T>> {
    ProviderCurrency::of(PaymentProvider::Stripe, amount.currency())
        .and_then(|rule| rule.to_provider(amount))
        .map_err(|error| refused("amount_not_chargeable", &error))
}

/// An id that may stand in a path: nothing that we did not get from Stripe does.
pub(super) fn path_id(id: &str) -> Option<&str> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!id.is_empty() && id.len() <= 255 && id.bytes().all(fine)).then_some(id)
}

pub(super) async fn create(
    client: &StripeClient,
    request: &CreateIntent,
    within: Duration,
) -> Outcome<Intent> {
    let amount = match in_stripes_unit(request.amount) {
        Ok(amount) => amount,
        Err(refusal) => return refusal,
    };
    let mut form: Form = vec![
        field("amount", &amount),
        field("currency", &request.amount.currency().code().to_lowercase()),
        field("capture_method", &request.capture.as_str()),
        field("automatic_payment_methods[enabled]", &true),
        field(&format!("metadata[{ATTEMPT_KEY}]"), &request.attempt_id),
        field(&format!("metadata[{ORDER_KEY}]"), &request.order_id),
    ];
    if let Some(customer) = &request.provider_customer {
        form.push(field("customer", &customer));
    }
    if request.save_payment_method {
        form.push(field("setup_future_usage", &"off_session"));
    }
    let key = request.attempt_id.to_string();
    Change { path: "/v1/payment_intents".to_owned(), form, key, wanted: None }.send(client, within).await
}

pub(super) async fn confirm(
    client: &StripeClient,
    request: &ConfirmIntent,
    within: Duration,
) -> Outcome<Intent> {
    let intent = &request.intent;
    let Some(id) = path_id(&intent.intent_id) else { return refused("malformed_id", &intent.intent_id) };
    let mut form = Form::new();
    if let Some(method) = &request.payment_method {
        form.push(field("payment_method", &method));
    }
    if let Some(url) = &request.return_url {
        form.push(field("return_url", &url));
    }
    if request.off_session {
        form.push(field("off_session", &true));
    }
    let key = format!("{}-confirm-{}", intent.attempt_id, request.confirmation);
    let wanted = match intent.capture {
        CaptureMethod::Automatic => IntentStatus::Succeeded,
        CaptureMethod::Manual => IntentStatus::RequiresCapture,
    };
    let path = format!("/v1/payment_intents/{id}/confirm");
    Change { path, form, key, wanted: Some(wanted) }.send(client, within).await
}

pub(super) async fn capture(
    client: &StripeClient,
    request: &CaptureIntent,
    within: Duration,
) -> Outcome<Intent> {
    let intent = &request.intent;
    let Some(id) = path_id(&intent.intent_id) else { return refused("malformed_id", &intent.intent_id) };
    let amount = match in_stripes_unit(request.amount) {
        Ok(amount) => amount,
        Err(refusal) => return refusal,
    };
    let form = vec![field("amount_to_capture", &amount)];
    let key = format!("{}-capture-{amount}", intent.attempt_id);
    let path = format!("/v1/payment_intents/{id}/capture");
    Change { path, form, key, wanted: Some(IntentStatus::Succeeded) }.send(client, within).await
}

pub(super) async fn cancel(client: &StripeClient, intent: &IntentRef, within: Duration) -> Outcome<Intent> {
    let Some(id) = path_id(&intent.intent_id) else { return refused("malformed_id", &intent.intent_id) };
    let key = format!("{}-cancel", intent.attempt_id);
    let path = format!("/v1/payment_intents/{id}/cancel");
    let wanted = Some(IntentStatus::Canceled);
    Change { path, form: Form::new(), key, wanted }.send(client, within).await
}

/// A change of an intent.
struct Change {
    path: String,
    form: Form,
    key: String,
    /// A refusal by an intent that is already where it should be is a success (case C19).
    wanted: Option<IntentStatus>,
}

impl Change {
    async fn send(self, client: &StripeClient, within: Duration) -> Outcome<Intent> {
        let answer = client.post(&self.path, &self.form, &self.key, within).await;
        let read = |body: &[u8]| {
            let intent: PaymentIntent = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            facts::intent(intent).map_err(|error| error.to_string())
        };
        let arrived = |intent: PaymentIntent| {
            if self.wanted == Some(intent.status) {
                facts::intent(intent).map_err(|_| Vec::new())
            } else {
                Err(facts::of_intent(&intent).unwrap_or_default())
            }
        };
        with_action(answer.into_outcome(read, declined, arrived))
    }
}

fn declined(error: &ApiError) -> Outcome<Intent> {
    let facts = error.payment_intent.as_deref().map_or_else(|| Ok(Vec::new()), facts::of_intent);
    match facts {
        Ok(facts) => Outcome::Declined(Decline { code: error.decline_word().to_owned(), facts }),
        Err(error) => Outcome::Unknown(error.to_string()),
    }
}

/// Tells an intent that waits for the shopper from one that is done.
fn with_action(outcome: Outcome<Intent>) -> Outcome<Intent> {
    match outcome {
        Outcome::Ok(intent) if intent.status == AttemptStatus::RequiresAction => {
            let unnamed = ClientAction { kind: "unknown".to_owned(), redirect_url: None };
            let action = intent.action.clone().unwrap_or(unnamed);
            Outcome::RequiresAction(intent, action)
        }
        // A confirmation can end without an error in an intent that was declined.
        Outcome::Ok(intent) if intent.status == AttemptStatus::Failed => {
            let reason = intent.facts.iter().find_map(|fact| fact.reason.clone());
            let code = reason.unwrap_or_else(|| "declined".to_owned());
            Outcome::Declined(Decline { code, facts: intent.facts })
        }
        other => other,
    }
}

pub(super) async fn refund(
    client: &StripeClient,
    request: &RefundIntent,
    within: Duration,
) -> Outcome<ProviderRefund> {
    let amount = match in_stripes_unit(request.amount) {
        Ok(amount) => amount,
        Err(refusal) => return refusal,
    };
    let form = vec![
        field("payment_intent", &request.intent.intent_id),
        field("amount", &amount),
        field(&format!("metadata[{REFUND_KEY}]"), &request.refund_id),
        field(&format!("metadata[{ATTEMPT_KEY}]"), &request.intent.attempt_id),
    ];
    let answer = client.post("/v1/refunds", &form, &request.refund_id.to_string(), within).await;
    let read = |body: &[u8]| {
        let refund: Refund = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let facts = facts::of_refund(&refund).map_err(|error| error.to_string())?;
        let stage = facts::refund_stage(&refund);
        Ok(ProviderRefund { id: refund.id, stage, facts })
    };
    answer.into_outcome(read, |error| refused(error.decline_word(), &error.to_string()), |_| Err(Vec::new()))
}

/// Reads an attempt back with its refunds, and with its disputes where there are any.
pub(super) async fn retrieve(
    client: &StripeClient,
    intent_id: &str,
    within: Duration,
) -> Result<Intent, ReadError> {
    let id = path_id(intent_id).ok_or(ReadError::NotFound)?;
    let query = vec![field("expand[]", &"latest_charge")];
    let read: PaymentIntent = client.get(&format!("/v1/payment_intents/{id}"), &query, within).await?;
    let captured = read.status == IntentStatus::Succeeded;
    let is_in_dispute = matches!(&read.latest_charge, Some(Expandable::Whole(charge)) if charge.disputed);
    let mut intent = facts::intent(read)?;
    let of_intent = vec![field("payment_intent", &id), field("limit", &PAGE_SIZE)];
    if captured {
        let refunds: List<Refund> = client.get("/v1/refunds", &of_intent, within).await?;
        intent.facts.extend(all_facts(&refunds, facts::of_refund)?);
    }
    if is_in_dispute {
        let disputes: List<Dispute> = client.get("/v1/disputes", &of_intent, within).await?;
        intent.facts.extend(all_facts(&disputes, facts::of_dispute)?);
    }
    Ok(intent)
}

fn all_facts<T>(
    list: &List<T>,
    read: impl Fn(&T) -> Result<Vec<PaymentFact>, ReadError>,
) -> Result<Vec<PaymentFact>, ReadError> {
    if list.has_more {
        return Err(ReadError::Malformed(format!(
            "more than {PAGE_SIZE} refunds or disputes of one payment"
        )));
    }
    let facts: Result<Vec<Vec<PaymentFact>>, ReadError> = list.data.iter().map(read).collect();
    Ok(facts?.into_iter().flatten().collect())
}

/// Finds an attempt by the id that we sent along: among the intents made at its time, for what was made just now is not
/// in Stripe's search yet (<https://docs.stripe.com/search#data-freshness>), and then by that search.
pub(super) async fn find(
    client: &StripeClient,
    attempt: PaymentAttemptId,
    made_at: Timestamp,
    within: Duration,
) -> Result<Option<Intent>, ReadError> {
    let wanted = attempt.to_string();
    let ours = |intent: &PaymentIntent| intent.metadata.get(ATTEMPT_KEY) == Some(&wanted);
    let from = made_at.saturating_sub(FIND_WINDOW).map_err(|error| ReadError::Refused(error.to_string()))?;
    let until = made_at.saturating_add(FIND_WINDOW).map_err(|error| ReadError::Refused(error.to_string()))?;
    let mut after: Option<String> = None;
    for _ in 0..FIND_PAGES_MAX {
        let mut query = vec![
            field("limit", &PAGE_SIZE),
            field("created[gte]", &from.as_second()),
            field("created[lte]", &until.as_second()),
        ];
        query.extend(after.as_ref().map(|id| field("starting_after", id)));
        let page: List<PaymentIntent> = client.get("/v1/payment_intents", &query, within).await?;
        after = page.data.last().map(|intent| intent.id.clone()).filter(|_| page.has_more);
        if let Some(found) = page.data.into_iter().find(ours) {
            return facts::intent(found).map(Some);
        }
        if after.is_none() {
            break;
        }
    }
    let query = vec![field("query", &format!("metadata['{ATTEMPT_KEY}']:'{wanted}'"))];
    let hits: List<PaymentIntent> = client.get("/v1/payment_intents/search", &query, within).await?;
    hits.data.into_iter().find(ours).map(facts::intent).transpose()
}
