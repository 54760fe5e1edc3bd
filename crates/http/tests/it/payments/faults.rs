//! Stripe fails, says nothing, or does it and does not tell: whatever it was, one order is charged once.

use serde_json::json;
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_testkit::StripeShop;

use super::{assert_paid_once, charges, net, place, wait};
use crate::admin::text;
use crate::checkout::{confirm, order_items, shown, statuses, stocked};

const LOST_AFTER: [Trouble; 4] =
    [Trouble::DropAfter, Trouble::HangAfter, Trouble::FailAfter, Trouble::Garbage];

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_charges_once_however_often_it_is_repeated() {
    for trouble in LOST_AFTER {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        shop.stripe.script(Fault::once(Step::Confirm, trouble.clone()));
        let body = json!({"payment_method": "pm_card_visa"});
        let first = confirm(&shop.app, &placed, &body).await.expect(200).json();
        assert_eq!((&first["unknown"], text(&first, "status")), (&json!(true), "pending"), "{trouble:?}");
        for _ in 0..3 {
            let again = confirm(&shop.app, &placed, &body).await.expect(409);
            assert_eq!(again.code(), "payment_already_succeeded", "{trouble:?}");
        }
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn a_confirmation_that_did_not_arrive_can_be_repeated() {
    for trouble in [Trouble::DropBefore, Trouble::HangBefore, Trouble::FailBefore, Trouble::RateLimit] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        shop.stripe.script(Fault::once(Step::Confirm, trouble.clone()));
        let body = json!({"payment_method": "pm_card_visa"});
        let _ = confirm(&shop.app, &placed, &body).await.expect(200);
        let again = confirm(&shop.app, &placed, &body).await.expect(200).json();
        assert_eq!(text(&again, "status"), "succeeded", "{trouble:?}");
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn an_intent_whose_making_was_not_answered_is_found_again_and_is_the_only_one() {
    for trouble in LOST_AFTER {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        shop.stripe.script(Fault::once(Step::Create, trouble.clone()));
        let placed = place(&shop.app, &boot, "key-1").await;
        assert_eq!(placed["payment_client_secret"], json!(null), "{trouble:?}");
        let items = json!([{"variant_id": boot, "quantity": 1}]);
        let again = order_items(&shop.app, items, "key-1").await.expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), &again.json()["order"]["id"]),
            ("true", &placed["order"]["id"])
        );
        let paid = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await;
        assert_eq!(text(&paid.expect(200).json(), "status"), "succeeded", "{trouble:?}");
        assert_eq!(shop.stripe.intents().len(), 1, "{trouble:?}");
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn an_order_stands_while_stripe_is_away_and_is_begun_when_it_is_back() {
    for trouble in [Trouble::DropBefore, Trouble::RateLimit] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        shop.stripe.script(Fault { step: Step::Create, trouble: trouble.clone(), times: 2 });
        let placed = place(&shop.app, &boot, "key-1").await;
        assert_eq!(statuses(&placed["order"]), ["pending", "pending", "unfulfilled"]);
        assert_eq!(crate::checkout::stock(&shop.app, &boot).await, "2/1/0");
        let body = json!({"payment_method": "pm_card_visa"});
        let not_yet = confirm(&shop.app, &placed, &body).await.expect(409);
        assert_eq!(not_yet.code(), "payment_not_ready");
        wait(&shop, 121);
        assert_eq!(shop.app.read_back().await.looked_at, 1);
        let _ = confirm(&shop.app, &placed, &body).await.expect(200);
        assert_eq!(shop.stripe.intents().len(), 1, "{trouble:?}");
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_paid_back_once() {
    for trouble in LOST_AFTER.into_iter().chain([Trouble::DropBefore, Trouble::RateLimit]) {
        for plan in [DeliveryPlan::Never, DeliveryPlan::Twice] {
            let shop = StripeShop::new().await;
            let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
            let placed = place(&shop.app, &boot, "key-1").await;
            let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
            let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
            let cancel = shop.app.post(&path).header("order-token", text(&placed, "order_token"));
            let _ = cancel.send().await.expect(200);
            shop.stripe.script(Fault::once(Step::Refund, trouble.clone()));
            let _ = shop.app.pay_back().await;
            shop.deliver(plan).await;
            shop.work_inbox().await;
            // A failure that Stripe keeps under the key is answered until a webhook or a look tells otherwise.
            for _ in 0..3 {
                wait(&shop, 3600);
                let _ = shop.app.pay_back().await;
            }
            let order = shown(&shop.app, &placed).await;
            assert_eq!(statuses(&order), ["canceled", "refunded", "unfulfilled"], "{trouble:?} {plan:?}");
            assert_eq!((net(&shop, &placed), charges(&shop, &placed)), (0, 1), "{trouble:?} {plan:?}");
            shop.app.project().await;
            shop.app.audit().await;
        }
    }
}
