//! What customers keep to pay with: kept once, shown to them alone, paid with again, and forgotten here and at Stripe.

use serde_json::{Value, json};
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_port::payment::CaptureMethod;
use tradepost_testkit::{StripeShop, TestApp, TestCustomer, TestResponse};

use super::{intent_of, pay_in_browser, wait};
use crate::admin::{sql, sql_value, text};
use crate::checkout::{address, confirm, order_items, stocked};

const PATH: &str = "/api/account/payment-methods";

/// Orders one of a variant as a customer.
async fn order(app: &TestApp, ada: &TestCustomer, variant: &str, (key, payment): (&str, Value)) -> Value {
    let body = json!({"items": [{"variant_id": variant, "quantity": 1}], "email": ada.email,
        "shipping_address": address(), "payment": payment});
    let request = app.post("/api/orders").bearer(&ada.access_token).header("idempotency-key", key);
    request.json(&body).send().await.expect(201).json()
}

async fn pay(app: &TestApp, ada: &TestCustomer, placed: &Value, body: &Value) -> TestResponse {
    let path = format!("/api/payments/{}/confirm", text(&placed["payment"], "id"));
    let key = format!("pay-{}", app.shop.ids.next_uuid());
    app.post(&path).bearer(&ada.access_token).header("idempotency-key", &key).json(body).send().await
}

async fn kept(app: &TestApp, ada: &TestCustomer) -> Vec<Value> {
    let page = app.get(PATH).bearer(&ada.access_token).send().await.expect(200).json();
    page["data"].as_array().unwrap().clone()
}

/// How many are kept, by all customers: also when nobody's session lives any more.
async fn count_kept(app: &TestApp) -> String {
    sql_value(app, "select count(*) from saved_payment_method").await
}

fn saving() -> Value {
    json!({"save_payment_method": true})
}

fn visa() -> Value {
    json!({"payment_method": "pm_card_visa"})
}

/// A shop, what it sells, and Ada, who keeps a card.
async fn with_a_card() -> (StripeShop, String, TestCustomer, Value) {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5_400, 20).await;
    let ada = shop.app.customer("ada@example.com").await;
    let placed = order(&shop.app, &ada, &boot, ("first", saving())).await;
    assert_eq!(text(&pay(&shop.app, &ada, &placed, &visa()).await.expect(200).json(), "status"), "succeeded");
    assert_eq!(shop.app.keep_methods().await, 1);
    let [card] = kept(&shop.app, &ada).await.try_into().unwrap();
    (shop, boot, ada, card)
}

/// The cards that Stripe has attached to customers.
fn attached(shop: &StripeShop) -> Vec<String> {
    shop.stripe.customers().into_values().flatten().collect()
}

#[tokio::test]
async fn a_card_is_kept_when_the_order_is_paid_and_pays_the_next_one() {
    let (shop, boot, ada, card) = with_a_card().await;
    let app = &shop.app;
    assert_eq!(
        [text(&card, "provider"), text(&card, "type"), text(&card, "brand"), text(&card, "last4")],
        ["stripe", "card", "visa", "4242"]
    );
    assert_eq!((&card["exp_month"], &card["exp_year"]), (&json!(12), &json!(2034)));
    let [provider_ref] = attached(&shop).try_into().unwrap();
    assert!(!card.to_string().contains(&provider_ref) && text(&card, "id").starts_with("spm_"));
    let next = order(app, &ada, &boot, ("next", Value::Null)).await;
    let with_card = json!({"saved_payment_method": card["id"]});
    assert_eq!(text(&pay(app, &ada, &next, &with_card).await.expect(200).json(), "status"), "succeeded");
    let again = order(app, &ada, &boot, ("again", saving())).await;
    let _ = pay(app, &ada, &again, &with_card).await.expect(200);
    assert_eq!(app.keep_methods().await, 1);
    assert_eq!(kept(app, &ada).await, [card], "what is kept is not kept twice");
    assert_eq!((shop.stripe.calls(Step::Customer), shop.stripe.customers().len()), (1, 1));
    for (placed, by) in [(&next, "next"), (&again, "again")] {
        assert_eq!(super::charges(&shop, placed), 1, "{by}");
    }
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn nothing_is_kept_unless_it_is_asked_for_and_paid() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5_400, 20).await;
    let ada = shop.app.customer("ada@example.com").await;
    let plain = order(&shop.app, &ada, &boot, ("plain", Value::Null)).await;
    let _ = pay(&shop.app, &ada, &plain, &visa()).await.expect(200);
    let declined = order(&shop.app, &ada, &boot, ("declined", saving())).await;
    let bad = json!({"payment_method": "pm_card_visa_chargeDeclined"});
    let _ = pay(&shop.app, &ada, &declined, &bad).await.expect(200);
    assert_eq!(shop.app.keep_methods().await, 0);
    assert_eq!((kept(&shop.app, &ada).await.len(), attached(&shop).len()), (0, 0));
    let _ = pay(&shop.app, &ada, &declined, &visa()).await.expect(200);
    shop.app.keep_methods().await;
    assert_eq!(
        (kept(&shop.app, &ada).await.len(), attached(&shop).len()),
        (1, 1),
        "the second card was taken"
    );
    shop.app.audit().await;
}

#[tokio::test]
async fn money_that_is_set_aside_and_what_a_browser_pays_are_kept_too() {
    let shop = StripeShop::with(|mut checkout| {
        checkout.capture = CaptureMethod::Manual;
        checkout
    })
    .await;
    let (_, boot) = stocked(&shop.app, "Boot", 5_400, 20).await;
    let ada = shop.app.customer("ada@example.com").await;
    let placed = order(&shop.app, &ada, &boot, ("first", saving())).await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    assert_eq!(shop.app.keep_methods().await, 1);
    let path = format!("/api/admin/payments/{}/capture", text(&placed["payment"], "id"));
    let capture = shop.app.post(&path).admin().header("idempotency-key", "c").json(&json!({}));
    let _ = capture.send().await.expect(200);
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    assert_eq!((shop.app.keep_methods().await, kept(&shop.app, &ada).await.len()), (0, 1));
    shop.app.audit().await;
}

#[tokio::test]
async fn the_built_in_provider_keeps_cards_that_are_made_up() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5_400, 20).await;
    let ada = app.customer("ada@example.com").await;
    let placed = order(&app, &ada, &boot, ("first", saving())).await;
    let _ = pay(&app, &ada, &placed, &json!({"outcome": "succeed"})).await.expect(200);
    assert_eq!(app.keep_methods().await, 1);
    let [card] = kept(&app, &ada).await.try_into().unwrap();
    assert_eq!([text(&card, "provider"), text(&card, "last4")], ["test", "4242"]);
    let next = order(&app, &ada, &boot, ("next", Value::Null)).await;
    let with_card = json!({"saved_payment_method": card["id"]});
    assert_eq!(text(&pay(&app, &ada, &next, &with_card).await.expect(200).json(), "status"), "succeeded");
    let _ = app
        .delete(&format!("{PATH}/{}", text(&card, "id")))
        .bearer(&ada.access_token)
        .send()
        .await
        .expect(204);
    assert_eq!((app.keep_methods().await, kept(&app, &ada).await.len()), (1, 0));
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn a_guest_keeps_nothing_and_nobody_uses_what_is_somebody_elses() {
    let (shop, boot, ada, card) = with_a_card().await;
    let app = &shop.app;
    let body = json!({"items": [{"variant_id": boot, "quantity": 1}], "email": "eve@example.com",
        "shipping_address": address(), "payment": saving()});
    let guest = app.post("/api/orders").header("idempotency-key", "guest").json(&body).send().await;
    assert_eq!(guest.expect(401).code(), "authentication_required");
    assert_eq!(sql_value(app, "select count(*) from orders").await, "1");
    let eve = app.customer("eve@example.com").await;
    let (own, with_card) =
        (format!("{PATH}/{}", text(&card, "id")), json!({"saved_payment_method": card["id"]}));
    let never = format!("{PATH}/spm_00000000000000000000000001");
    assert_eq!(kept(app, &eve).await.len(), 0);
    for path in [&own, &never] {
        assert_eq!(
            app.delete(path).bearer(&eve.access_token).send().await.expect(404).code(),
            "payment_method_not_found"
        );
        let _ = app.delete(path).send().await.expect(401);
    }
    let _ = app.get(PATH).send().await.expect(401);
    let hers = order(app, &eve, &boot, ("eve", saving())).await;
    let _ = pay(app, &eve, &hers, &with_card).await.expect(404);
    let guests = order_items(app, json!([{"variant_id": boot, "quantity": 1}]), "g").await.expect(201).json();
    let _ = confirm(app, &guests, &with_card).await.expect(404);
    // Ada's card, but not an order of hers: Stripe was told of nobody, and would refuse it.
    let path = format!("/api/payments/{}/confirm", text(&guests["payment"], "id"));
    let of_a_guest = app.post(&path).bearer(&ada.access_token).header("idempotency-key", "a");
    let of_a_guest = of_a_guest.header("order-token", text(&guests, "order_token")).json(&with_card);
    assert_eq!(of_a_guest.send().await.expect(409).code(), "payment_method_unusable");
    let both = json!({"saved_payment_method": card["id"], "payment_method": "pm_card_visa"});
    let placed = order(app, &ada, &boot, ("both", Value::Null)).await;
    let _ = pay(app, &ada, &placed, &both).await.expect(422);
    let other = order(app, &ada, &boot, ("test", json!({"provider": "test"}))).await;
    assert_eq!(pay(app, &ada, &other, &with_card).await.expect(409).code(), "payment_method_unusable");
    assert_eq!(shop.stripe.calls(Step::Confirm), 1, "Stripe was asked for none of it");
    assert_eq!(kept(app, &ada).await, [card]);
}

#[tokio::test]
async fn an_order_from_before_the_first_card_cannot_be_paid_with_it() {
    let shop = StripeShop::new().await;
    let (app, ada) = (&shop.app, shop.app.customer("ada@example.com").await);
    let (_, boot) = stocked(app, "Boot", 5_400, 20).await;
    let early = order(app, &ada, &boot, ("early", Value::Null)).await;
    let saved = order(app, &ada, &boot, ("saved", saving())).await;
    let _ = pay(app, &ada, &saved, &visa()).await.expect(200);
    app.keep_methods().await;
    let [card] = kept(app, &ada).await.try_into().unwrap();
    let with_card = json!({"saved_payment_method": card["id"]});
    assert_eq!(pay(app, &ada, &early, &with_card).await.expect(409).code(), "payment_method_unusable");
    assert_eq!(text(&pay(app, &ada, &early, &visa()).await.expect(200).json(), "status"), "succeeded");
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_second_customer_and_keeps_nothing_twice() {
    use Trouble::{DropAfter, DropBefore, FailBefore, Garbage};
    let shop = StripeShop::new().await;
    let (app, ada) = (&shop.app, shop.app.customer("ada@example.com").await);
    let (_, boot) = stocked(app, "Boot", 5_400, 20).await;
    for trouble in [DropAfter, DropBefore] {
        shop.stripe.script(Fault::once(Step::Customer, trouble));
    }
    let placed = order(app, &ada, &boot, ("first", saving())).await;
    assert_eq!(placed["payment_client_secret"], Value::Null, "it stands, and is asked for again");
    assert_eq!(shop.stripe.intents().len(), 0);
    // What a customer is told of does not change with the address of the account.
    sql(app, "update customer set email = 'new@example.com'").await;
    shop.stripe.script(Fault::once(Step::Create, DropAfter));
    shop.stripe.script(Fault::once(Step::Confirm, DropAfter));
    for _ in 0..5 {
        let _ = pay(app, &ada, &placed, &visa()).await;
    }
    assert_eq!((shop.stripe.customers().len(), shop.stripe.intents().len()), (1, 1));
    assert_eq!(super::charges(&shop, &placed), 1);
    for trouble in [FailBefore, Garbage, DropBefore] {
        shop.stripe.script(Fault::once(Step::Read, trouble));
    }
    for _ in 0..4 {
        assert_eq!(
            (app.keep_methods().await, app.keep_methods().await),
            (1, 0),
            "tried again later, not at once"
        );
        wait(&shop, 600);
    }
    assert_eq!(count_kept(app).await, "1");
    // The job comes twice, as after a crash behind its commit.
    sql(app, "update job set finished_at = null, locked_until = null where queue = 'keep-payment-methods'")
        .await;
    assert_eq!(app.keep_methods().await, 1);
    assert_eq!((count_kept(app).await.as_str(), attached(&shop).len()), ("1", 1));
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn a_customer_whom_stripe_does_not_take_pays_all_the_same() {
    let shop = StripeShop::new().await;
    let (app, ada) = (&shop.app, shop.app.customer("ada@example.com").await);
    let (_, boot) = stocked(app, "Boot", 5_400, 20).await;
    shop.stripe.script(Fault::once(Step::Customer, Trouble::Refuse("email_invalid".to_owned())));
    let placed = order(app, &ada, &boot, ("first", saving())).await;
    let _ = pay(app, &ada, &placed, &visa()).await.expect(200);
    assert_eq!((super::charges(&shop, &placed), app.keep_methods().await), (1, 1));
    assert_eq!((kept(app, &ada).await.len(), app.keep_methods().await), (0, 0));
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn what_is_forgotten_is_gone_at_once_and_at_stripe_as_soon_as_it_answers() {
    let (shop, boot, ada, card) = with_a_card().await;
    let app = &shop.app;
    for trouble in [Trouble::DropBefore, Trouble::FailBefore] {
        shop.stripe.script(Fault::once(Step::Detach, trouble));
    }
    let path = format!("{PATH}/{}", text(&card, "id"));
    let forget = || app.delete(&path).bearer(&ada.access_token).header("idempotency-key", "forget");
    let _ = forget().send().await.expect(204);
    assert_eq!(forget().send().await.expect(204).header("idempotent-replayed"), "true");
    let _ = app.delete(&path).bearer(&ada.access_token).send().await.expect(404);
    assert_eq!((kept(app, &ada).await.len(), attached(&shop).len()), (0, 1));
    let next = order(app, &ada, &boot, ("next", Value::Null)).await;
    let _ = pay(app, &ada, &next, &json!({"saved_payment_method": card["id"]})).await.expect(404);
    assert_eq!((app.keep_methods().await, app.keep_methods().await, attached(&shop).len()), (1, 0, 1));
    wait(&shop, 61);
    assert_eq!(app.keep_methods().await, 1, "Stripe gives the same 500 for a key for a day");
    wait(&shop, 24 * 60 * 60);
    assert_eq!((app.keep_methods().await, attached(&shop).len()), (1, 0));
    // Neither a second keeping of the order that it paid, nor a second forgetting, changes anything.
    sql(app, "update job set finished_at = null, locked_until = null where queue = 'keep-payment-methods'")
        .await;
    assert_eq!(app.keep_methods().await, 2);
    assert_eq!((app.keep_methods().await, count_kept(app).await.as_str()), (0, "0"));
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn a_provider_that_stays_away_leaves_a_task_for_people() {
    let (shop, _, ada, card) = with_a_card().await;
    let app = &shop.app;
    shop.stripe.script(Fault { step: Step::Detach, trouble: Trouble::RateLimit, times: 10 });
    let path = format!("{PATH}/{}", text(&card, "id"));
    let _ = app.delete(&path).bearer(&ada.access_token).send().await.expect(204);
    for _ in 0..10 {
        assert_eq!(app.keep_methods().await, 1);
        wait(&shop, 9 * 60 * 60);
    }
    assert_eq!(app.keep_methods().await, 0);
    let parked = "select last_error from job where failed_at is not null";
    assert!(sql_value(app, parked).await.contains("the provider could not be asked"));
    assert_eq!(tradepost_app::payment::retry_parked_events(&app.shop).await.unwrap(), 1);
    assert_eq!((app.keep_methods().await, attached(&shop).len()), (1, 0));
    app.project().await;
}

#[tokio::test]
async fn what_is_kept_is_taken_along_and_goes_with_its_customer() {
    let (shop, boot, ada, card) = with_a_card().await;
    let app = &shop.app;
    let export = app.get("/api/account/export").bearer(&ada.access_token).send().await.expect(200).json();
    assert_eq!(export["payment_methods"], json!([card]));
    assert!(!export.to_string().contains(&attached(&shop)[0]));
    // Paid just now, kept by nobody yet.
    let last = order(app, &ada, &boot, ("last", saving())).await;
    let _ = pay(app, &ada, &last, &visa()).await.expect(200);
    let _ = app.delete("/api/account").bearer(&ada.access_token).send().await.expect(204);
    for table in ["saved_payment_method", "provider_customer"] {
        assert_eq!(sql_value(app, &format!("select count(*) from {table}")).await, "0", "{table}");
    }
    assert_eq!(attached(&shop).len(), 2);
    while app.keep_methods().await > 0 {}
    assert_eq!(attached(&shop).len(), 0, "the last one too, which can be kept for nobody");
    assert_eq!(count_kept(app).await, "0");
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn payment_methods_come_in_pages_and_cost_as_much_for_many_as_for_one() {
    let (shop, _, ada, card) = with_a_card().await;
    let app = &shop.app;
    let one = app.get(PATH).bearer(&ada.access_token).send().await.expect(200);
    sql(
        app,
        "insert into saved_payment_method (id, customer_id, provider, provider_ref, kind, created_at)
              select gen_random_uuid(), customer_id, provider, 'pm_x' || n, 'card', created_at
                from saved_payment_method, generate_series(1, 30) n",
    )
    .await;
    let many = app.get(&format!("{PATH}?limit=100")).bearer(&ada.access_token).send().await.expect(200);
    assert_eq!((one.statements, many.statements, many.json()["data"].as_array().unwrap().len()), (1, 1, 31));
    let first = app.get(&format!("{PATH}?limit=20&count=exact")).bearer(&ada.access_token).send().await;
    let first = first.expect(200).json();
    assert_eq!((&first["page"]["has_more"], &first["page"]["total"]), (&json!(true), &json!(31)));
    let _ = app.get(&format!("{PATH}?sort=brand")).bearer(&ada.access_token).send().await.expect(400);
    let path = format!("{PATH}/{}", text(&card, "id"));
    let gone = app.delete(&path).bearer(&ada.access_token).send().await.expect(204);
    assert_eq!(gone.statements, 3);
}

#[tokio::test]
async fn one_who_keeps_as_many_as_one_may_keeps_no_more() {
    let (shop, boot, ada, _) = with_a_card().await;
    let app = &shop.app;
    sql(
        app,
        "insert into saved_payment_method (id, customer_id, provider, provider_ref, kind, created_at)
              select gen_random_uuid(), customer_id, provider, 'pm_x' || n, 'card', created_at
                from saved_payment_method, generate_series(1, 49) n",
    )
    .await;
    let placed = order(app, &ada, &boot, ("more", saving())).await;
    let _ = pay(app, &ada, &placed, &visa()).await.expect(200);
    assert_eq!(attached(&shop).len(), 2);
    assert_eq!((app.keep_methods().await, app.keep_methods().await), (1, 1));
    assert_eq!(count_kept(app).await, "50");
    assert_eq!(attached(&shop).len(), 1, "Stripe has it no more either");
}
