//! What a shopper did lately, for those who agreed to be shown what may suit them: of the log of searches by the hash of the
//! browser's id, and of a customer's orders.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, ProductId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // Of an account that was erased or closed nothing is known.
    DEEDS = "
        select product_id, action, at
          from ((select e.object_id as product_id, e.action, e.at
                   from search_query q
                   join search_event e on e.query_id = q.id
                  where q.client_id = $1 and q.at >= $3 and e.at >= $3 and e.action <> 'purchase'
                  order by e.at desc
                  limit $4)
                union all
                (select l.product_id, 'purchase', o.placed_at
                   from orders o
                   join order_line l on l.order_id = o.id
                   join customer c on c.id = o.customer_id and c.status = 'active'
                  where o.customer_id = $2 and o.placed_at >= $3 and o.status <> 'canceled'
                  order by o.placed_at desc
                  limit $4)) deed
         order by at desc, product_id
         limit $4";
    FORGET = "
        with own as (
            update search_query set client_id = null where client_id = $1 returning id)
        delete from search_event e using own where e.query_id = own.id";
}

/// Something that a shopper did with a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedRow {
    /// Which product.
    pub product_id: ProductId,
    /// `click`, `add_to_cart` or `purchase`.
    pub action: String,
    /// When.
    pub at: Timestamp,
}

/// What a browser, by its hash, and a customer did since a time: the last ones.
pub async fn deeds(
    client: &Client,
    (browser, customer): (Option<Uuid>, Option<CustomerId>),
    since: Timestamp,
    limit: i64,
) -> Result<Vec<DeedRow>, StoreError> {
    let customer = customer.map(|id| id.as_uuid());
    let rows = client.query(DEEDS, &[&browser, &customer, &since, &limit]).await?;
    let deed = |row: &tokio_postgres::Row| DeedRow {
        product_id: EntityId::from_uuid(row.get(0)),
        action: row.get(1),
        at: row.get(2),
    };
    Ok(rows.iter().map(deed).collect())
}

/// Forgets what a browser, by its hash, did: its searches stay as anybody's.
pub async fn forget(client: &Client, browser: Uuid) -> Result<(), StoreError> {
    client.execute(FORGET, &[&browser]).await.map(drop)
}
