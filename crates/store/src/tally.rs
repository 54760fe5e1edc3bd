//! What stands in the books of all orders, for whoever compares them with a provider's books and a stock-taking.

use std::collections::BTreeSet;

use tradepost_domain::kernel::ids::{EntityId, OrderId, VariantId};

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    ORDERS = "
        select o.id, o.cart_id is not null as of_cart, o.status, o.payment_status, o.total, coalesce(b.booked, 0)::int8 as booked,
               coalesce(r.refunds, 0)::int8 as refunds
          from orders o
          left join (select order_id, sum(amount) as booked
                       from ledger_entry
                      where account = 'psp_clearing'
                      group by order_id) b on b.order_id = o.id
          left join (select order_id, count(*) as refunds from refund where status <> 'failed' group by order_id) r
            on r.order_id = o.id";
    UNITS = "
        select l.variant_id, sum(l.quantity - l.canceled)::int8 as units
          from order_line l
          join orders o on o.id = l.order_id
         where o.status <> 'canceled'
         group by l.variant_id";
    EVENTS = "
        select event_id from webhook_inbox";
    DEADLOCKS = "
        select coalesce(sum(deadlocks), 0)::int8 from pg_stat_database where datname = current_database()";
}

/// How one order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTally {
    /// The order.
    pub id: OrderId,
    /// Whether it was made of a cart.
    pub of_cart: bool,
    /// Its status.
    pub status: String,
    /// How far it is paid.
    pub payment_status: String,
    /// What it comes to, minor units.
    pub total: i64,
    /// What the ledger says that is with the provider, minor units.
    pub booked: i64,
    /// Refunds that are done or on their way.
    pub refunds: i64,
}

/// How every order stands.
pub async fn orders(client: &Client) -> Result<Vec<OrderTally>, StoreError> {
    let rows = client.query(ORDERS, &[]).await?;
    let tally = |row: &tokio_postgres::Row| OrderTally {
        id: OrderId::from_uuid(row.get("id")),
        of_cart: row.get("of_cart"),
        status: row.get("status"),
        payment_status: row.get("payment_status"),
        total: row.get("total"),
        booked: row.get("booked"),
        refunds: row.get("refunds"),
    };
    Ok(rows.iter().map(tally).collect())
}

/// Units in orders that were not given up, by variant.
pub async fn units(client: &Client) -> Result<Vec<(VariantId, i64)>, StoreError> {
    let rows = client.query(UNITS, &[]).await?;
    Ok(rows.iter().map(|row| (VariantId::from_uuid(row.get(0)), row.get(1))).collect())
}

/// Deadlocks that the server has broken in this database, as far as its statistics have them.
pub async fn deadlocks(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(DEADLOCKS, &[]).await?.get(0))
}

/// Ids of the events of providers that are stored.
pub async fn events(client: &Client) -> Result<BTreeSet<String>, StoreError> {
    Ok(client.query(EVENTS, &[]).await?.iter().map(|row| row.get(0)).collect())
}
