//! How long goods are held: longer, once, while money is on its way; no longer than the money itself is.

use serde_json::{Value, json};
use tradepost_fakestripe::DeliveryPlan;
use tradepost_port::payment::{CaptureMethod, IntentRef};
use tradepost_testkit::StripeShop;

use super::{intent_of, pay_in_browser, place, sold, wait};
use crate::admin::{sql_value, text};
use crate::checkout::{confirm, shown, statuses, stocked};

const EXTENSIONS: &str = "select count(*) from order_event where kind = 'hold_extended'";

#[tokio::test]
async fn goods_are_held_as_long_again_once_while_money_is_on_its_way() {
    for method in ["pm_processing", "pm_card_authenticationRequired"] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        pay_in_browser(&shop, &intent_of(&placed), method).await;
        wait(&shop, 901);
        assert_eq!(shop.app.sweep_orders().await.orders, 0, "{method}");
        let order = shown(&shop.app, &placed).await;
        assert_eq!(
            (statuses(&order), text(&order, "expires_at")),
            (["pending", "pending", "unfulfilled"], "2026-11-01T12:30:00Z"),
            "{method}"
        );
        assert_eq!(
            (sold(&shop.app, &boot).await.as_str(), sql_value(&shop.app, EXTENSIONS).await.as_str()),
            ("1/1/0", "1")
        );
        assert_eq!(shop.app.sweep_orders().await.orders, 0, "not due again");
        wait(&shop, 901);
        assert_eq!(shop.app.sweep_orders().await.orders, 1, "{method}");
        assert_eq!(
            (sold(&shop.app, &boot).await.as_str(), sql_value(&shop.app, EXTENSIONS).await.as_str()),
            ("1/0/0", "1")
        );
        assert_eq!(statuses(&shown(&shop.app, &placed).await)[0], "canceled");
        shop.app.project().await;
        shop.app.audit().await;
    }
}

#[tokio::test]
async fn goods_of_an_order_that_nobody_has_begun_to_pay_are_not_held_longer() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let _ = place(&shop.app, &boot, "key-1").await;
    wait(&shop, 899);
    assert_eq!(shop.app.sweep_orders().await.orders, 0);
    wait(&shop, 2);
    assert_eq!((shop.app.sweep_orders().await.orders, sold(&shop.app, &boot).await.as_str()), (1, "1/0/0"));
}

/// Case C08: who was declined may try again while the hold lasts; it is not made longer by that, and then the goods are the
/// next buyer's.
#[tokio::test]
async fn goods_of_a_buyer_who_was_declined_and_left_are_the_next_ones_when_the_hold_ends() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let pay = async |method: &str| confirm(&shop.app, &placed, &json!({"payment_method": method})).await;
    for _ in 0..2 {
        let declined = pay("pm_card_visa_chargeDeclined").await.expect(200).json();
        assert_eq!(text(&declined, "status"), "failed");
        wait(&shop, 449);
    }
    assert_eq!((shop.app.sweep_orders().await.orders, sold(&shop.app, &boot).await.as_str()), (0, "1/1/0"));
    wait(&shop, 3);
    assert_eq!((shop.app.sweep_orders().await.orders, sold(&shop.app, &boot).await.as_str()), (1, "1/0/0"));
    assert_eq!(sql_value(&shop.app, EXTENSIONS).await, "0");
    let next = place(&shop.app, &boot, "key-2").await;
    let too_late = pay("pm_card_visa").await.expect(409);
    assert!(
        ["order_canceled", "payment_canceled"].contains(&too_late.code().as_str()),
        "{}",
        too_late.code()
    );
    let _ = confirm(&shop.app, &next, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    let moved = "select string_agg(kind, ',' order by id) from stock_movement";
    assert_eq!(sql_value(&shop.app, moved).await, "received,reserved,released,reserved,allocated");
}

/// An order whose money is set aside, with its intent.
async fn authorized(shop: &StripeShop, variant: &str) -> (Value, IntentRef) {
    let placed = place(&shop.app, variant, "key-1").await;
    let paid =
        confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200).json();
    assert_eq!(text(&paid, "status"), "authorized");
    let intent = super::intent_ref(shop, &intent_of(&placed));
    (placed, intent)
}

async fn manual() -> StripeShop {
    StripeShop::with(|mut checkout| {
        checkout.capture = CaptureMethod::Manual;
        checkout
    })
    .await
}

#[tokio::test]
async fn an_authorization_that_lapses_gives_its_goods_back() {
    for by_webhook in [true, false] {
        let shop = manual().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
        let (placed, intent) = authorized(&shop, &boot).await;
        assert_eq!(sold(&shop.app, &boot).await, "1/0/1");
        shop.deliver(DeliveryPlan::Once).await;
        shop.work_inbox().await;
        // A bank sets money aside for a week: then Stripe gives the intent up by itself.
        wait(&shop, 7 * 24 * 3600);
        super::give_up_at_stripe(&shop, &intent).await;
        if by_webhook {
            shop.deliver(DeliveryPlan::Once).await;
            shop.work_inbox().await;
        } else {
            let path = format!("/api/admin/payments/{}/capture", text(&placed["payment"], "id"));
            let request = shop.app.post(&path).admin().header("if-match", "*").header("idempotency-key", "k");
            let refused = request.json(&json!({})).send().await;
            assert_eq!(refused.expect(409).code(), "capture_failed");
        }
        assert_eq!(shop.app.sweep_orders().await.orders, 1);
        assert_eq!(statuses(&shown(&shop.app, &placed).await), ["canceled", "failed", "unfulfilled"]);
        assert_eq!(sold(&shop.app, &boot).await, "1/0/0");
        shop.app.project().await;
        shop.app.audit().await;
    }
}
