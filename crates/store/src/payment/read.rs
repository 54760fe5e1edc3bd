//! Payments read: whole, with everything that the state is folded from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, OrderId, PaymentAttemptId, PaymentId, RefundId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::payment::{
    Attempt, AttemptStatus, DisputeStage, Payment, PaymentProvider, RefundStage, Sum,
};
use uuid::Uuid;

use super::{AttemptDetails, PaymentRecord, RefundRow};
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// Payments that a filter finds. Their status is the word that the app makes of their attempts: the one that pays, else the last
/// that was not given up, else the last.
macro_rules! filtered {
    ($what:literal, $tail:literal) => {
        concat!(
            "
        select ",
            $what,
            "
          from payment p
         where ($1::uuid is null or p.order_id = $1)
           and ($2::text is null or p.provider = $2)
           and ($3::text is null or $3 = (
               select case when a.status = 'created' then 'pending'
                           when a.status = 'captured' then 'succeeded'
                           when a.status <> 'failed' then a.status
                           when exists (select from payment_attempt f
                                         where f.order_id = p.order_id and f.status = 'failed'
                                           and (f.retrying or f.unknown_since is not null))
                           then (select case when l.next_action is not null then 'requires_action'
                                             when l.retrying then 'processing'
                                             else 'pending' end
                                   from payment_attempt l
                                  where l.order_id = p.order_id
                                  order by l.id desc
                                  limit 1)
                           else 'failed' end
                 from payment_attempt a
                where a.order_id = p.order_id
                order by (a.id is not distinct from p.settled_by) desc, (a.status <> 'canceled') desc, a.id desc
                limit 1))",
            $tail
        )
    };
}

sql! {
    LIST = filtered!("p.order_id", "
           and ($4::uuid is null or p.id < $4)
         order by p.id desc
         limit $5");
    COUNT = filtered!("count(*)", "");
    PAYMENTS = "
        select id, order_id, provider, amount, currency, capture, settled_by, version, customer_id, save_method
          from payment
         where order_id = any ($1)
         order by order_id";
    ATTEMPTS = "
        select id, order_id, provider_ref, status, amount, capture_amount, currency, captured, mismatch_amount, mismatch_currency,
               unknown_since, client_secret, next_action, error_code, confirmations, created_at, retrying,
               payer_ref
          from payment_attempt
         where order_id = any ($1)
         order by id";
    REFUNDS = "
        select id, order_id, attempt_id, provider_ref, amount, currency, status, reason, lines, restock, error_code, calls,
               next_call_at, version, created_at, updated_at
          from refund
         where order_id = any ($1)
         order by id";
    DISPUTES = "
        select attempt_id, provider_ref, stage, amount, currency
          from dispute
         where order_id = any ($1)";
    ORDER_OF_PAYMENT = "
        select order_id from payment where id = $1";
    ORDER_OF_REF = "
        select order_id, id from payment_attempt where provider = $1 and provider_ref = $2";
    ORDER_OF_ATTEMPT = "
        select order_id, id from payment_attempt where id = $1 and provider = $2";
    OPEN = "
        select order_id
          from payment_attempt
         where (status in ('created', 'requires_action', 'processing', 'failed') or unknown_since is not null) and updated_at < $1
           and (provider <> 'test' or unknown_since is not null)
         order by updated_at
         limit $2";
    REFUNDS_DUE = "
        select order_id from refund where status = 'pending' and next_call_at <= $1 order by next_call_at limit $2";
}

/// The payments of orders, whole. Four statements in one flight, however many orders.
pub async fn of_orders(client: &Client, orders: &[OrderId]) -> Result<Vec<PaymentRecord>, StoreError> {
    let ids: Vec<Uuid> = orders.iter().map(EntityId::as_uuid).collect();
    let params: crate::db::Params<'_> = &[&ids];
    let (payments, attempts, refunds, disputes) = futures_util::future::try_join4(
        client.query(PAYMENTS, params),
        client.query(ATTEMPTS, params),
        client.query(REFUNDS, params),
        client.query(DISPUTES, params),
    )
    .await?;
    let mut records = BTreeMap::new();
    for row in &payments {
        let record = payment_from_row(row)?;
        records.insert(record.order_id, record);
    }
    for row in &attempts {
        let order = OrderId::from_uuid(row.get(1));
        let Some(record) = records.get_mut(&order) else { continue };
        let (attempt, details) = attempt_from_row(row)?;
        record.details.insert(attempt.id, details);
        record.state.attempts.insert(attempt.id, attempt);
    }
    for row in &refunds {
        let refund = refund_from_row(row)?;
        let Some(record) = records.get_mut(&refund.order_id) else { continue };
        if let Some(attempt) = record.state.attempts.get_mut(&refund.attempt_id) {
            let key = refund.provider_ref.clone().unwrap_or_else(|| refund.id.to_string());
            attempt.refunds.insert(key, Sum { stage: refund.stage, amount: refund.amount });
        }
        record.refunds.push(refund);
    }
    for row in &disputes {
        let id = PaymentAttemptId::from_uuid(row.get(0));
        let attempt = records.values_mut().find_map(|record| record.state.attempts.get_mut(&id));
        if let Some(attempt) = attempt {
            let sum = Sum { stage: dispute_stage(row.get(2))?, amount: money(row, 3, 4)? };
            attempt.disputes.insert(row.get(1), sum);
        }
    }
    Ok(records.into_values().collect())
}

/// Which payments staff look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    /// Of this order.
    pub order_id: Option<OrderId>,
    /// Collected by this provider.
    pub provider: Option<PaymentProvider>,
    /// That stand so, in the word that is shown.
    pub status: Option<&'static str>,
}

/// The payments that a filter finds behind `after`, newest first, whole. Five statements in two flights, however many there are.
pub async fn list(
    client: &Client,
    filter: &PaymentFilter,
    after: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<PaymentRecord>, StoreError> {
    let (order, provider) =
        (filter.order_id.map(|id| id.as_uuid()), filter.provider.map(PaymentProvider::as_str));
    let params: crate::db::Params<'_> =
        &[&order, &provider, &filter.status, &after.map(|id| id.as_uuid()), &limit];
    let rows = client.query(LIST, params).await?;
    let orders: Vec<OrderId> = rows.iter().map(|row| OrderId::from_uuid(row.get(0))).collect();
    let mut records = of_orders(client, &orders).await?;
    records.sort_by_key(|record| std::cmp::Reverse(record.id));
    Ok(records)
}

/// How many payments a filter finds.
pub async fn count(client: &Client, filter: &PaymentFilter) -> Result<i64, StoreError> {
    let (order, provider) =
        (filter.order_id.map(|id| id.as_uuid()), filter.provider.map(PaymentProvider::as_str));
    let params: crate::db::Params<'_> = &[&order, &provider, &filter.status];
    Ok(client.query_one(COUNT, params).await?.get(0))
}

/// The payment of one order, whole.
pub async fn of_order(client: &Client, order: OrderId) -> Result<Option<PaymentRecord>, StoreError> {
    Ok(of_orders(client, &[order]).await?.pop())
}

/// The order that a payment is for.
pub async fn order_of_payment(client: &Client, id: PaymentId) -> Result<Option<OrderId>, StoreError> {
    let row = client.query_opt(ORDER_OF_PAYMENT, &[&id.as_uuid()]).await?;
    Ok(row.map(|row| OrderId::from_uuid(row.get(0))))
}

/// The order and the attempt that a provider's object is for: by its own id, or by ours where the provider tells it.
pub async fn order_of_intent(
    client: &Client,
    provider: PaymentProvider,
    intent: &str,
    attempt: Option<PaymentAttemptId>,
) -> Result<Option<(OrderId, PaymentAttemptId)>, StoreError> {
    let read = |row: Row| (OrderId::from_uuid(row.get(0)), PaymentAttemptId::from_uuid(row.get(1)));
    if let Some(row) = client.query_opt(ORDER_OF_REF, &[&provider.as_str(), &intent]).await? {
        return Ok(Some(read(row)));
    }
    let Some(attempt) = attempt else { return Ok(None) };
    let row = client.query_opt(ORDER_OF_ATTEMPT, &[&attempt.as_uuid(), &provider.as_str()]).await?;
    Ok(row.map(read))
}

/// Orders with attempts that have waited since before `before`, the longest waiting first; of the built-in provider, which
/// tells nothing by itself, only those whose last outcome is not known.
pub async fn open_since(client: &Client, before: Timestamp, limit: i64) -> Result<Vec<OrderId>, StoreError> {
    let rows = client.query(OPEN, &[&before, &limit]).await?;
    Ok(rows.iter().map(|row| OrderId::from_uuid(row.get(0))).collect())
}

/// Orders with refunds whose next call is due.
pub async fn refunds_due(client: &Client, now: Timestamp, limit: i64) -> Result<Vec<OrderId>, StoreError> {
    let rows = client.query(REFUNDS_DUE, &[&now, &limit]).await?;
    Ok(rows.iter().map(|row| OrderId::from_uuid(row.get(0))).collect())
}

fn currency(row: &Row, index: usize) -> Result<Currency, StoreError> {
    row.get::<_, &str>(index).parse().map_err(|_| StoreError::inconsistent("payment", "currency"))
}

fn money(row: &Row, amount: usize, code: usize) -> Result<Money, StoreError> {
    let bad = |error| StoreError::inconsistent("payment", error);
    Money::new(row.get(amount), currency(row, code)?).map_err(bad)
}

fn payment_from_row(row: &Row) -> Result<PaymentRecord, StoreError> {
    let provider = PaymentProvider::parse(row.get(2));
    let provider = provider.ok_or_else(|| StoreError::inconsistent("payment", "provider"))?;
    let mut state = Payment::new(provider, money(row, 3, 4)?);
    state.settled_by = row.get::<_, Option<Uuid>>(6).map(PaymentAttemptId::from_uuid);
    Ok(PaymentRecord {
        id: PaymentId::from_uuid(row.get(0)),
        order_id: OrderId::from_uuid(row.get(1)),
        state,
        capture: row.get(5),
        version: row.get(7),
        customer_id: row.get::<_, Option<Uuid>>(8).map(CustomerId::from_uuid),
        save_method: row.get(9),
        details: BTreeMap::new(),
        refunds: Vec::new(),
    })
}

fn attempt_from_row(row: &Row) -> Result<(Attempt, AttemptDetails), StoreError> {
    let bad = |what: &str| StoreError::inconsistent("payment_attempt", what);
    let currency = currency(row, 6)?;
    let in_currency = |amount: i64, currency| Money::new(amount, currency).map_err(|_| bad("amount"));
    let mut attempt =
        Attempt::new(PaymentAttemptId::from_uuid(row.get(0)), in_currency(row.get(4), currency)?);
    attempt.capture_amount = in_currency(row.get(5), currency)?;
    attempt.status = AttemptStatus::parse(row.get(3)).ok_or_else(|| bad("status"))?;
    attempt.captured =
        row.get::<_, Option<i64>>(7).map(|amount| in_currency(amount, currency)).transpose()?;
    if let (Some(amount), Some(code)) = (row.get::<_, Option<i64>>(8), row.get::<_, Option<&str>>(9)) {
        let told = code.parse().map_err(|_| bad("mismatch_currency"))?;
        attempt.mismatch = Some(in_currency(amount, told)?);
    }
    let details = AttemptDetails {
        provider_ref: row.get(2),
        unknown_since: row.get(10),
        client_secret: row.get(11),
        next_action: row.get(12),
        error_code: row.get(13),
        confirmations: row.get(14),
        created_at: row.get(15),
        retrying: row.get(16),
        payer_ref: row.get(17),
    };
    Ok((attempt, details))
}

fn refund_from_row(row: &Row) -> Result<RefundRow, StoreError> {
    let stage = match row.get(6) {
        "pending" => RefundStage::Pending,
        "succeeded" => RefundStage::Succeeded,
        "failed" => RefundStage::Failed,
        other => return Err(StoreError::inconsistent("refund", other)),
    };
    Ok(RefundRow {
        id: RefundId::from_uuid(row.get(0)),
        order_id: OrderId::from_uuid(row.get(1)),
        attempt_id: PaymentAttemptId::from_uuid(row.get(2)),
        provider_ref: row.get(3),
        amount: money(row, 4, 5)?,
        stage,
        reason: row.get(7),
        lines: row.get(8),
        restock: row.get(9),
        error_code: row.get(10),
        calls: row.get(11),
        next_call_at: row.get(12),
        version: row.get(13),
        created_at: row.get(14),
        updated_at: row.get(15),
    })
}

fn dispute_stage(word: &str) -> Result<DisputeStage, StoreError> {
    Ok(match word {
        "inquiry" => DisputeStage::Inquiry,
        "opened" => DisputeStage::Opened,
        "lost" => DisputeStage::Lost,
        "won" => DisputeStage::Won,
        other => return Err(StoreError::inconsistent("dispute", other)),
    })
}
