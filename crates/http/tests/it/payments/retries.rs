//! A shopper who was declined and tries again: while the new try is under way, nothing says that the payment failed.

use serde_json::{Value, json};
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_testkit::StripeShop;

use super::{assert_paid_once, intent_of, pay_in_browser, place, sold, wait};
use crate::admin::{sql_value, text};
use crate::checkout::{confirm, shown, stocked};

const DECLINED: &str = "pm_card_visa_chargeDeclined";

/// The words of the order and of its payment.
async fn words(shop: &StripeShop, placed: &Value) -> (String, String) {
    let order = shown(&shop.app, placed).await;
    (text(&order, "payment_status").to_owned(), text(&order["payment"], "status").to_owned())
}

fn both(order: &str, payment: &str) -> (String, String) {
    (order.to_owned(), payment.to_owned())
}

async fn pay(shop: &StripeShop, placed: &Value, method: &str) {
    let body = json!({"payment_method": method, "return_url": "https://shop.example.com/back"});
    let _ = confirm(&shop.app, placed, &body).await.expect(200);
}

#[tokio::test]
async fn a_new_try_on_the_same_intent_is_pending_until_it_fails_too() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    pay(&shop, &placed, DECLINED).await;
    assert_eq!(words(&shop, &placed).await, both("failed", "failed"));
    pay(&shop, &placed, "pm_card_authenticationRequired").await;
    assert_eq!(words(&shop, &placed).await, both("pending", "requires_action"));
    pay(&shop, &placed, DECLINED).await;
    assert_eq!(words(&shop, &placed).await, both("failed", "failed"));
    // One whose answer does not come.
    shop.stripe.script(Fault::once(Step::Confirm, Trouble::DropBefore));
    pay(&shop, &placed, "pm_card_visa").await;
    assert_eq!(words(&shop, &placed).await, both("pending", "pending"));
    pay(&shop, &placed, "pm_card_visa").await;
    assert_paid_once(&shop, &placed).await;
}

#[tokio::test]
async fn a_new_try_in_the_browser_is_pending_and_keeps_its_goods_longer() {
    for by_webhook in [true, false] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        for (method, expected) in
            [(DECLINED, both("failed", "failed")), ("pm_processing", both("pending", "processing"))]
        {
            pay_in_browser(&shop, &intent_of(&placed), method).await;
            if by_webhook {
                shop.deliver(DeliveryPlan::Once).await;
                shop.work_inbox().await;
            } else {
                wait(&shop, 121);
                let _ = shop.app.read_back().await;
            }
            assert_eq!(words(&shop, &placed).await, expected, "{by_webhook}");
        }
        wait(&shop, 901);
        assert_eq!(shop.app.sweep_orders().await.orders, 0, "its money is on its way");
        assert_eq!(sold(&shop.app, &boot).await, "2/1/0");
        assert!(shop.stripe.settle(&intent_of(&placed)));
        wait(&shop, 121);
        let _ = shop.app.read_back().await;
        assert_paid_once(&shop, &placed).await;
        let told = "select string_agg(payload ->> 'payment_status', ',' order by id) from outbox where type like 'order.%'";
        assert_eq!(sql_value(&shop.app, told).await, "pending,failed,pending,pending,paid,paid");
    }
}
