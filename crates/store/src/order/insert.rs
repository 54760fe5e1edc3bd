//! New orders: the head, its lines, and nothing that decides; all statements of an order travel in one flight.

use tokio_postgres::types::Json;
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use uuid::Uuid;

use super::{OrderLineRow, OrderRow};
use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into orders (id, number, channel_id, cart_id, customer_id, email, token_hash, locale, currency, status,
                            payment_status, fulfillment_status, subtotal, discount, shipping, tax, tax_included, total,
                            shipping_address, billing_address, shipping_method, pricing, coupons, metadata, version, placed_at,
                            updated_at, expires_at, confirmed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                $25, $26, $26, $27, $28)";
    INSERT_LINES = "
        insert into order_line (id, order_id, position, variant_id, product_id, sku, title, product, quantity, unit_price,
                                discount, total, tax, weight_grams, requires_shipping, metadata)
        select l.id, $1, l.position, l.variant_id, l.product_id, l.sku, l.title, l.product, l.quantity, l.unit_price, l.discount,
               l.total, l.tax, l.weight_grams, true, l.metadata
          from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::int4[], $9::int8[],
                      $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::jsonb[])
               with ordinality
               as l (id, variant_id, product_id, sku, title, product, quantity, unit_price, discount, total, tax, weight_grams,
                     metadata, position)";
    TAKEN_NUMBERS = "
        select number from orders where number = any ($1)";
}

/// Stores a new order with its lines; `token_hash` opens a guest's.
///
/// The unique key `orders_cart_id_key` refuses a second order of one cart.
pub async fn insert(tx: &Tx, order: &OrderRow, token_hash: Option<&[u8]>) -> Result<(), StoreError> {
    let head = insert_head(tx, order, token_hash);
    futures_util::future::try_join(head, insert_lines(tx, order.id, &order.lines)).await.map(drop)
}

async fn insert_head(tx: &Tx, order: &OrderRow, token_hash: Option<&[u8]>) -> Result<(), StoreError> {
    let totals = &order.totals;
    let params: Params<'_> = &[
        &order.id.as_uuid(),
        &order.number.as_str(),
        &order.channel_id.as_uuid(),
        &order.cart_id.map(|id| id.as_uuid()),
        &order.customer_id.map(|id| id.as_uuid()),
        &order.email,
        &token_hash,
        &order.locale.as_str(),
        &order.currency.code(),
        &order.status.as_str(),
        &order.payment_status.as_str(),
        &order.fulfillment_status.as_str(),
        &totals.subtotal,
        &totals.discount,
        &totals.shipping,
        &totals.tax,
        &totals.tax_included,
        &totals.total,
        &order.shipping_address.as_ref().map(Json),
        &order.billing_address.as_ref().map(Json),
        &order.shipping_method,
        &order.pricing,
        &order.coupons,
        &Json(&order.metadata),
        &order.version,
        &order.placed_at,
        &order.expires_at,
        &order.confirmed_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

async fn insert_lines(tx: &Tx, order: OrderId, lines: &[OrderLineRow]) -> Result<(), StoreError> {
    let uuids = |id: fn(&OrderLineRow) -> Uuid| lines.iter().map(id).collect::<Vec<_>>();
    let amounts = |amount: fn(&OrderLineRow) -> i64| lines.iter().map(amount).collect::<Vec<_>>();
    let quantities: Vec<i32> =
        lines.iter().map(|line| i32::try_from(line.quantity).unwrap_or(i32::MAX)).collect();
    let skus: Vec<Option<&str>> = lines.iter().map(|line| line.sku.as_deref()).collect();
    let titles: Vec<&str> = lines.iter().map(|line| line.title.as_str()).collect();
    let products: Vec<&serde_json::Value> = lines.iter().map(|line| &line.product).collect();
    let weights: Vec<Option<i64>> = lines.iter().map(|line| line.weight_grams).collect();
    let metadata: Vec<Json<&Metadata>> = lines.iter().map(|line| Json(&line.metadata)).collect();
    let params: Params<'_> = &[
        &order.as_uuid(),
        &uuids(|line| line.id.as_uuid()),
        &uuids(|line| line.variant_id.as_uuid()),
        &uuids(|line| line.product_id.as_uuid()),
        &skus,
        &titles,
        &products,
        &quantities,
        &amounts(|line| line.unit_price),
        &amounts(|line| line.discount),
        &amounts(|line| line.total),
        &amounts(|line| line.tax),
        &weights,
        &metadata,
    ];
    tx.execute(INSERT_LINES, params).await.map(drop)
}

/// Which of some numbers are taken.
pub async fn taken_numbers(client: &Client, numbers: &[&str]) -> Result<Vec<String>, StoreError> {
    Ok(client.query(TAKEN_NUMBERS, &[&numbers]).await?.iter().map(|row| row.get(0)).collect())
}
