//! Payments through Stripe's stand-in, whose own ledger is the other side of every comparison.

mod amounts;
mod audit;
mod captures;
mod faults;
mod holds;
mod inbox;
mod late;
mod mails;
mod methods;
mod missed;
mod outage;
mod races;
mod refunds;
mod retries;
mod signatures;
mod ways;

use std::time::Duration;

use serde_json::{Value, json};
use tradepost_app::count_statements;
use tradepost_app::outside::Outside;
use tradepost_app::payment::InboxWorker;
use tradepost_domain::kernel::ids::{PaymentAttemptId, VariantId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::payment::PaymentProvider;
use tradepost_port::payment::{CaptureMethod, ConfirmIntent, IntentRef, PaymentGateway};
use tradepost_testkit::{StripeShop, TestApp};

use crate::admin::{Intruder, sql, sql_value, text};
use crate::checkout::{order_items, shown, statuses};

/// Places an order of one unit.
async fn place(app: &TestApp, variant: &str, key: &str) -> Value {
    order_items(app, json!([{"variant_id": variant, "quantity": 1}]), key).await.expect(201).json()
}

/// The intent whose client secret an order was answered with.
fn intent_of(placed: &Value) -> String {
    text(placed, "payment_client_secret").split("_secret").next().unwrap().to_owned()
}

/// How long Stripe is waited for.
const WITHIN: Duration = Duration::from_secs(8);

/// The way to Stripe past the shop.
fn stripe(shop: &StripeShop) -> &Outside<dyn PaymentGateway> {
    &shop.app.shop.checkout.gateways[&PaymentProvider::Stripe]
}

/// An intent of 5,400 cents for calls past the shop: those of browsers, and of Stripe's own pages.
fn intent_ref(shop: &StripeShop, intent: &str) -> IntentRef {
    let attempt_id: PaymentAttemptId = shop.app.shop.ids.next();
    let amount = Money::new(5_400, Currency::EUR).unwrap();
    IntentRef { attempt_id, intent_id: intent.to_owned(), amount, capture: CaptureMethod::Automatic }
}

/// Lets the shopper's browser confirm an intent at Stripe, past the shop.
async fn pay_in_browser(shop: &StripeShop, intent: &str, method: &str) {
    let intent = intent_ref(shop, intent);
    let payment_method = Some(method.to_owned());
    let request =
        ConfirmIntent { intent, confirmation: 1, payment_method, return_url: None, off_session: false };
    let _ = stripe(shop).call().confirm(&request, WITHIN).await;
}

/// Gives an intent up at Stripe, past the shop.
async fn give_up_at_stripe(shop: &StripeShop, intent: &IntentRef) {
    let _ = stripe(shop).call().cancel(intent, WITHIN).await;
}

/// Lets every change of a table's rows that becomes so wait for the gate.
async fn gate(app: &TestApp, table: &str, when: &str) {
    let text = format!(
        "create function wait_at_gate() returns trigger language plpgsql as
             $$ begin perform pg_advisory_xact_lock_shared(hashtext(current_schema())); return new; end $$;
         create trigger gate before update on {table} for each row when ({when}) execute function wait_at_gate()"
    );
    sql(app, &text).await;
}

/// Closes the gate until the intruder finishes.
async fn close_gate(app: &TestApp) -> Intruder {
    Intruder::begin(app, "select pg_advisory_xact_lock(hashtext(current_schema()))").await
}

/// The worker of the inbox beside whatever else is done.
fn inbox_worker(app: &TestApp) -> tokio::task::JoinHandle<usize> {
    let worker = InboxWorker::new(app.shop.clone());
    tokio::spawn(async move { count_statements(Box::pin(worker.work(1_000))).await.0.unwrap() })
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
