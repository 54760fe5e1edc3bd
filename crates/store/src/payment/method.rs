//! What customers keep to pay with, and as whom a provider knows them.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, OrderId, PaymentAttemptId, SavedPaymentMethodId};
use tradepost_domain::payment::PaymentProvider;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

/// Payment methods that a customer can keep.
pub const METHODS_MAX: i64 = 50;

sql! {
    /// The address of the first time: a provider that is asked again under the same key wants the same words.
    CLAIM_CUSTOMER = "
        insert into provider_customer as known (customer_id, provider, email, created_at)
        select id, $2, email, $3 from customer where id = $1 and status = 'active'
            on conflict (customer_id, provider) do update set email = known.email
        returning email, provider_ref";
    NAME_CUSTOMER = "
        update provider_customer
           set provider_ref = coalesce(provider_ref, $3)
         where customer_id = $1 and provider = $2
        returning provider_ref";
    /// The first answer holds, whoever asks at the same time.
    PIN_PAYER = "
        update payment_attempt a
           set payer_ref = coalesce(a.payer_ref,
                                    (select c.provider_ref
                                       from provider_customer c
                                      where c.customer_id = $2 and c.provider = a.provider),
                                    '')
         where a.id = $1
        returning payer_ref";
    /// Once for each order: what a customer has forgotten since is not kept again by a repeat. The customer's row is locked, so
    /// that nothing is kept for one who is erased meanwhile.
    KEEP = "
        with owner as materialized (
            select id from customer where id = $1 and status = 'active' for no key update),
        once as (
            update payment set save_method = false where order_id = $2 and save_method returning 1),
        kept as (
            insert into saved_payment_method (id, customer_id, provider, provider_ref, kind, brand, last4, exp_month, exp_year,
                                              created_at)
            select $3, owner.id, $4, $5, $6, $7, $8, $9, $10, $11
              from owner, once
             where (select count(*) from saved_payment_method where customer_id = $1) < $12
                on conflict (customer_id, provider, provider_ref) do nothing
            returning 1)
        select exists (select from once) and not exists (select from kept)
               and not exists (select from saved_payment_method m
                                where m.customer_id = $1 and m.provider = $4 and m.provider_ref = $5)";
    KEEP_NOTHING = "
        update payment set save_method = false where order_id = $1 and save_method";
    LIST = "
        select id, provider, provider_ref, kind, brand, last4, exp_month, exp_year, created_at
          from saved_payment_method
         where customer_id = $1 and ($2::uuid is null or id < $2)
         order by id desc
         limit $3";
    COUNT = "
        select count(*) from saved_payment_method where customer_id = $1";
    GET = "
        select id, provider, provider_ref, kind, brand, last4, exp_month, exp_year, created_at
          from saved_payment_method
         where customer_id = $1 and id = $2";
    DELETE = "
        delete from saved_payment_method
         where customer_id = $1 and id = $2
        returning id, provider, provider_ref, kind, brand, last4, exp_month, exp_year, created_at";
    DELETE_ALL = "
        with known as (delete from provider_customer where customer_id = $1)
        delete from saved_payment_method
         where customer_id = $1
        returning id, provider, provider_ref, kind, brand, last4, exp_month, exp_year, created_at";
}

/// A payment method that a customer keeps: what may be shown of it, and the provider's id, which is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedMethodRow {
    /// Id.
    pub id: SavedPaymentMethodId,
    /// Who has it.
    pub provider: PaymentProvider,
    /// The provider's id of it.
    pub provider_ref: String,
    /// What it is, such as `card`.
    pub kind: String,
    /// Brand of a card.
    pub brand: Option<String>,
    /// Last four digits of a card.
    pub last4: Option<String>,
    /// Month in which a card expires.
    pub exp_month: Option<i16>,
    /// Year in which a card expires.
    pub exp_year: Option<i16>,
    /// When it was kept.
    pub created_at: Timestamp,
}

/// What a provider is to be told of a customer, and its id of them, once known.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderCustomer {
    /// Address, as it was when the provider was first asked.
    pub email: String,
    /// The provider's id.
    pub provider_ref: Option<String>,
}

/// Notes that a provider is to know a customer; `None` for one who is not there any more.
pub async fn claim_customer(
    client: &Client,
    customer: CustomerId,
    provider: PaymentProvider,
    now: Timestamp,
) -> Result<Option<ProviderCustomer>, StoreError> {
    let row = client.query_opt(CLAIM_CUSTOMER, &[&customer.as_uuid(), &provider.as_str(), &now]).await?;
    Ok(row.map(|row| ProviderCustomer { email: row.get(0), provider_ref: row.get(1) }))
}

/// Notes the provider's id of a customer; the first one holds.
pub async fn name_customer(
    client: &Client,
    customer: CustomerId,
    provider: PaymentProvider,
    provider_ref: &str,
) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[&customer.as_uuid(), &provider.as_str(), &provider_ref];
    client.query_opt(NAME_CUSTOMER, params).await.map(drop)
}

/// Settles for whom an attempt is made: the customer as the provider knows them by now, or nobody. Answers the provider's id.
pub async fn pin_payer(
    client: &Client,
    attempt: PaymentAttemptId,
    customer: CustomerId,
) -> Result<Option<String>, StoreError> {
    let row = client.query_one(PIN_PAYER, &[&attempt.as_uuid(), &customer.as_uuid()]).await?;
    Ok(Some(row.get::<_, String>(0)).filter(|payer| !payer.is_empty()))
}

/// Keeps what an order was paid with, where that is still to be done. Answers whether the provider is to forget it, because it
/// cannot be kept: the customer is erased, or has as many as one may.
pub async fn keep(
    tx: &Tx,
    (customer, order): (CustomerId, OrderId),
    row: &SavedMethodRow,
) -> Result<bool, StoreError> {
    let params: crate::db::Params<'_> = &[
        &customer.as_uuid(),
        &order.as_uuid(),
        &row.id.as_uuid(),
        &row.provider.as_str(),
        &row.provider_ref,
        &row.kind,
        &row.brand,
        &row.last4,
        &row.exp_month,
        &row.exp_year,
        &row.created_at,
        &METHODS_MAX,
    ];
    Ok(tx.query_one(KEEP, params).await?.get(0))
}

/// Notes that there is nothing to keep of what an order was paid with.
pub async fn keep_nothing(client: &Client, order: OrderId) -> Result<(), StoreError> {
    client.execute(KEEP_NOTHING, &[&order.as_uuid()]).await.map(drop)
}

/// What a customer keeps, newest first, older than `after`.
pub async fn list(
    client: &Client,
    customer: CustomerId,
    after: Option<SavedPaymentMethodId>,
    limit: i64,
) -> Result<Vec<SavedMethodRow>, StoreError> {
    let after = after.map(|id| id.as_uuid());
    let rows = client.query(LIST, &[&customer.as_uuid(), &after, &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many a customer keeps.
pub async fn count(client: &Client, customer: CustomerId) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&customer.as_uuid()]).await?.get(0))
}

/// One of a customer's own.
pub async fn get(
    client: &Client,
    customer: CustomerId,
    id: SavedPaymentMethodId,
) -> Result<Option<SavedMethodRow>, StoreError> {
    let row = client.query_opt(GET, &[&customer.as_uuid(), &id.as_uuid()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Deletes one of a customer's own; answers it.
pub async fn delete(
    tx: &Tx,
    customer: CustomerId,
    id: SavedPaymentMethodId,
) -> Result<Option<SavedMethodRow>, StoreError> {
    let row = tx.query_opt(DELETE, &[&customer.as_uuid(), &id.as_uuid()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Deletes all that a customer keeps, and as whom providers know them; answers what was kept.
pub async fn delete_all(tx: &Tx, customer: CustomerId) -> Result<Vec<SavedMethodRow>, StoreError> {
    tx.query(DELETE_ALL, &[&customer.as_uuid()]).await?.iter().map(from_row).collect()
}

fn from_row(row: &Row) -> Result<SavedMethodRow, StoreError> {
    let provider = PaymentProvider::parse(row.get(1));
    Ok(SavedMethodRow {
        id: SavedPaymentMethodId::from_uuid(row.get(0)),
        provider: provider.ok_or_else(|| StoreError::inconsistent("saved_payment_method", "provider"))?,
        provider_ref: row.get(2),
        kind: row.get(3),
        brand: row.get(4),
        last4: row.get(5),
        exp_month: row.get(6),
        exp_year: row.get(7),
        created_at: row.get(8),
    })
}
