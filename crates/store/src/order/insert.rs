//! New orders: their heads, their lines, and nothing that decides; any number of orders in one flight.

use serde_json::value::RawValue;
use tokio_postgres::types::Json;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use uuid::Uuid;

use super::{OrderLineRow, OrderRow, OrderTotals};
use crate::db::{Client, Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // A coupon's code holds no comma.
    INSERT = "
        insert into orders (id, number, channel_id, cart_id, customer_id, email, token_hash, locale, currency, status,
                            payment_status, fulfillment_status, subtotal, discount, shipping, tax, tax_included, total,
                            shipping_address, billing_address, shipping_method, pricing, explanation, coupons, metadata, version,
                            placed_at, updated_at, expires_at, confirmed_at)
        select o.id, o.number, o.channel_id, o.cart_id, o.customer_id, o.email, o.token_hash, o.locale, o.currency, o.status,
               o.payment_status, o.fulfillment_status, o.subtotal, o.discount, o.shipping, o.tax, o.tax_included, o.total,
               o.shipping_address, o.billing_address, o.shipping_method, o.pricing, o.explanation, string_to_array(o.coupons, ','),
               o.metadata, o.version, o.placed_at, o.placed_at, o.expires_at, o.confirmed_at
          from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bytea[], $8::text[], $9::text[],
                      $10::text[], $11::text[], $12::text[], $13::int8[], $14::int8[], $15::int8[], $16::int8[], $17::bool[],
                      $18::int8[], $19::jsonb[], $20::jsonb[], $21::jsonb[], $22::json[], $23::text[], $24::jsonb[], $25::int8[],
                      $26::timestamptz[], $27::timestamptz[], $28::timestamptz[], $29::json[])
               as o (id, number, channel_id, cart_id, customer_id, email, token_hash, locale, currency, status, payment_status,
                     fulfillment_status, subtotal, discount, shipping, tax, tax_included, total, shipping_address,
                     billing_address, shipping_method, pricing, coupons, metadata, version, placed_at, expires_at, confirmed_at,
                     explanation)";
    INSERT_LINES = "
        insert into order_line (id, order_id, position, variant_id, product_id, sku, title, product, quantity, unit_price,
                                discount, total, tax, weight_grams, requires_shipping, metadata)
        select l.id, l.order_id, l.position, l.variant_id, l.product_id, l.sku, l.title, l.product, l.quantity, l.unit_price,
               l.discount, l.total, l.tax, l.weight_grams, l.requires_shipping, l.metadata
          from unnest($1::uuid[], $2::uuid[], $3::int4[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::json[], $9::int4[],
                      $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::jsonb[], $16::bool[])
               as l (id, order_id, position, variant_id, product_id, sku, title, product, quantity, unit_price, discount, total,
                     tax, weight_grams, metadata, requires_shipping)";
    TAKEN_NUMBERS = "
        select number from orders where number = any ($1)";
}

/// An order to store.
#[derive(Debug, Clone, Copy)]
pub struct NewOrder<'a> {
    /// The order with its lines.
    pub order: &'a OrderRow,
    /// SHA-256 of the secret that opens a guest's.
    pub token_hash: Option<&'a [u8]>,
    /// Why it comes to what it does, as pricing explained it.
    pub explanation: &'a RawValue,
}

/// Stores new orders with their lines, in two statements of one flight.
///
/// The unique key `orders_cart_id_key` refuses a second order of one cart.
pub async fn insert(tx: &Tx, orders: &[NewOrder<'_>]) -> Result<(), StoreError> {
    let heads = insert_heads(tx, orders);
    futures_util::future::try_join(heads, insert_lines(tx, orders)).await.map(drop)
}

async fn insert_heads(tx: &Tx, orders: &[NewOrder<'_>]) -> Result<(), StoreError> {
    fn column<'a, T>(orders: &'a [NewOrder<'_>], of: impl Fn(&'a OrderRow) -> T) -> Vec<T> {
        orders.iter().map(|new| of(new.order)).collect()
    }
    let hashes: Vec<Option<&[u8]>> = orders.iter().map(|new| new.token_hash).collect();
    let explanations: Vec<Json<&RawValue>> = orders.iter().map(|new| Json(new.explanation)).collect();
    let amounts = |of: fn(&OrderTotals) -> i64| column(orders, |order| of(&order.totals));
    let params: Params<'_> = &[
        &column(orders, |order| order.id.as_uuid()),
        &column(orders, |order| order.number.as_str()),
        &column(orders, |order| order.channel_id.as_uuid()),
        &column(orders, |order| order.cart_id.map(|id| id.as_uuid())),
        &column(orders, |order| order.customer_id.map(|id| id.as_uuid())),
        &column(orders, |order| order.email.as_str()),
        &hashes,
        &column(orders, |order| order.locale.as_str()),
        &column(orders, |order| order.currency.code()),
        &column(orders, |order| order.status.as_str()),
        &column(orders, |order| order.payment_status.as_str()),
        &column(orders, |order| order.fulfillment_status.as_str()),
        &amounts(|totals| totals.subtotal),
        &amounts(|totals| totals.discount),
        &amounts(|totals| totals.shipping),
        &amounts(|totals| totals.tax),
        &column(orders, |order| order.totals.tax_included),
        &amounts(|totals| totals.total),
        &column(orders, |order| order.shipping_address.as_ref().map(Json)),
        &column(orders, |order| order.billing_address.as_ref().map(Json)),
        &column(orders, |order| order.shipping_method.as_ref()),
        &column(orders, |order| &order.pricing),
        &column(orders, |order| order.coupons.join(",")),
        &column(orders, |order| Json(&order.metadata)),
        &column(orders, |order| order.version),
        &column(orders, |order| order.placed_at),
        &column(orders, |order| order.expires_at),
        &column(orders, |order| order.confirmed_at),
        &explanations,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

async fn insert_lines(tx: &Tx, orders: &[NewOrder<'_>]) -> Result<(), StoreError> {
    let numbered =
        orders.iter().flat_map(|new| (1_i32..).zip(&new.order.lines).map(|line| (new.order.id, line)));
    let lines: Vec<(OrderId, i32, &OrderLineRow)> =
        numbered.map(|(order, (position, line))| (order, position, line)).collect();
    let uuids = |of: fn(&OrderLineRow) -> Uuid| lines.iter().map(|(.., line)| of(line)).collect::<Vec<_>>();
    let amounts = |of: fn(&OrderLineRow) -> i64| lines.iter().map(|(.., line)| of(line)).collect::<Vec<_>>();
    let quantity = |line: &OrderLineRow| i32::try_from(line.quantity).unwrap_or(i32::MAX);
    let params: Params<'_> = &[
        &uuids(|line| line.id.as_uuid()),
        &lines.iter().map(|(order, ..)| order.as_uuid()).collect::<Vec<_>>(),
        &lines.iter().map(|(_, position, _)| *position).collect::<Vec<_>>(),
        &uuids(|line| line.variant_id.as_uuid()),
        &uuids(|line| line.product_id.as_uuid()),
        &lines.iter().map(|(.., line)| line.sku.as_deref()).collect::<Vec<_>>(),
        &lines.iter().map(|(.., line)| line.title.as_str()).collect::<Vec<_>>(),
        &lines.iter().map(|(.., line)| &line.product).collect::<Vec<_>>(),
        &lines.iter().map(|(.., line)| quantity(line)).collect::<Vec<_>>(),
        &amounts(|line| line.unit_price),
        &amounts(|line| line.discount),
        &amounts(|line| line.total),
        &amounts(|line| line.tax),
        &lines.iter().map(|(.., line)| line.weight_grams).collect::<Vec<_>>(),
        &lines.iter().map(|(.., line)| Json(&line.metadata)).collect::<Vec<_>>(),
        &lines.iter().map(|(.., line)| line.requires_shipping).collect::<Vec<_>>(),
    ];
    tx.execute(INSERT_LINES, params).await.map(drop)
}

/// Which of some numbers are taken.
pub async fn taken_numbers(client: &Client, numbers: &[&str]) -> Result<Vec<String>, StoreError> {
    Ok(client.query(TAKEN_NUMBERS, &[&numbers]).await?.iter().map(|row| row.get(0)).collect())
}
