//! Made-up things to tell, to check templates with at the start and to look at them.

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::customer::session::MAIL_TOKEN_LIFETIME;
use tradepost_domain::kernel::ids::{EntityId, OrderLineId};
use tradepost_domain::kernel::{Address, AddressFields, Currency, EmailAddress, Locale, Money};
use tradepost_domain::order::{FulfillmentStatus, OrderNumber, OrderStatus, ParcelStatus};
use tradepost_domain::payment::PaymentStatus;
use tradepost_store::order::fulfillment::{FulfillmentRow, ShipmentRow};
use tradepost_store::order::{OrderLineRow, OrderRow, OrderTotals};
use uuid::Uuid;

use super::kind::MailKind;
use super::order::Story;
use super::order_values::order_values;
use super::template::MailTemplates;

/// Where the shop of the samples is.
const SHOP: &str = "https://shop.example.com";

/// Values for a mail: with everything that there can be, and with next to nothing.
pub(super) fn samples(kind: MailKind, templates: &MailTemplates, locale: &Locale) -> Vec<Value> {
    if matches!(kind, MailKind::WebhookEndpointMoved | MailKind::WebhookEndpointDisabled) {
        let endpoint = |reason: &str| {
            json!({"shop": SHOP, "endpoint": "whe_sample", "reason": reason,
            "url": "https://erp.example.com/new", "former_url": "https://erp.example.com/hook"})
        };
        return vec![endpoint("gone"), endpoint("failing")];
    }
    if !kind.is_of_order() {
        let link = format!("{SHOP}/account/reset-password?token=mt_sample");
        let account = |name: Option<&str>| json!({"first_name": name, "shop": SHOP, "link": link, "minutes": MAIL_TOKEN_LIFETIME.as_mins()});
        return vec![account(Some("Ada")), account(None)];
    }
    let stories = [full(locale), bare(locale)];
    stories.iter().filter_map(|story| order_values(templates, SHOP, story, locale).ok()).collect()
}

/// Whom the samples go to.
#[expect(clippy::expect_used, reason = "a constant, and a test writes to it")]
pub(super) fn reader() -> EmailAddress {
    "ada@example.com".parse().expect("an address")
}

fn address(name: &str, street: &str) -> Option<Address> {
    let text = |text: &str| Some(text.to_owned());
    let fields = AddressFields {
        first_name: text("Ada"),
        last_name: text(name),
        line1: text(street),
        postal_code: text("10119"),
        city: text("Berlin"),
        country: text("DE"),
        ..AddressFields::default()
    };
    Address::parse("$", &fields).ok()
}

fn line(number: u128, title: &str, amounts: (u32, i64, i64), product: Value) -> OrderLineRow {
    let (quantity, unit_price, discount) = amounts;
    OrderLineRow {
        id: OrderLineId::from_uuid(Uuid::from_u128(number)),
        variant_id: EntityId::from_uuid(Uuid::nil()),
        product_id: EntityId::from_uuid(Uuid::nil()),
        sku: None,
        title: title.to_owned(),
        product,
        quantity,
        unit_price,
        discount,
        total: unit_price.saturating_mul(i64::from(quantity)).saturating_sub(discount),
        tax: 0,
        weight_grams: None,
        requires_shipping: true,
        fulfilled: 0,
        canceled: 0,
        returned: 0,
        refunded_quantity: 0,
        refunded_amount: 0,
        metadata: tradepost_domain::cart::Metadata::default(),
    }
}

/// An order without addresses, shipping, discount and tax, whose parcel has no number.
fn bare(locale: &Locale) -> Story {
    let lines = vec![line(1, "Gift card", (1, 2500, 0), json!({}))];
    let at: Timestamp = Timestamp::from_second(1_793_620_800).unwrap_or_default();
    let totals =
        OrderTotals { subtotal: 2500, discount: 0, shipping: 0, tax: 0, tax_included: false, total: 2500 };
    let order = OrderRow {
        id: EntityId::from_uuid(Uuid::nil()),
        number: "7K3M-92QX".parse().unwrap_or_else(|_| OrderNumber::from_random(0)),
        channel_id: EntityId::from_uuid(Uuid::nil()),
        cart_id: None,
        customer_id: None,
        email: reader().as_str().to_owned(),
        locale: locale.clone(),
        currency: Currency::EUR,
        status: OrderStatus::Confirmed,
        payment_status: PaymentStatus::Paid,
        fulfillment_status: FulfillmentStatus::Unfulfilled,
        totals,
        captured: 0,
        refunded: 0,
        shipping_address: None,
        billing_address: None,
        shipping_method: None,
        pricing: json!({}),
        coupons: Vec::new(),
        metadata: tradepost_domain::cart::Metadata::default(),
        version: 1,
        placed_at: at,
        updated_at: at,
        expires_at: None,
        confirmed_at: Some(at),
        completed_at: None,
        canceled_at: None,
        cancel_reason: None,
        lines,
    };
    let parcel = FulfillmentRow {
        id: EntityId::from_uuid(Uuid::nil()),
        order_id: order.id,
        location_id: EntityId::from_uuid(Uuid::nil()),
        status: ParcelStatus::Shipped,
        version: 1,
        created_at: at,
        shipped_at: Some(at),
        delivered_at: None,
        canceled_at: None,
        lines: order.lines.iter().map(|line| (line.id, line.quantity)).collect(),
        shipments: Vec::new(),
    };
    let refund = Money::new(order.totals.total, order.currency).ok();
    Story { order, parcel: Some(parcel), refund }
}

/// An order with all that an order can have.
fn full(locale: &Locale) -> Story {
    let Story { mut order, parcel, .. } = bare(locale);
    let picture = |name: &str| json!({"url": format!("/media/{name}")});
    order.lines = vec![
        line(
            1,
            "Linen shirt",
            (2, 5900, 1180),
            json!({"options": {"Color": "Sage", "Size": "M"}, "image": picture("shirt.jpg")}),
        ),
        line(2, "Canvas tote bag", (1, 2490, 0), json!({"options": {}, "image": picture("bag.jpg")})),
    ];
    order.customer_id = Some(EntityId::from_uuid(Uuid::nil()));
    order.totals = OrderTotals {
        subtotal: 14_290,
        discount: 1180,
        shipping: 490,
        tax: 2171,
        tax_included: true,
        total: 13_600,
    };
    order.captured = order.totals.total;
    order.shipping_address = address("Lovelace", "Torstraße 1");
    order.billing_address = address("Byron", "Linienstraße 155");
    order.shipping_method = Some(json!({"name": "DHL"}));
    let tax = |amount: i64| json!([{"name": "MwSt.", "rate_ppm": 190_000, "amount": {"amount": amount}}]);
    order.pricing =
        json!({"lines": [{"tax_lines": tax(1696)}, {"tax_lines": tax(397)}], "shipping_tax_lines": tax(78)});
    let parcel = parcel.map(|mut parcel| {
        parcel.lines = order.lines.iter().map(|line| (line.id, line.quantity)).collect();
        parcel.shipments = vec![ShipmentRow {
            id: EntityId::from_uuid(Uuid::nil()),
            carrier: Some("DHL".to_owned()),
            tracking_number: Some("00340434161094015902".to_owned()),
            tracking_url: Some("https://www.dhl.de/track?id=00340434161094015902".to_owned()),
            created_at: order.placed_at,
        }];
        parcel
    });
    let refund = Money::new(5900, order.currency).ok();
    Story { order, parcel, refund }
}
