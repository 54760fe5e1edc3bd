//! An order in the making: a priced cart put into the rows that are stored of it. Nothing here asks anybody.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tradepost_domain::cart::Cart;
use tradepost_domain::inventory::Want;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{CartLineId, EntityId, OrderId, OrderLineId, PaymentAttemptId};
use tradepost_domain::order::{FulfillmentStatus, OrderNumber, OrderStatus};
use tradepost_domain::payment::{Attempt, Payment, PaymentProvider, PaymentStatus};
use tradepost_domain::pricing::{PricedCart, PricedLine};
use tradepost_store::inventory::{Hold, ReserveOrder};
use tradepost_store::order::timeline::OrderEventRow;
use tradepost_store::order::{OrderLineRow, OrderRow, OrderTotals};
use tradepost_store::payment::{AttemptDetails, PaymentRecord};

use super::input::OrderCreate;
use super::missing;
use crate::cart::input::check_metadata;
use crate::cart::quote::Quote;
use crate::cart::view::product_view;
use crate::change::refuse;
use crate::error::WriteError;
use crate::secret::SecretToken;
use crate::shopper::ShopperContext;

/// Begins the secret of a guest's order.
pub const ORDER_TOKEN: &str = "ot";

/// An order that is about to be written.
#[derive(Debug)]
pub(super) struct Draft {
    /// The order with its lines.
    pub order: OrderRow,
    /// The secret of a guest's.
    pub token: Option<SecretToken>,
    /// What is owed; `None` where nothing is.
    pub payment: Option<PaymentRecord>,
    /// Why it comes to what it does: an order's amounts are explained for as long as it is kept.
    pub explanation: Box<RawValue>,
}

impl Draft {
    /// Whether a provider has to be asked before anything can be paid. The built-in one is not asked at all.
    pub fn asks_elsewhere(&self) -> bool {
        self.payment.as_ref().is_some_and(|payment| payment.state.provider != PaymentProvider::Test)
    }

    /// What it takes from the shelves.
    pub fn wanted(&self) -> ReserveOrder {
        let order = &self.order;
        let hold = match self.payment {
            Some(_) => Hold::Held { expires_at: order.expires_at },
            None => Hold::Allocated,
        };
        let lines = order.lines.iter().map(|line| Want {
            order_line_id: line.id,
            variant_id: line.variant_id,
            quantity: i64::from(line.quantity),
        });
        ReserveOrder { order_id: order.id, cause_id: order.id.as_uuid(), hold, lines: lines.collect() }
    }

    /// The first entry of its timeline.
    pub fn placed_event(&self, context: &ShopperContext) -> OrderEventRow {
        let (order, actor) = (&self.order, context.caller.actor);
        OrderEventRow {
            id: context.caller.shop.ids.next(),
            order_id: order.id,
            kind: "placed".to_owned(),
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.id(),
            data: json!({"total": {"amount": order.totals.total, "currency": order.currency.code()}}),
            created_at: order.placed_at,
        }
    }
}

/// Makes a priced cart into an order; `from_cart` where the cart is one that is stored.
pub(super) fn draft(
    context: &ShopperContext,
    (cart, from_cart): (&Cart, bool),
    (quote, create): (&Quote, &OrderCreate),
    (provider, now): (PaymentProvider, Timestamp),
) -> Result<Draft, WriteError> {
    let ids = context.caller.shop.ids.as_ref();
    let id: OrderId = context.caller.shop.ids.next();
    let total = quote.priced.totals.total;
    let free = total.amount() == 0;
    let line_ids: BTreeMap<CartLineId, OrderLineId> =
        quote.priced.lines.iter().map(|line| (line.id, context.caller.shop.ids.next())).collect();
    let lines = order_lines(cart, quote, &line_ids);
    let expires_at = now.saturating_add(context.caller.shop.checkout.reservation_ttl).unwrap_or(now);
    let email = cart.email.as_ref().map(|email| email.as_str().to_owned()).ok_or_else(missing)?;
    let mut metadata = cart.metadata.clone();
    metadata.extend(create.metadata.clone());
    // Each was checked alone; together they may be too many.
    refuse(check_metadata("$.metadata", &metadata))?;
    let order = OrderRow {
        id,
        number: draw_number(&ids.next_secret()),
        channel_id: cart.channel_id,
        cart_id: from_cart.then_some(cart.id),
        customer_id: cart.customer_id,
        email,
        locale: cart.locale.clone(),
        currency: cart.currency,
        status: if free { OrderStatus::Confirmed } else { OrderStatus::Pending },
        payment_status: if free { PaymentStatus::NotRequired } else { PaymentStatus::Pending },
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        totals: totals(&quote.priced),
        captured: 0,
        refunded: 0,
        shipping_address: cart.shipping_address.clone(),
        billing_address: cart.billing_address.clone().or_else(|| cart.shipping_address.clone()),
        shipping_method: shipping_method(&quote.priced),
        pricing: pricing(&quote.priced),
        coupons: cart.coupons.clone(),
        metadata,
        version: 1,
        placed_at: now,
        updated_at: now,
        expires_at: (!free).then_some(expires_at),
        confirmed_at: free.then_some(now),
        completed_at: None,
        canceled_at: None,
        cancel_reason: None,
        lines,
    };
    let token = cart.customer_id.is_none().then(|| SecretToken::draw(ORDER_TOKEN, ids));
    let payment = (!free).then(|| new_payment(context, (id, total), (provider, now), create.saves_method()));
    let explanation = to_raw_value(&quote.priced.explanation)?;
    Ok(Draft { order, token, payment, explanation })
}

/// The number that the last bits of a secret stand for: those in which also counted secrets of tests differ.
fn draw_number(secret: &[u8; 32]) -> OrderNumber {
    let bits = secret.iter().skip(24).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    OrderNumber::from_random(bits)
}

fn totals(priced: &PricedCart) -> OrderTotals {
    let totals = &priced.totals;
    OrderTotals {
        subtotal: totals.subtotal.amount(),
        discount: totals.discount.amount(),
        shipping: totals.shipping.amount(),
        tax: totals.tax.amount(),
        tax_included: priced.tax_included,
        total: totals.total.amount(),
    }
}

fn shipping_method(priced: &PricedCart) -> Option<Value> {
    priced.shipping.as_ref().map(|shipping| {
        json!({
            "id": shipping.shipping_method_id.to_string(),
            "name": shipping.name,
            "price": shipping.price,
            "discounts": shipping.discounts,
            "total": shipping.total,
            "tax": shipping.tax,
        })
    })
}

/// What pricing said, but for why.
fn pricing(priced: &PricedCart) -> Value {
    let line = |line: &PricedLine| {
        json!({
            "variant_id": line.variant_id.to_string(),
            "price_list_id": line.price_list_id.map(|id| id.to_string()),
            "discounts": line.discounts,
            "tax_lines": line.tax_lines,
        })
    };
    json!({
        "lines": priced.lines.iter().map(line).collect::<Vec<_>>(),
        "shipping_tax_lines": priced.shipping.as_ref().map(|shipping| &shipping.tax_lines),
        "promotions": priced.promotions,
        "coupons": priced.coupons,
    })
}

fn order_lines(cart: &Cart, quote: &Quote, ids: &BTreeMap<CartLineId, OrderLineId>) -> Vec<OrderLineRow> {
    let line = |priced: &PricedLine| {
        let sellable = quote.sellables.get(&priced.variant_id)?;
        let in_cart = cart.line(priced.id)?;
        let shown = product_view(sellable);
        Some(OrderLineRow {
            id: *ids.get(&priced.id)?,
            variant_id: priced.variant_id,
            product_id: sellable.product_id,
            sku: sellable.sku.clone(),
            title: sellable.title.clone(),
            product: json!({"handle": shown.handle, "options": shown.options, "image": shown.image}),
            quantity: priced.quantity,
            unit_price: priced.unit_price.amount(),
            discount: priced.subtotal.amount().saturating_sub(priced.total.amount()),
            total: priced.total.amount(),
            tax: priced.tax.amount(),
            weight_grams: sellable.weight_grams.map(i64::from),
            requires_shipping: sellable.requires_shipping,
            fulfilled: 0,
            canceled: 0,
            returned: 0,
            refunded_quantity: 0,
            refunded_amount: 0,
            metadata: in_cart.metadata.clone(),
        })
    };
    quote.priced.lines.iter().filter_map(line).collect()
}

fn new_payment(
    context: &ShopperContext,
    (order_id, total): (OrderId, Money),
    (provider, now): (PaymentProvider, Timestamp),
    save_method: bool,
) -> PaymentRecord {
    let shop = &context.caller.shop;
    let attempt_id: PaymentAttemptId = shop.ids.next();
    let mut state = Payment::new(provider, total);
    state.attempts.insert(attempt_id, Attempt::new(attempt_id, total));
    // The built-in provider keeps nothing and is asked nothing: the name that it would answer is known.
    let is_test = provider == PaymentProvider::Test;
    let provider_ref = is_test.then(|| format!("test_{attempt_id}"));
    let payer_ref = context.customer.filter(|_| is_test).map(|customer| format!("test_{customer}"));
    let details = AttemptDetails { provider_ref, payer_ref, created_at: now, ..AttemptDetails::default() };
    PaymentRecord {
        id: shop.ids.next(),
        order_id,
        state,
        capture: shop.checkout.capture.as_str().to_owned(),
        customer_id: context.customer,
        save_method,
        version: 1,
        details: BTreeMap::from([(attempt_id, details)]),
        refunds: Vec::new(),
    }
}
