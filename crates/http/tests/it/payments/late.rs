//! Money that comes late, or in another amount.

use serde_json::{Value, json};
use tradepost_fakestripe::DeliveryPlan;
use tradepost_testkit::StripeShop;

use super::{assert_paid_once, intent_of, net, pay_in_browser, place, sold, wait};
use crate::admin::{make, sql_value, text};
use crate::checkout::{confirm, shown, statuses, stocked};

/// An order whose payment is in processing when its time runs out.
async fn expired(shop: &StripeShop, boot: &str) -> Value {
    let placed = place(&shop.app, boot, "key-1").await;
    pay_in_browser(shop, &intent_of(&placed), "pm_processing").await;
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    wait(shop, 3600);
    assert_eq!(shop.app.sweep_orders().await.orders, 1);
    // Stripe does not give up what is in processing.
    assert_eq!(shop.app.read_back().await.failed, 0);
    let order = shown(&shop.app, &placed).await;
    assert_eq!((text(&order, "status"), text(&order, "cancel_reason")), ("canceled", "expired"));
    placed
}

#[tokio::test]
async fn money_that_comes_after_the_goods_were_sold_to_others_goes_back() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let late = expired(&shop, &boot).await;
    let quick = place(&shop.app, &boot, "key-2").await;
    let _ = confirm(&shop.app, &quick, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    assert!(shop.stripe.settle(&intent_of(&late)));
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    assert_eq!(shop.app.pay_back().await.refunds, 1);
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    assert_eq!(statuses(&shown(&shop.app, &late).await), ["canceled", "refunded", "unfulfilled"]);
    assert_eq!((net(&shop, &late), sold(&shop.app, &boot).await.as_str()), (0, "1/0/1"));
    assert_paid_once(&shop, &quick).await;
}

#[tokio::test]
async fn money_that_comes_late_brings_the_order_back_where_the_goods_are_still_there() {
    for by_webhook in [true, false] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
        let late = expired(&shop, &boot).await;
        assert_eq!(sold(&shop.app, &boot).await, "1/0/0");
        assert!(shop.stripe.settle(&intent_of(&late)));
        if by_webhook {
            shop.deliver(DeliveryPlan::Reversed).await;
            shop.work_inbox().await;
        } else {
            wait(&shop, 121);
            let _ = shop.app.read_back().await;
        }
        assert_eq!((sold(&shop.app, &boot).await.as_str(), shop.app.pay_back().await.refunds), ("1/0/1", 0));
        assert_paid_once(&shop, &late).await;
    }
}

/// Its promotion's use went back when it was given up, and may be somebody else's by now.
#[tokio::test]
async fn money_that_comes_late_for_a_discounted_order_goes_back_and_the_buyer_is_told() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let promotion =
        json!({"name": "Tenth", "effect": {"percentage": {"level": "order", "bps": 1000}}, "usage_limit": 1});
    let _ = make(&shop.app, "/api/admin/promotions", &promotion).await;
    let late = expired(&shop, &boot).await;
    assert!(shop.stripe.settle(&intent_of(&late)));
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    assert_eq!(shop.app.pay_back().await.refunds, 1);
    assert_eq!(statuses(&shown(&shop.app, &late).await), ["canceled", "refunded", "unfulfilled"]);
    assert_eq!((net(&shop, &late), sold(&shop.app, &boot).await.as_str()), (0, "1/0/0"));
    let told = "select concat_ws('/', (select used from promotion), (select count(*) from outbox where type = 'order.refunded'))";
    assert_eq!(sql_value(&shop.app, told).await, "0/1");
    let next = place(&shop.app, &boot, "key-2").await;
    assert_eq!(next["order"]["totals"]["total"]["amount"], 4860, "the use is there for the next one");
    shop.app.project().await;
    shop.app.audit().await;
}

#[tokio::test]
async fn another_amount_than_was_asked_for_pays_nothing_and_goes_back_in_the_end() {
    for (told, by_webhook) in [(675, true), (675, false)] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        shop.stripe.falsify_received(&intent_of(&placed), told);
        pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
        if by_webhook {
            shop.deliver(DeliveryPlan::Once).await;
            shop.work_inbox().await;
        } else {
            wait(&shop, 121);
            let _ = shop.app.read_back().await;
        }
        let order = shown(&shop.app, &placed).await;
        assert_eq!(statuses(&order), ["pending", "mismatch", "unfulfilled"], "{told}");
        assert_eq!(sold(&shop.app, &boot).await, "1/1/0");
        let alerts = "select string_agg(data ->> 'alert', ',') from order_event where kind = 'alert'";
        assert_eq!(sql_value(&shop.app, alerts).await, "amount_mismatch");
        wait(&shop, 3600);
        assert_eq!(shop.app.sweep_orders().await.orders, 1);
        assert_eq!(shop.app.pay_back().await.refunds, 1);
        let order = shown(&shop.app, &placed).await;
        assert_eq!(
            (text(&order, "status"), order["captured"] == order["refunded"]),
            ("canceled", true),
            "{order}"
        );
        shop.app.project().await;
        shop.app.audit().await;
    }
}
