//! Amounts that a provider cannot take make no order, and what it refuses for good is not asked for for ever.

use serde_json::{Value, json};
use tradepost_fakestripe::{Fault, Step, Trouble};
use tradepost_testkit::StripeShop;

use super::{place, sold, wait};
use crate::admin::{make, sql_value, text};
use crate::checkout::{address, order_items, shown, stocked};
use crate::store::channels::key;
use crate::store::put;

#[tokio::test]
async fn an_order_that_stripe_cannot_charge_for_is_refused_before_it_stands() {
    let shop = StripeShop::new().await;
    let dinars = json!({"name": "Kuwait", "handle": "kw", "currency": "KWD", "default_locale": "en", "locales": ["en"]});
    let dinars = make(&shop.app, "/api/admin/channels", &dinars).await;
    let here = key(&shop.app, &shop.app.channel_id.to_string()).await;
    let kuwait = key(&shop.app, text(&dinars, "id")).await;
    for (number, (cents, fils, channel)) in
        (1..).zip([(49, 12_340, &here), (500, 12_345, &kuwait), (100_000_000, 12_340, &here)])
    {
        let prices = json!([{"amount": cents, "currency": "EUR"}, {"amount": fils, "currency": "KWD"}]);
        let pin = put(&shop.app, "Pin", 0, json!({"variants": [{"prices": prices, "stock": 9}]})).await;
        let pin = text(&pin["variants"][0], "id");
        let order = async |payment: Value| {
            let body = json!({"items": [{"variant_id": pin, "quantity": 1}], "email": "ada@example.com",
                "shipping_address": address(), "payment": payment});
            let key = shop.app.shop.ids.next_uuid().to_string();
            let request = shop.app.post("/api/orders").header("idempotency-key", &key);
            request.header("publishable-key", channel).json(&body).send().await
        };
        let refused = order(Value::Null).await.expect(422).json();
        assert_eq!(
            (text(&refused, "code"), text(&refused["errors"][0], "param")),
            ("amount_not_chargeable", "$.payment.provider"),
            "{refused}"
        );
        let placed = "select count(*) from orders";
        assert_eq!(
            (sql_value(&shop.app, placed).await, sold(&shop.app, pin).await),
            ((number - 1).to_string(), "9/0/0".to_owned())
        );
        // The built-in provider takes any amount.
        let _ = order(json!({"provider": "test"})).await.expect(201);
    }
    assert!(shop.stripe.intents().is_empty());
}

/// Stripe's minimum is that of the currency of the shop's bank account, which nobody here knows.
#[tokio::test]
async fn an_attempt_that_stripe_refuses_for_good_ends_with_its_order() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let trouble = Trouble::Refuse("amount_too_small".to_owned());
    shop.stripe.script(Fault { step: Step::Create, trouble, times: 1_000 });
    let placed = place(&shop.app, &boot, "key-1").await;
    assert_eq!(text(&placed["payment"], "error_code"), "amount_too_small");
    wait(&shop, 121);
    assert_eq!(shop.app.read_back().await.looked_at, 1, "it might be mended");
    wait(&shop, 3600);
    assert_eq!(shop.app.sweep_orders().await.orders, 1);
    wait(&shop, 121);
    assert_eq!(shop.app.read_back().await.looked_at, 1);
    let calls = shop.stripe.calls(Step::Create);
    wait(&shop, 121);
    assert_eq!((shop.app.read_back().await.looked_at, shop.stripe.calls(Step::Create)), (0, calls));
    let order = shown(&shop.app, &placed).await;
    assert_eq!((text(&order, "status"), text(&order["payment"], "status")), ("canceled", "canceled"));
    assert_eq!(sold(&shop.app, &boot).await, "2/0/0");
    shop.app.project().await;
    shop.app.audit().await;
}

/// The same for a refusal that came while the order stood and was the last word before it was given up.
#[tokio::test]
async fn an_order_that_nobody_could_begin_to_pay_can_be_placed_again() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    shop.stripe.script(Fault::once(Step::Create, Trouble::Refuse("account_invalid".to_owned())));
    let placed = place(&shop.app, &boot, "key-1").await;
    let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
    let _ = shop.app.post(&path).header("order-token", text(&placed, "order_token")).send().await.expect(200);
    let items = json!([{"variant_id": boot, "quantity": 1}]);
    let again = order_items(&shop.app, items, "key-2").await.expect(201).json();
    assert_ne!(again["payment_client_secret"], Value::Null);
    assert_eq!(sold(&shop.app, &boot).await, "1/1/0");
}
