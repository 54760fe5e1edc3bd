//! Payments through Stripe's stand-in, whose own ledger is the other side of every comparison.

mod audit;
mod faults;
mod inbox;
mod late;
mod mails;
mod races;
mod signatures;
mod ways;

use std::time::Duration;

use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{PaymentAttemptId, VariantId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{CaptureMethod, ConfirmIntent, IntentRef};
use tradepost_testkit::{StripeShop, TestApp};

use crate::admin::{sql_value, text};
use crate::checkout::{order_items, shown, statuses};

/// Places an order of one unit.
async fn place(app: &TestApp, variant: &str, key: &str) -> Value {
    order_items(app, json!([{"variant_id": variant, "quantity": 1}]), key).await.expect(201).json()
}

/// The intent whose client secret an order was answered with.
fn intent_of(placed: &Value) -> String {
    text(placed, "payment_client_secret").split("_secret").next().unwrap().to_owned()
}

/// Lets the shopper's browser confirm an intent at Stripe, past the shop.
async fn pay_in_browser(shop: &StripeShop, intent: &str, method: &str) {
    let app = &shop.app;
    let attempt_id: PaymentAttemptId = app.shop.ids.next();
    let intent = IntentRef {
        attempt_id,
        intent_id: intent.to_owned(),
        amount: Money::new(1, Currency::EUR).unwrap(),
        capture: CaptureMethod::Automatic,
    };
    let payment_method = Some(method.to_owned());
    let request =
        ConfirmIntent { intent, confirmation: 1, payment_method, return_url: None, off_session: false };
    let gateway = &app.shop.checkout.gateways[&PaymentProvider::Stripe];
    let _ = gateway.call().confirm(&request, Duration::from_secs(8)).await;
}

/// What Stripe holds for an order.
fn net(shop: &StripeShop, placed: &Value) -> i64 {
    shop.stripe.net_by_metadata("order_id", text(&placed["order"], "id"))
}

/// How often Stripe charged for an order.
fn charges(shop: &StripeShop, placed: &Value) -> usize {
    shop.stripe.charges_by_metadata("order_id", text(&placed["order"], "id"))
}

/// Checks that an order is paid once: by its own word, by the ledger, by events, and by Stripe's books.
async fn assert_paid_once(shop: &StripeShop, placed: &Value) {
    let app = &shop.app;
    let order = shown(app, placed).await;
    assert_eq!(statuses(&order), ["confirmed", "paid", "unfulfilled"]);
    let total = order["totals"]["total"]["amount"].as_i64().unwrap();
    assert_eq!(
        (order["captured"]["amount"].as_i64(), net(shop, placed), charges(shop, placed)),
        (Some(total), total, 1)
    );
    let id: tradepost_domain::kernel::ids::OrderId = text(&order, "id").parse().unwrap();
    let uuid = tradepost_domain::kernel::ids::EntityId::as_uuid(&id);
    let counts = format!(
        "select concat_ws('/', (select count(*) from ledger_txn where order_id = '{uuid}' and kind = 'captured'),
                (select count(*) from outbox where aggregate_id = '{uuid}' and type = 'order.paid'),
                (select count(*) from order_event where order_id = '{uuid}' and kind = 'paid'))"
    );
    assert_eq!(sql_value(app, &counts).await, "1/1/1");
    app.project().await;
    app.audit().await;
}

/// The shop's clock goes on.
fn wait(shop: &StripeShop, seconds: i64) {
    shop.app.clock.advance(jiff::SignedDuration::from_secs(seconds));
}

/// What orders took of a variant, where the levels say the same.
async fn sold(app: &TestApp, variant: &str) -> String {
    let _: VariantId = variant.parse().unwrap();
    crate::checkout::stock(app, variant).await
}
