//! What shoppers and staff see of an order.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::ids::{CustomerId, OrderId, OrderLineId, ProductId, VariantId};
use tradepost_domain::kernel::{Currency, Money, MoneyError};
use tradepost_store::order::{OrderLineRow, OrderRow};
use tradepost_store::payment::PaymentRecord;
use utoipa::ToSchema;

use crate::address::AddressView;
use crate::cart::view::TotalsView;
use crate::catalog::views::MoneyView;
use crate::payment::view::PaymentView;

/// An order, as it was agreed and as it stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderView {
    /// Id.
    #[schema(value_type = String, example = "ord_01000000000000000000000001")]
    pub id: OrderId,
    /// What people call it by.
    #[schema(value_type = String, example = "7K3M-92QX")]
    pub number: String,
    /// `pending`, `confirmed`, `completed` or `canceled`.
    #[schema(value_type = String)]
    pub status: &'static str,
    /// `not_required`, `pending`, `authorized`, `paid`, `partially_refunded`, `refunded`, `failed` or `mismatch`.
    #[schema(value_type = String)]
    pub payment_status: &'static str,
    /// `unfulfilled`, `partial`, `fulfilled` or `returned`.
    #[schema(value_type = String)]
    pub fulfillment_status: &'static str,
    /// Currency of all amounts, ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Language of its texts.
    pub locale: String,
    /// Where mails about it go.
    pub email: String,
    /// Whose it is; null for a guest's.
    #[schema(required = true, value_type = Option<String>)]
    pub customer_id: Option<CustomerId>,
    /// What was bought.
    pub lines: Vec<OrderLineView>,
    /// What it comes to: agreed once, never computed again.
    pub totals: TotalsView,
    /// Whether the other amounts contain the tax.
    pub tax_included: bool,
    /// What of it has been paid.
    pub captured: MoneyView,
    /// What of that has been given back.
    pub refunded: MoneyView,
    /// Where the goods go.
    #[schema(required = true)]
    pub shipping_address: Option<AddressView>,
    /// Where the bill goes.
    #[schema(required = true)]
    pub billing_address: Option<AddressView>,
    /// How it is sent.
    #[schema(required = true, value_type = Option<Object>)]
    pub shipping_method: Option<Value>,
    /// Discounts, taxes and coupons, as pricing said; why is told to staff alone.
    #[schema(value_type = Object)]
    pub pricing: Value,
    /// Its payment; null where nothing was to be paid.
    #[schema(required = true)]
    pub payment: Option<PaymentView>,
    /// What the client keeps with it.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was placed.
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it is given up, should nobody pay.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was given up.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub canceled_at: Option<Timestamp>,
    /// Why.
    #[schema(required = true)]
    pub cancel_reason: Option<String>,
}

/// A line of an order: `unit_price x quantity - discount = total`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderLineView {
    /// Id.
    #[schema(value_type = String, example = "oline_01000000000000000000000001")]
    pub id: OrderLineId,
    /// What was bought; it may be gone since.
    #[schema(value_type = String)]
    pub variant_id: VariantId,
    /// Its product.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// Its SKU on that day.
    #[schema(required = true)]
    pub sku: Option<String>,
    /// Its title on that day.
    pub title: String,
    /// What else was shown of it: handle, options, image.
    #[schema(value_type = Object)]
    pub product: Value,
    /// Units.
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: MoneyView,
    /// What was taken off the line.
    pub discount: MoneyView,
    /// What it came to.
    pub total: MoneyView,
    /// Tax of it.
    pub tax: MoneyView,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// Units sent.
    pub fulfilled: u32,
    /// Units that were paid back before they were sent, and are not to be sent any more.
    pub canceled: u32,
    /// Units that came back.
    pub returned: u32,
    /// Money that was given back for it.
    pub refunded: MoneyView,
    /// What the client keeps with it.
    #[schema(value_type = Object)]
    pub metadata: Metadata,
}

/// What a new order is answered with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedOrderView {
    /// The order.
    #[schema(value_type = OrderView)]
    pub order: Box<RawValue>,
    /// The secret that opens it, to be sent as `Order-Token`: told once, to guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_token: Option<String>,
    /// Its payment; null where nothing is to be paid.
    #[schema(required = true)]
    pub payment: Option<PaymentView>,
    /// What the provider's script in the shopper's browser goes on with.
    #[schema(required = true)]
    pub payment_client_secret: Option<String>,
}

fn line_view(
    line: &OrderLineRow,
    money: &dyn Fn(i64) -> Result<MoneyView, MoneyError>,
) -> Result<OrderLineView, MoneyError> {
    Ok(OrderLineView {
        id: line.id,
        variant_id: line.variant_id,
        product_id: line.product_id,
        sku: line.sku.clone(),
        title: line.title.clone(),
        product: line.product.clone(),
        quantity: line.quantity,
        unit_price: money(line.unit_price)?,
        discount: money(line.discount)?,
        total: money(line.total)?,
        tax: money(line.tax)?,
        requires_shipping: line.requires_shipping,
        fulfilled: line.fulfilled,
        canceled: line.canceled,
        returned: line.returned,
        refunded: money(line.refunded_amount)?,
        metadata: line.metadata.clone(),
    })
}

/// The order as it is shown.
pub fn view(order: &OrderRow, payment: Option<&PaymentRecord>) -> Result<OrderView, MoneyError> {
    let money = |amount: i64| Money::new(amount, order.currency).map(MoneyView::from);
    let totals = &order.totals;
    let lines = order.lines.iter().map(|line| line_view(line, &money)).collect::<Result<Vec<_>, _>>()?;
    Ok(OrderView {
        id: order.id,
        number: order.number.to_string(),
        status: order.status.as_str(),
        payment_status: order.payment_status.as_str(),
        fulfillment_status: order.fulfillment_status.as_str(),
        currency: order.currency,
        locale: order.locale.to_string(),
        email: order.email.clone(),
        customer_id: order.customer_id,
        lines,
        totals: TotalsView {
            subtotal: money(totals.subtotal)?,
            discount: money(totals.discount)?,
            shipping: money(totals.shipping)?,
            tax: money(totals.tax)?,
            total: money(totals.total)?,
        },
        tax_included: totals.tax_included,
        captured: money(order.captured)?,
        refunded: money(order.refunded)?,
        shipping_address: order.shipping_address.as_ref().map(AddressView::from),
        billing_address: order.billing_address.as_ref().map(AddressView::from),
        shipping_method: order.shipping_method.clone(),
        pricing: order.pricing.clone(),
        payment: payment.map(PaymentView::from),
        metadata: order.metadata.clone(),
        version: order.version,
        placed_at: order.placed_at,
        updated_at: order.updated_at,
        expires_at: order.expires_at,
        canceled_at: order.canceled_at,
        cancel_reason: order.cancel_reason.clone(),
    })
}
