//! Refunds whose answers do not come, for longer than Stripe remembers their keys: money goes back once or not at all.

use serde_json::{Value, json};
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_port::Clock;
use tradepost_testkit::{StripeShop, TestResponse};

use super::{intent_of, net, place, wait};
use crate::admin::{sql, sql_value, text};
use crate::checkout::{confirm, shown, stocked};

const HOUR: i64 = 3600;

/// A shop with an order of 5,400 cents that is paid.
async fn paid() -> (StripeShop, Value) {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    (shop, placed)
}

async fn refund(shop: &StripeShop, placed: &Value, cents: i64, key: &str) -> TestResponse {
    let path = format!("/api/admin/orders/{}/refunds", text(&placed["order"], "id"));
    let body = json!({"amount": {"amount": cents, "currency": "EUR"}});
    shop.app
        .post(&path)
        .admin()
        .header("if-match", "*")
        .header("idempotency-key", key)
        .json(&body)
        .send()
        .await
}

/// Lets the worker ask every hour.
async fn hours(shop: &StripeShop, number: i64) {
    for _ in 0..number {
        wait(shop, HOUR);
        let _ = shop.app.pay_back().await;
    }
}

async fn broken_rules(shop: &StripeShop) -> String {
    shop.app.project().await;
    shop.app.database.broken_after(&[], shop.app.clock.now()).await.join(",")
}

#[tokio::test]
async fn a_refund_that_stripe_has_in_hand_is_never_made_again() {
    let (shop, placed) = paid().await;
    shop.stripe.keep_refunds_waiting();
    let made = refund(&shop, &placed, 2_000, "k").await.expect(201).json();
    assert_eq!(text(&made, "status"), "pending");
    hours(&shop, 50).await;
    assert_eq!((shop.stripe.calls(Step::Refund), net(&shop, &placed)), (1, 3_400));
    assert_eq!(broken_rules(&shop).await, "");
    shop.stripe.settle_refunds();
    hours(&shop, 2).await;
    assert_eq!(sql_value(&shop.app, "select string_agg(status, ',') from refund").await, "succeeded");
    assert_eq!(shown(&shop.app, &placed).await["refunded"]["amount"], 2_000);
    assert_eq!(broken_rules(&shop).await, "");
}

#[tokio::test]
async fn a_refund_that_nobody_can_read_back_for_days_is_not_sent_a_second_time() {
    for done in [true, false] {
        let (shop, placed) = paid().await;
        let trouble = if done { Trouble::DropAfter } else { Trouble::HangBefore };
        shop.stripe.script(Fault::once(Step::Refund, trouble));
        shop.stripe.script(Fault { step: Step::Read, trouble: Trouble::DropBefore, times: 1_000 });
        // It was done, or never arrived, and none of the calls after it is answered.
        shop.stripe.script(Fault { step: Step::Refund, trouble: Trouble::DropBefore, times: 22 });
        let made = refund(&shop, &placed, 2_000, "k").await.expect(201).json();
        assert_eq!(text(&made, "status"), "pending");
        hours(&shop, 22).await;
        let calls = shop.stripe.calls(Step::Refund);
        assert!(calls > 2, "{calls}");
        hours(&shop, 26).await;
        assert_eq!((shop.stripe.calls(Step::Refund), done), (calls, done), "Stripe has forgotten its key");
        assert_eq!(broken_rules(&shop).await, "refund_stuck");
        let alerts = "select string_agg(data ->> 'alert', ',') from order_event where kind = 'alert'";
        assert_eq!(sql_value(&shop.app, alerts).await, "refund_unknown");
        // What it holds cannot be given back by another refund meanwhile.
        assert_eq!(refund(&shop, &placed, 3_401, "k2").await.expect(409).code(), "refund_too_large");

        shop.stripe.heal();
        hours(&shop, 2).await;
        let status = sql_value(&shop.app, "select string_agg(status, ',') from refund").await;
        assert_eq!(
            (status.as_str(), shop.stripe.calls(Step::Refund)),
            (if done { "succeeded" } else { "failed" }, calls)
        );
        assert_eq!(net(&shop, &placed), if done { 3_400 } else { 5_400 });
        assert_eq!(broken_rules(&shop).await, "");
        let rest = if done { 3_400 } else { 5_400 };
        let _ = refund(&shop, &placed, rest, "k3").await.expect(201);
        assert_eq!((net(&shop, &placed), broken_rules(&shop).await), (0, String::new()));
    }
}

/// Case C29: what a bank has taken cannot be given back as well.
#[tokio::test]
async fn a_refund_and_a_dispute_never_come_to_more_than_was_taken() {
    let (shop, placed) = paid().await;
    let seen = async || {
        let path = format!("/api/admin/payments/{}", text(&placed["payment"], "id"));
        let payment = shop.app.get(&path).admin().send().await.expect(200).json();
        let shown = payment["disputes"].as_array().unwrap();
        let shown = shown.iter().map(|dispute| {
            assert_eq!(dispute["attempt_id"], payment["attempts"][0]["id"]);
            (dispute["provider_ref"].clone(), dispute["status"].clone(), dispute["amount"]["amount"].clone())
        });
        (payment["disputed"]["amount"].as_i64().unwrap(), shown.collect::<Vec<_>>())
    };
    assert_eq!(seen().await, (0, vec![]));
    let dispute = shop.stripe.dispute(&intent_of(&placed), 3_000).unwrap();
    for (status, lost) in [("opened", false), ("lost", true)] {
        assert_eq!(lost, lost && shop.stripe.close_dispute(&dispute, false));
        shop.deliver(DeliveryPlan::BackAndForth).await;
        shop.work_inbox().await;
        assert_eq!(seen().await, (3_000, vec![(json!(dispute), json!(status), json!(3_000))]));
    }
    let refused = refund(&shop, &placed, 2_401, "k").await.expect(409).json();
    assert_eq!(
        (text(&refused, "code"), &refused["refundable"]["amount"]),
        ("refund_too_large", &json!(2_400))
    );
    // The shop would; Stripe gives nothing back of what was disputed, and the amount is free again.
    for key in ["k2", "k3"] {
        let made = refund(&shop, &placed, 2_400, key).await.expect(201).json();
        assert_eq!((text(&made, "status"), text(&made, "error_code")), ("failed", "charge_disputed"));
    }
    let booked = "select string_agg(kind, ',' order by kind) from ledger_txn where kind <> 'sold'";
    assert_eq!(sql_value(&shop.app, booked).await, "captured,disputed");
    assert_eq!((net(&shop, &placed), broken_rules(&shop).await), (2_400, String::new()));
}

/// Case C27: the shop's own refund comes back as events, twice, before the call that made it was written down.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refund_that_is_told_before_its_call_has_returned_is_booked_once() {
    let (shop, placed) = paid().await;
    super::gate(&shop.app, "refund", "new.status = 'succeeded'").await;
    let gate = super::close_gate(&shop.app).await;
    let app = shop.app.clone();
    let order = text(&placed["order"], "id").to_owned();
    let refunding = tokio::spawn(async move {
        let body = json!({"amount": {"amount": 98, "currency": "EUR"}});
        let path = format!("/api/admin/orders/{order}/refunds");
        app.post(&path)
            .admin()
            .header("if-match", "*")
            .header("idempotency-key", "k")
            .json(&body)
            .send()
            .await
    });
    gate.wait_until_waited_for_by(1).await;
    shop.deliver(DeliveryPlan::Twice).await;
    let worker = super::inbox_worker(&shop.app);
    gate.wait_until_waited_for_by(2).await;
    gate.finish("select 1").await;
    let _ = refunding.await.unwrap().expect(201);
    let _ = worker.await.unwrap();
    wait(&shop, 60);
    shop.work_inbox().await;
    let counts = "select concat_ws('/', (select count(*) from refund), (select count(*) from ledger_txn where kind = 'refunded'),
                         (select count(*) from outbox where type = 'order.refunded'))";
    assert_eq!((sql_value(&shop.app, counts).await.as_str(), net(&shop, &placed)), ("1/1/1", 5_302));
    sql(&shop.app, "drop trigger gate on refund").await;
    assert_eq!(broken_rules(&shop).await, "");
}
