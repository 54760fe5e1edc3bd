//! Webhooks that are not Stripe's, or not Stripe's of now (case C40).

use tradepost_fakestripe::SignedWebhook;
use tradepost_port::Clock;
use tradepost_testkit::StripeShop;
use tradepost_testkit::stripe::{FORMER_WEBHOOK_SECRET, WEBHOOK_SECRET};

use crate::admin::sql_value;

const PATH: &str = "/api/payments/webhook";

fn event(id: &str) -> serde_json::Value {
    serde_json::json!({"id": id, "object": "event", "type": "product.created", "created": 1_790_000_000,
        "livemode": false, "data": {"object": {"id": "prod_1"}}})
}

#[tokio::test]
async fn a_webhook_that_stripe_did_not_sign_now_is_refused_and_not_stored() {
    let shop = StripeShop::new().await;
    let now = shop.app.clock.now().as_second();
    let good = SignedWebhook::sign(WEBHOOK_SECRET, now, &event("evt_1"));
    let (_, v1) = good.signature.split_once(",v1=").unwrap();
    let with = |signature: &str| SignedWebhook { signature: signature.to_owned(), ..good.clone() };
    let mut spaced = good.clone();
    spaced.body.push(b' ');
    let bad = [
        with(""),
        with("t=,v1="),
        with(&format!("t={now}")),
        with(&format!("v1={v1}")),
        with(&format!("t={now},v0={v1}")),
        with(&format!("t={now},v1=zz{}", &v1[2..])),
        with(&format!("t={now},v1={}", &v1[1..])),
        with(&format!("t={},v1={v1}", now - 1)),
        SignedWebhook::sign("whsec_of_somebody_else", now, &event("evt_1")),
        SignedWebhook::sign("", now, &event("evt_1")),
        SignedWebhook::sign(WEBHOOK_SECRET, now - 301, &event("evt_1")),
        SignedWebhook::sign(WEBHOOK_SECRET, now + 301, &event("evt_1")),
        SignedWebhook::sign(WEBHOOK_SECRET, now, &serde_json::json!([1])),
        spaced,
    ];
    for webhook in bad {
        let refused = shop.send(&webhook).await.expect(400);
        assert_eq!(refused.code(), "invalid_webhook", "{}", webhook.signature);
    }
    let unsigned = shop.app.post(PATH).raw("application/json", good.body.clone()).send().await.expect(400);
    assert_eq!(unsigned.code(), "invalid_webhook");
    let large = shop.app.post(PATH).header("stripe-signature", &good.signature);
    let large = large.raw("application/json", vec![b' '; 1024 * 1024 + 1]).send().await;
    assert_eq!(large.expect(413).code(), "body_too_large");
    for (path, status) in [("/api/payments/webhook/paypal", 404), ("/api/payments/webhook/test", 400)] {
        let refused = shop.app.post(path).header("stripe-signature", &good.signature);
        let _ = refused.raw("application/json", good.body.clone()).send().await.expect(status);
    }
    assert_eq!(sql_value(&shop.app, "select count(*) from webhook_inbox").await, "0");
}

#[tokio::test]
async fn a_webhook_that_stripe_signed_with_either_secret_is_stored_before_it_is_answered() {
    let shop = StripeShop::new().await;
    let now = shop.app.clock.now().as_second();
    let former = SignedWebhook::sign(FORMER_WEBHOOK_SECRET, now, &event("evt_3"));
    let (_, v1) = former.signature.split_once(",v1=").unwrap();
    let unknown = "0".repeat(64);
    let good = [
        SignedWebhook::sign(WEBHOOK_SECRET, now - 299, &event("evt_1")),
        SignedWebhook::sign(WEBHOOK_SECRET, now, &event("evt_2")),
        SignedWebhook { signature: format!("t={now},v1={unknown},v1={v1}"), ..former },
    ];
    for (webhook, stored) in good.iter().zip(["1", "2", "3"]) {
        let _ = shop.send(webhook).await.expect(200);
        assert_eq!(sql_value(&shop.app, "select count(*) from webhook_inbox").await, stored);
    }
    let named = shop.app.post("/api/payments/webhook/stripe").header("stripe-signature", &good[1].signature);
    let _ = named.raw("application/json", good[1].body.clone()).send().await.expect(200);
    assert_eq!(sql_value(&shop.app, "select count(*) from webhook_inbox").await, "3");
    assert_eq!(shop.work_inbox().await, 3);
}

/// Case C36: what is signed is stored, whatever signs its texts have; a name of an event has none that no name has.
#[tokio::test]
async fn a_webhook_with_signs_that_the_database_does_not_take_as_text_is_stored_all_the_same() {
    let shop = StripeShop::new().await;
    let now = shop.app.clock.now().as_second();
    let mut odd = event("evt_1");
    odd["data"]["object"]["name"] = "a\0b".into();
    odd["data"]["object"]["lone"] = "\u{fffe}".into();
    let _ = shop.send(&SignedWebhook::sign(WEBHOOK_SECRET, now, &odd)).await.expect(200);
    assert_eq!(shop.work_inbox().await, 1);
    assert_eq!(sql_value(&shop.app, "select state from webhook_inbox").await, "done");
    let mut kind = event("evt_2");
    kind["type"] = "product\0created".into();
    for event in [event("evt\0_3"), kind] {
        let refused = shop.send(&SignedWebhook::sign(WEBHOOK_SECRET, now, &event)).await.expect(400);
        assert_eq!(refused.code(), "invalid_webhook");
    }
    assert_eq!(sql_value(&shop.app, "select count(*) from webhook_inbox").await, "1");
}
