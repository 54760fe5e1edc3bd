//! Stripe's own books: events as they would have come by webhook, balance transactions, disputes.

use std::time::Duration;

use serde::Deserialize as _;
use tradepost_domain::kernel::Money;
use tradepost_port::payment::{
    BalanceEntry, BalanceKind, EventEnvelope, EventMeaning, ListedEvent, Page, ProviderEvent, ReadError,
    Since,
};

use super::client::{Form, StripeClient};
use super::facts;
use super::intents::{PAGE_SIZE, field, path_id};
use super::object::{BalanceSource, BalanceTransaction, Dispute, Event, Expandable, List};

fn page_of(since: &Since) -> Form {
    let mut query = vec![field("limit", &PAGE_SIZE), field("created[gte]", &since.from.as_second())];
    query.extend(since.until.map(|until| field("created[lte]", &until.as_second())));
    query.extend(since.after.as_ref().map(|id| field("starting_after", id)));
    query
}

fn next<T>(list: &List<T>, id: impl Fn(&T) -> &String) -> Option<String> {
    list.data.last().map(id).cloned().filter(|_| list.has_more)
}

pub(super) async fn events(
    client: &StripeClient,
    since: &Since,
    within: Duration,
) -> Result<Page<ListedEvent>, ReadError> {
    let list: List<serde_json::Value> = client.get("/v1/events", &page_of(since), within).await?;
    let items: Result<Vec<_>, _> = list.data.into_iter().map(listed).collect();
    let items = items?;
    let next = items.last().map(|event| event.envelope.id.clone()).filter(|_| list.has_more);
    Ok(Page { items, next })
}

fn listed(body: serde_json::Value) -> Result<ListedEvent, ReadError> {
    let event = Event::deserialize(&body).map_err(|error| ReadError::Malformed(error.to_string()))?;
    Ok(ListedEvent { envelope: facts::envelope(&event)?, body })
}

/// A dispute as it stands, in the form of the event that would tell of it.
pub(super) async fn dispute(
    client: &StripeClient,
    dispute_id: &str,
    within: Duration,
) -> Result<ProviderEvent, ReadError> {
    let id = path_id(dispute_id).ok_or(ReadError::NotFound)?;
    let dispute: Dispute = client.get(&format!("/v1/disputes/{id}"), &Form::new(), within).await?;
    let created_at = facts::moment(dispute.created)?;
    let facts = facts::of_dispute(&dispute)?;
    let envelope = EventEnvelope { id: dispute.id, kind: "charge.dispute".to_owned(), created_at };
    let meaning = if facts.is_empty() { EventMeaning::Nothing } else { EventMeaning::Facts(facts) };
    Ok(ProviderEvent { envelope, meaning })
}

pub(super) async fn balance(
    client: &StripeClient,
    since: &Since,
    within: Duration,
) -> Result<Page<BalanceEntry>, ReadError> {
    let mut query = page_of(since);
    query.push(field("expand[]", &"data.source"));
    let list: List<BalanceTransaction> = client.get("/v1/balance_transactions", &query, within).await?;
    let next = next(&list, |entry| &entry.id);
    let items: Result<_, _> = list.data.into_iter().map(entry).collect();
    Ok(Page { items: items?, next })
}

/// <https://docs.stripe.com/reports/balance-transaction-types>
fn entry(of: BalanceTransaction) -> Result<BalanceEntry, ReadError> {
    let (source_id, whole) = match of.source {
        None => (None, None),
        Some(Expandable::Id(id)) => (Some(id), None),
        Some(Expandable::Whole(source)) => (Some(source.id.clone()), Some(source)),
    };
    let kind = match of.kind.as_str() {
        "charge" | "payment" => BalanceKind::Capture,
        "refund" | "payment_refund" => BalanceKind::Refund,
        "refund_failure" | "payment_failure_refund" => BalanceKind::RefundFailure,
        "adjustment"
            if source_id.as_ref().is_some_and(|id| id.starts_with("dp_") || id.starts_with("du_")) =>
        {
            BalanceKind::Dispute
        }
        _ => BalanceKind::Other,
    };
    let amount = match (&whole, kind) {
        (_, BalanceKind::Other) | (None, _) => None,
        (Some(source), _) => in_payments_currency(source, of.amount < 0)?,
    };
    let intent_id = whole.and_then(|source| source.payment_intent).map(|intent| intent.id().to_owned());
    let created_at = facts::moment(of.created)?;
    Ok(BalanceEntry { id: of.id, kind, source_id, intent_id, amount, created_at })
}

/// How much moved in the currency of the payment: the size is the source's, the sign that of the line.
fn in_payments_currency(source: &BalanceSource, went_out: bool) -> Result<Option<Money>, ReadError> {
    let (Some(size), Some(currency)) = (source.amount_captured.or(source.amount), &source.currency) else {
        return Ok(None);
    };
    let signed = if went_out { size.saturating_neg() } else { size };
    facts::money(signed, currency).map(Some)
}
