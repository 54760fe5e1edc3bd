//! The ways on which a payment that went well, or did not, becomes known.

use serde_json::{Value, json};
use tradepost_fakestripe::DeliveryPlan;
use tradepost_port::payment::CaptureMethod;
use tradepost_testkit::StripeShop;

use super::{assert_paid_once, charges, intent_of, net, pay_in_browser, place, sold, wait};
use crate::admin::{sql_value, text};
use crate::checkout::{confirm, order_items, shown, statuses, stocked};

#[tokio::test]
async fn a_payment_made_in_the_browser_is_told_by_webhook() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    assert_eq!(
        (text(&placed["payment"], "provider"), text(&placed["payment"], "status")),
        ("stripe", "pending")
    );
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    shop.deliver(DeliveryPlan::Once).await;
    assert_eq!(statuses(&shown(&shop.app, &placed).await), ["pending", "pending", "unfulfilled"]);
    assert!(shop.work_inbox().await >= 2);
    assert_paid_once(&shop, &placed).await;
    assert_eq!((sold(&shop.app, &boot).await.as_str(), shop.work_inbox().await), ("2/0/1", 0));
}

#[tokio::test]
async fn without_any_webhook_every_order_is_right_after_a_look_at_stripe() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 50).await;
    let mut orders = Vec::new();
    for number in 0..12 {
        let placed = place(&shop.app, &boot, &format!("key-{number}")).await;
        let method = ["pm_card_visa", "pm_card_visa_chargeDeclined", "pm_processing"][number % 3];
        pay_in_browser(&shop, &intent_of(&placed), method).await;
        orders.push((placed, number % 3));
    }
    shop.deliver(DeliveryPlan::Never).await;
    assert_eq!(shop.app.read_back().await.looked_at, 0, "their own requests may still be on their way");
    wait(&shop, 121);
    let seen = shop.app.read_back().await;
    assert_eq!((seen.looked_at, seen.failed), (12, 0));
    for (placed, kind) in &orders {
        let order = shown(&shop.app, placed).await;
        let expected = [["confirmed", "paid"], ["pending", "failed"], ["pending", "pending"]][*kind];
        assert_eq!([text(&order, "status"), text(&order, "payment_status")], expected);
        assert_eq!(net(&shop, placed), if *kind == 0 { 5400 } else { 0 });
    }
    shop.app.project().await;
    shop.app.audit().await;
}

#[tokio::test]
async fn a_declined_card_and_three_d_secure_leave_the_order_open_until_it_is_paid() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let pay = async |method: &str| -> Value {
        let body = json!({"payment_method": method, "return_url": "https://shop.example.com/back"});
        confirm(&shop.app, &placed, &body).await.expect(200).json()
    };
    let declined = pay("pm_card_visa_chargeDeclinedInsufficientFunds").await;
    assert_eq!((text(&declined, "status"), text(&declined, "error_code")), ("failed", "insufficient_funds"));
    assert_eq!(statuses(&shown(&shop.app, &placed).await), ["pending", "failed", "unfulfilled"]);
    assert_eq!(sold(&shop.app, &boot).await, "2/1/0", "its goods are held on");
    let waiting = pay("pm_card_authenticationRequired").await;
    assert_eq!(text(&waiting["next_action"], "type"), "redirect_to_url");
    assert!(shop.stripe.settle(&intent_of(&placed)));
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    assert_paid_once(&shop, &placed).await;
    let path = format!("/api/payments/{}/status", text(&placed["payment"], "id"));
    let told =
        shop.app.get(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    assert_eq!((text(&told.json(), "status"), &told.json()["error_code"]), ("succeeded", &Value::Null));
}

#[tokio::test]
async fn an_order_that_costs_nothing_needs_no_payment() {
    let shop = StripeShop::new().await;
    let (_, sticker) = stocked(&shop.app, "Sticker", 0, 2).await;
    let items = json!([{"variant_id": sticker, "quantity": 1}]);
    let placed = order_items(&shop.app, items, "key-1").await.expect(201).json();
    assert_eq!(statuses(&placed["order"]), ["confirmed", "not_required", "unfulfilled"]);
    assert_eq!((&placed["payment"], &placed["payment_client_secret"]), (&Value::Null, &Value::Null));
    assert_eq!((shop.stripe.intents().len(), sold(&shop.app, &sticker).await), (0, "2/0/1".to_owned()));
    shop.app.audit().await;
}

#[tokio::test]
async fn an_authorized_order_that_is_given_up_has_its_authorization_voided() {
    let shop = StripeShop::with(|mut checkout| {
        checkout.capture = CaptureMethod::Manual;
        checkout
    })
    .await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let paid =
        confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200).json();
    assert_eq!(text(&paid, "status"), "authorized");
    assert_eq!(statuses(&shown(&shop.app, &placed).await), ["confirmed", "authorized", "unfulfilled"]);
    assert_eq!(sold(&shop.app, &boot).await, "2/0/1");
    let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
    let _ = shop.app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    assert_eq!(sold(&shop.app, &boot).await, "2/0/0");
    wait(&shop, 121);
    assert_eq!(shop.app.read_back().await.failed, 0);
    let path = format!("/api/payments/{}", text(&placed["payment"], "id"));
    let payment = shop.app.get(&path).header("order-token", text(&placed, "order_token")).send().await;
    assert_eq!(text(&payment.expect(200).json(), "status"), "canceled");
    assert!(!shop.stripe.settle(&intent_of(&placed)));
    assert_eq!((net(&shop, &placed), charges(&shop, &placed)), (0, 0));
    wait(&shop, 121);
    assert_eq!(shop.app.read_back().await.looked_at, 0, "nothing is left to do");
    shop.app.project().await;
    shop.app.audit().await;
}

#[tokio::test]
async fn a_paid_order_that_is_given_up_is_refunded_once_however_it_is_told() {
    for plan in [DeliveryPlan::Never, DeliveryPlan::Twice, DeliveryPlan::BackAndForth] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
        let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
        let _ =
            shop.app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
        assert_eq!(shop.app.pay_back().await.refunds, 1);
        assert_eq!(shop.app.pay_back().await.refunds, 0);
        shop.deliver(plan).await;
        shop.work_inbox().await;
        let order = shown(&shop.app, &placed).await;
        assert_eq!(statuses(&order), ["canceled", "refunded", "unfulfilled"]);
        assert_eq!((net(&shop, &placed), &order["refunded"]["amount"]), (0, &json!(5400)));
        shop.app.audit().await;
    }
}

/// Case C08: what a declined card held is the next buyer's as soon as it is given up, and the movements say how.
#[tokio::test]
async fn a_buyer_who_is_declined_and_gives_up_leaves_the_goods_to_the_next_one() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let declined = json!({"payment_method": "pm_card_visa_chargeDeclined"});
    assert_eq!(text(&confirm(&shop.app, &placed, &declined).await.expect(200).json(), "status"), "failed");
    let items = json!([{"variant_id": boot, "quantity": 1}]);
    let short = order_items(&shop.app, items, "key-2").await.expect(409);
    assert_eq!(short.code(), "insufficient_stock", "the first may still try another card");
    let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
    let _ = shop.app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    assert_eq!(sold(&shop.app, &boot).await, "1/0/0");
    let next = place(&shop.app, &boot, "key-3").await;
    let _ = confirm(&shop.app, &next, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    let moved = "select string_agg(kind, ',' order by id) from stock_movement";
    assert_eq!(sql_value(&shop.app, moved).await, "received,reserved,released,reserved,allocated");
    assert_paid_once(&shop, &next).await;
}
