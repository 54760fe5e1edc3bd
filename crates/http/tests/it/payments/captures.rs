//! Money that is taken by staff at Stripe: answered late, refused, or taken by somebody else already.

use serde_json::{Value, json};
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_port::payment::{CaptureIntent, CaptureMethod};
use tradepost_testkit::{StripeShop, TestApp, TestResponse};

use super::{assert_paid_once, intent_of, place, wait};
use crate::admin::{Intruder, text};
use crate::checkout::{confirm, shown, statuses, stocked};

/// A shop with an order whose money is set aside.
async fn authorized() -> (StripeShop, Value) {
    let shop = StripeShop::with(|mut checkout| {
        checkout.capture = CaptureMethod::Manual;
        checkout
    })
    .await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    (shop, placed)
}

async fn capture(app: &TestApp, placed: &Value, key: &str) -> TestResponse {
    let path = format!("/api/admin/payments/{}/capture", text(&placed["payment"], "id"));
    app.post(&path)
        .admin()
        .header("if-match", "*")
        .header("idempotency-key", key)
        .json(&json!({}))
        .send()
        .await
}

#[tokio::test]
async fn a_capture_that_is_not_answered_is_accepted_and_taken_once() {
    for (trouble, plan) in [
        (Trouble::HangAfter, DeliveryPlan::Never),
        (Trouble::DropAfter, DeliveryPlan::Twice),
        (Trouble::FailAfter, DeliveryPlan::Never),
    ] {
        let (shop, placed) = authorized().await;
        shop.stripe.script(Fault::once(Step::Capture, trouble.clone()));
        let accepted = capture(&shop.app, &placed, "k").await.expect(202).json();
        assert_eq!(text(&accepted, "status"), "authorized", "{trouble:?}");
        let again = capture(&shop.app, &placed, "k2").await.expect(409);
        assert_eq!(again.code(), "nothing_to_capture", "{trouble:?}");
        shop.deliver(plan).await;
        shop.work_inbox().await;
        wait(&shop, 121);
        let _ = shop.app.read_back().await;
        assert_eq!(shop.stripe.calls(Step::Capture), 1, "{trouble:?}");
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn a_capture_that_stripe_refuses_leaves_the_money_set_aside() {
    let (shop, placed) = authorized().await;
    shop.stripe.script(Fault::once(
        Step::Capture,
        Trouble::Refuse("capture_charge_authorization_expired".to_owned()),
    ));
    let refused = capture(&shop.app, &placed, "k").await.expect(409).json();
    assert_eq!(
        (text(&refused, "code"), text(&refused, "error_code")),
        ("capture_failed", "capture_charge_authorization_expired")
    );
    assert_eq!(statuses(&shown(&shop.app, &placed).await), ["confirmed", "authorized", "unfulfilled"]);
}

/// Case C19: whoever finds that it was taken already has succeeded, and nobody gives anything back.
#[tokio::test]
async fn who_takes_what_was_taken_on_stripes_own_pages_has_succeeded() {
    let (shop, placed) = authorized().await;
    let intent = super::intent_ref(&shop, &intent_of(&placed));
    let amount = intent.amount;
    let gateway = super::stripe(&shop);
    let _ = gateway.call().capture(&CaptureIntent { intent, amount }, super::WITHIN).await;
    let taken = capture(&shop.app, &placed, "k").await.expect(200).json();
    assert_eq!(text(&taken, "status"), "succeeded");
    shop.deliver(DeliveryPlan::Reversed).await;
    shop.work_inbox().await;
    assert_eq!((shop.app.pay_back().await.refunds, shop.stripe.calls(Step::Refund)), (0, 0));
    assert_paid_once(&shop, &placed).await;
}

/// Case C19: of two captures at once one takes the money; the other has done nothing, and undoes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_captures_at_once_one_takes_and_the_other_undoes_nothing() {
    let (shop, placed) = authorized().await;
    let intruder = Intruder::begin(&shop.app, "select 1 from orders for update").await;
    let captures: Vec<_> = ["one", "two"]
        .map(|key| {
            let (app, placed) = (shop.app.clone(), placed.clone());
            tokio::spawn(async move { capture(&app, &placed, key).await })
        })
        .into();
    intruder.wait_until_waited_for_by(2).await;
    intruder.finish("select 1").await;
    let mut taken = 0;
    for capture in captures {
        let answer = capture.await.unwrap();
        match answer.status.as_u16() {
            200 => taken += 1,
            409 => assert_eq!(answer.code(), "nothing_to_capture"),
            other => panic!("{other}: {}", answer.json()),
        }
    }
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    assert_eq!((taken, shop.app.pay_back().await.refunds, shop.stripe.calls(Step::Capture)), (1, 0, 1));
    assert_paid_once(&shop, &placed).await;
}
