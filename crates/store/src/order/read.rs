//! Orders read: by their owner, or by staff.

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::Address;
use tradepost_domain::kernel::ids::{
    CartId, ChannelId, CustomerId, EntityId, OrderId, OrderLineId, ProductId, VariantId,
};
use tradepost_domain::order::{FulfillmentStatus, OrderStatus};
use tradepost_domain::payment::PaymentStatus;
use uuid::Uuid;

use super::{OrderLineRow, OrderRow, OrderTotals};
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

macro_rules! orders {
    ($tail:literal) => {
        concat!(
            "
        select o.id, o.number, o.channel_id, o.cart_id, o.customer_id, o.email, o.locale, o.currency, o.status, o.payment_status,
               o.fulfillment_status, o.subtotal, o.discount, o.shipping, o.tax, o.tax_included, o.total, o.captured, o.refunded,
               o.shipping_address, o.billing_address, o.shipping_method, o.pricing, o.coupons, o.metadata, o.version, o.placed_at,
               o.updated_at, o.expires_at, o.confirmed_at, o.completed_at, o.canceled_at, o.cancel_reason
          from orders o",
            $tail
        )
    };
}

sql! {
    // A guest is known by a token, a customer by an id; the absent one of the two matches nothing.
    GET_OWNED = orders!("
         where o.id = $1 and (o.customer_id = $2 or o.token_hash = $3)");
    GET = orders!("
         where o.id = $1");
    GET_FOR_UPDATE = orders!("
         where o.id = $1
           for no key update");
    FIND_BY_NUMBER = orders!("
         where o.number = $1");
    FIND_BY_CART = orders!("
         where o.cart_id = $1");
    LIST_OF_CUSTOMER = orders!("
         where o.customer_id = $1 and ($2::uuid is null or o.id < $2)
         order by o.id desc
         limit $3");
    LIST = orders!("
         where ($1::text is null or o.status = $1)
           and ($2::text is null or o.payment_status = $2)
           and ($3::text is null or o.fulfillment_status = $3)
           and ($4::uuid is null or o.customer_id = $4)
           and ($5::text is null or (mailbox(o.email) = mailbox($5) and lower(o.email) = lower($5)))
           and ($6::text is null or o.number = $6)
           and ($7::uuid is null or o.channel_id = $7)
           and ($8::timestamptz is null or o.placed_at >= $8)
           and ($9::timestamptz is null or o.placed_at < $9)
           and ($10::uuid is null or o.id < $10)
         order by o.id desc
         limit $11");
    COUNT = "
        select count(*)
          from orders o
         where ($1::text is null or o.status = $1)
           and ($2::text is null or o.payment_status = $2)
           and ($3::text is null or o.fulfillment_status = $3)
           and ($4::uuid is null or o.customer_id = $4)
           and ($5::text is null or (mailbox(o.email) = mailbox($5) and lower(o.email) = lower($5)))
           and ($6::text is null or o.number = $6)
           and ($7::uuid is null or o.channel_id = $7)
           and ($8::timestamptz is null or o.placed_at >= $8)
           and ($9::timestamptz is null or o.placed_at < $9)";
    EXPLANATION = "
        select id, explanation from orders where id = $1 or number = $2";
    LINES = "
        select id, order_id, variant_id, product_id, sku, title, product, quantity, unit_price, discount, total, tax, weight_grams,
               fulfilled, returned, refunded_quantity, refunded_amount, metadata, canceled, requires_shipping
          from order_line
         where order_id = any ($1)
         order by order_id, position";
    BUYER = "
        select coalesce((select group_ids from customer where id = $1 and status = 'active'), '{}'),
               not exists (select 1 from orders where customer_id = $1 and status <> 'canceled')
               and not exists (select 1 from orders where mailbox(email) = $2 and status <> 'canceled')";
    EXPIRED = "
        select id from orders
         where expires_at <= $1
         order by expires_at
         limit $2";
}

/// Who opens an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderOwner {
    /// Whoever has the order's token, of which this is the SHA-256.
    Guest(Vec<u8>),
    /// A customer who is signed in.
    Customer(CustomerId),
}

/// What staff look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only in this state.
    pub status: Option<OrderStatus>,
    /// Only in this state of payment.
    pub payment_status: Option<PaymentStatus>,
    /// Only in this state of sending.
    pub fulfillment_status: Option<FulfillmentStatus>,
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only with this e-mail address, as it was written.
    pub email: Option<String>,
    /// Only with this number.
    pub number: Option<String>,
    /// Only of this channel.
    pub channel_id: Option<ChannelId>,
    /// Only placed at this time or later.
    pub placed_from: Option<Timestamp>,
    /// Only placed before this time.
    pub placed_before: Option<Timestamp>,
}

fn word<T>(row: &Row, index: usize, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let text: &str = row.get(index);
    parse(text).ok_or_else(|| StoreError::inconsistent("orders", text))
}

fn from_row(row: &Row) -> Result<OrderRow, StoreError> {
    let bad = |column: &str| StoreError::inconsistent("orders", column);
    Ok(OrderRow {
        id: OrderId::from_uuid(row.get(0)),
        number: row.get::<_, &str>(1).parse().map_err(|_| bad("number"))?,
        channel_id: ChannelId::from_uuid(row.get(2)),
        cart_id: row.get::<_, Option<Uuid>>(3).map(CartId::from_uuid),
        customer_id: row.get::<_, Option<Uuid>>(4).map(CustomerId::from_uuid),
        email: row.get(5),
        locale: row.get::<_, &str>(6).parse().map_err(|_| bad("locale"))?,
        currency: row.get::<_, &str>(7).parse().map_err(|_| bad("currency"))?,
        status: word(row, 8, OrderStatus::parse)?,
        payment_status: word(row, 9, PaymentStatus::parse)?,
        fulfillment_status: word(row, 10, FulfillmentStatus::parse)?,
        totals: OrderTotals {
            subtotal: row.get(11),
            discount: row.get(12),
            shipping: row.get(13),
            tax: row.get(14),
            tax_included: row.get(15),
            total: row.get(16),
        },
        captured: row.get(17),
        refunded: row.get(18),
        shipping_address: row.get::<_, Option<Json<Address>>>(19).map(|address| address.0),
        billing_address: row.get::<_, Option<Json<Address>>>(20).map(|address| address.0),
        shipping_method: row.get(21),
        pricing: row.get(22),
        coupons: row.get(23),
        metadata: row.get::<_, Json<Metadata>>(24).0,
        version: row.get(25),
        placed_at: row.get(26),
        updated_at: row.get(27),
        expires_at: row.get(28),
        confirmed_at: row.get(29),
        completed_at: row.get(30),
        canceled_at: row.get(31),
        cancel_reason: row.get(32),
        lines: Vec::new(),
    })
}

fn line_from_row(row: &Row) -> Result<(OrderId, OrderLineRow), StoreError> {
    let units = |index: usize| {
        u32::try_from(row.get::<_, i32>(index)).map_err(|_| StoreError::inconsistent("order_line", "units"))
    };
    let line = OrderLineRow {
        id: OrderLineId::from_uuid(row.get(0)),
        variant_id: VariantId::from_uuid(row.get(2)),
        product_id: ProductId::from_uuid(row.get(3)),
        sku: row.get(4),
        title: row.get(5),
        product: row.get(6),
        quantity: units(7)?,
        unit_price: row.get(8),
        discount: row.get(9),
        total: row.get(10),
        tax: row.get(11),
        weight_grams: row.get(12),
        requires_shipping: row.get(19),
        fulfilled: units(13)?,
        canceled: units(18)?,
        returned: units(14)?,
        refunded_quantity: units(15)?,
        refunded_amount: row.get(16),
        metadata: row.get::<_, Json<Metadata>>(17).0,
    };
    Ok((OrderId::from_uuid(row.get(1)), line))
}

async fn with_lines(client: &Client, rows: Vec<Row>) -> Result<Vec<OrderRow>, StoreError> {
    let mut orders = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.as_uuid()).collect();
    for row in client.query(LINES, &[&ids]).await? {
        let (id, line) = line_from_row(&row)?;
        if let Some(order) = orders.iter_mut().find(|order| order.id == id) {
            order.lines.push(line);
        }
    }
    Ok(orders)
}

async fn one(client: &Client, row: Option<Row>) -> Result<Option<OrderRow>, StoreError> {
    match row {
        Some(row) => Ok(with_lines(client, vec![row]).await?.pop()),
        None => Ok(None),
    }
}

/// An owner's order with its lines.
pub async fn get_owned(
    client: &Client,
    id: OrderId,
    owner: &OrderOwner,
) -> Result<Option<OrderRow>, StoreError> {
    let (customer, token): (Option<Uuid>, Option<&[u8]>) = match owner {
        OrderOwner::Guest(hash) => (None, Some(hash)),
        OrderOwner::Customer(id) => (Some(id.as_uuid()), None),
    };
    let row = client.query_opt(GET_OWNED, &[&id.as_uuid(), &customer, &token]).await?;
    one(client, row).await
}

/// An order with its lines, for staff and for the shop itself.
pub async fn get(client: &Client, id: OrderId) -> Result<Option<OrderRow>, StoreError> {
    let row = client.query_opt(GET, &[&id.as_uuid()]).await?;
    one(client, row).await
}

/// An order with its lines, kept from other writers until the transaction ends.
pub async fn get_for_update(tx: &Tx, id: OrderId) -> Result<Option<OrderRow>, StoreError> {
    let row = tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?;
    one(tx, row).await
}

/// Why an order comes to what it does, as pricing explained it; named by its id or its number.
pub async fn explanation(
    client: &Client,
    (id, number): (Option<OrderId>, Option<&str>),
) -> Result<Option<(OrderId, Box<RawValue>)>, StoreError> {
    let row = client.query_opt(EXPLANATION, &[&id.map(|id| id.as_uuid()), &number]).await?;
    let Some(row) = row else { return Ok(None) };
    let Json(explanation): Json<&RawValue> = row.get(1);
    Ok(Some((OrderId::from_uuid(row.get(0)), explanation.to_owned())))
}

/// The order with a number, for staff.
pub async fn find_by_number(client: &Client, number: &str) -> Result<Option<OrderRow>, StoreError> {
    let row = client.query_opt(FIND_BY_NUMBER, &[&number]).await?;
    one(client, row).await
}

/// The order that a cart became. Whoever asks has opened the cart.
pub async fn find_by_cart(client: &Client, cart: CartId) -> Result<Option<OrderRow>, StoreError> {
    let row = client.query_opt(FIND_BY_CART, &[&cart.as_uuid()]).await?;
    one(client, row).await
}

/// A customer's orders behind `after`, newest first, with their lines.
pub async fn list_of_customer(
    client: &Client,
    customer: CustomerId,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let params: crate::db::Params<'_> = &[&customer.as_uuid(), &after.map(|id| id.as_uuid()), &limit];
    let rows = client.query(LIST_OF_CUSTOMER, params).await?;
    with_lines(client, rows).await
}

/// Orders behind `after`, newest first, with their lines.
pub async fn list(
    client: &Client,
    filter: &OrderFilter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let words = filter.words();
    let params: crate::db::Params<'_> = &[
        &words.0,
        &words.1,
        &words.2,
        &filter.customer_id.map(|id| id.as_uuid()),
        &filter.email,
        &filter.number,
        &filter.channel_id.map(|id| id.as_uuid()),
        &filter.placed_from,
        &filter.placed_before,
        &after.map(|id| id.as_uuid()),
        &limit,
    ];
    let rows = client.query(LIST, params).await?;
    with_lines(client, rows).await
}

/// How many orders a filter finds.
pub async fn count(client: &Client, filter: &OrderFilter) -> Result<i64, StoreError> {
    let words = filter.words();
    let params: crate::db::Params<'_> = &[
        &words.0,
        &words.1,
        &words.2,
        &filter.customer_id.map(|id| id.as_uuid()),
        &filter.email,
        &filter.number,
        &filter.channel_id.map(|id| id.as_uuid()),
        &filter.placed_from,
        &filter.placed_before,
    ];
    Ok(client.query_one(COUNT, params).await?.get(0))
}

impl OrderFilter {
    fn words(&self) -> (Option<&'static str>, Option<&'static str>, Option<&'static str>) {
        (
            self.status.map(OrderStatus::as_str),
            self.payment_status.map(PaymentStatus::as_str),
            self.fulfillment_status.map(FulfillmentStatus::as_str),
        )
    }
}

/// Up to `limit` orders that nobody paid in time. Only candidates: whoever gives one up asks again under its lock.
pub async fn expired(client: &Client, now: Timestamp, limit: i64) -> Result<Vec<OrderId>, StoreError> {
    let rows = client.query(EXPIRED, &[&now, &limit]).await?;
    Ok(rows.iter().map(|row| OrderId::from_uuid(row.get(0))).collect())
}

/// What rules ask of a buyer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buyer {
    /// Groups of the customer.
    pub group_ids: Vec<Uuid>,
    /// Whether nothing was ordered under the account or from the mailbox.
    pub is_new: bool,
}

/// What is known of a buyer by account and by mailbox (`tradepost_domain::promotion::customer_key`).
pub async fn buyer(
    client: &Client,
    customer: Option<CustomerId>,
    mailbox: Option<&str>,
) -> Result<Buyer, StoreError> {
    let row = client.query_one(BUYER, &[&customer.map(|id| id.as_uuid()), &mailbox]).await?;
    Ok(Buyer { group_ids: row.get(0), is_new: row.get(1) })
}
