//! Orders: inserted once, read by their owner, moved on under their row's lock.

pub mod erase;
pub mod fulfillment;
pub mod place;
pub mod read;
pub mod timeline;
pub mod update;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::ids::{
    CartId, ChannelId, CustomerId, OrderId, OrderLineId, ProductId, VariantId,
};
use tradepost_domain::kernel::{Address, Currency, Locale};
use tradepost_domain::order::{FulfillmentStatus, LineProgress, OrderNumber, OrderStatus};
use tradepost_domain::payment::PaymentStatus;

use crate::sql::Sql;

/// Every statement of orders.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [
        erase::STATEMENTS,
        fulfillment::STATEMENTS,
        place::STATEMENTS,
        read::STATEMENTS,
        timeline::STATEMENTS,
        update::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Amounts of an order, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTotals {
    /// Lines before discounts.
    pub subtotal: i64,
    /// What was taken off.
    pub discount: i64,
    /// Shipping.
    pub shipping: i64,
    /// Taxes.
    pub tax: i64,
    /// Whether the other amounts include the taxes.
    pub tax_included: bool,
    /// What is to be paid.
    pub total: i64,
}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRow {
    /// Id.
    pub id: OrderId,
    /// What people call it by.
    pub number: OrderNumber,
    /// Channel that it was placed in.
    pub channel_id: ChannelId,
    /// Cart that it was made of.
    pub cart_id: Option<CartId>,
    /// Whose it is; `None` for a guest's, which its secret token opens.
    pub customer_id: Option<CustomerId>,
    /// Where mails about it go.
    pub email: String,
    /// Language of its texts and mails.
    pub locale: Locale,
    /// Currency of all its amounts.
    pub currency: Currency,
    /// Where it stands.
    pub status: OrderStatus,
    /// How far it is paid.
    pub payment_status: PaymentStatus,
    /// How far it is sent.
    pub fulfillment_status: FulfillmentStatus,
    /// Amounts.
    pub totals: OrderTotals,
    /// Money that came in, minor units.
    pub captured: i64,
    /// Money that went back, minor units.
    pub refunded: i64,
    /// Where the goods go.
    pub shipping_address: Option<Address>,
    /// Where the bill goes.
    pub billing_address: Option<Address>,
    /// The way of shipping, as it was on that day.
    pub shipping_method: Option<Value>,
    /// What pricing said: discounts, taxes, and why.
    pub pricing: Value,
    /// Coupons that were used.
    pub coupons: Vec<String>,
    /// What the client keeps with it.
    pub metadata: Metadata,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it is given up, should nobody pay.
    pub expires_at: Option<Timestamp>,
    /// When it was first paid, authorized, or found to need no payment.
    pub confirmed_at: Option<Timestamp>,
    /// When everything was sent and paid.
    pub completed_at: Option<Timestamp>,
    /// When it was given up.
    pub canceled_at: Option<Timestamp>,
    /// Why.
    pub cancel_reason: Option<String>,
    /// Its lines, in order; empty where only the head was asked for.
    pub lines: Vec<OrderLineRow>,
}

/// A line of an order. Amounts are minor units of the order's currency.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderLineRow {
    /// Id.
    pub id: OrderLineId,
    /// What was bought; it may be gone since.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// Its SKU on that day.
    pub sku: Option<String>,
    /// Its title on that day.
    pub title: String,
    /// What else was shown of it: handle, options, image.
    pub product: Value,
    /// Units.
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: i64,
    /// What was taken off the line.
    pub discount: i64,
    /// `unit_price * quantity - discount`.
    pub total: i64,
    /// Tax of it.
    pub tax: i64,
    /// Weight of one unit.
    pub weight_grams: Option<i64>,
    /// Whether it had to be sent, on that day.
    pub requires_shipping: bool,
    /// Units sent.
    pub fulfilled: u32,
    /// Units that are not to be sent any more.
    pub canceled: u32,
    /// Units that came back.
    pub returned: u32,
    /// Units that were paid back.
    pub refunded_quantity: u32,
    /// Money that was paid back for it.
    pub refunded_amount: i64,
    /// What the client keeps with it.
    pub metadata: Metadata,
}

impl OrderLineRow {
    /// How far it is sent.
    pub fn progress(&self) -> LineProgress {
        LineProgress {
            quantity: self.quantity.saturating_sub(self.canceled),
            fulfilled: self.fulfilled,
            returned: self.returned,
        }
    }

    /// Units that are still to be sent.
    pub fn unsent(&self) -> u32 {
        self.quantity.saturating_sub(self.canceled).saturating_sub(self.fulfilled)
    }
}
