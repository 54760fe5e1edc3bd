//! Taxes by a tax service and shipping by carriers: asked once for many carts, never within a transaction (a call there
//! panics in these tests), and never 0 % by mistake while they are away.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::tax::RatePpm;
use tradepost_port::fake::ToldRates;
use tradepost_port::rates::{ShippingRateAnswer, TaxRateAnswer};
use tradepost_testkit::TestApp;

use super::{address, filled_cart, order_cart, order_items, stocked};
use crate::admin::{make, text};

fn tax(name: &str, ppm: u32) -> TaxRateAnswer {
    TaxRateAnswer { tax_class_id: None, name: name.to_owned(), rate_ppm: RatePpm::try_from(ppm).unwrap() }
}

fn rate(service: &str, cents: i64) -> ShippingRateAnswer {
    let price = Money::new(cents, Currency::EUR).unwrap();
    ShippingRateAnswer { service: service.to_owned(), price }
}

/// A shop that asks for the taxes of Germany; it has a table with 19 % for that too.
async fn taxed(rates: &Arc<ToldRates>, rates_from: &str) -> TestApp {
    let app = TestApp::with_rates(rates.clone()).await;
    let body = json!({"name": "DE", "places": [{"country": "DE"}], "prices_include_tax": false, "rates_from": rates_from});
    let zone = make(&app, "/api/admin/tax-zones", &body).await;
    let body = json!({"name": "VAT", "tax_zone_id": zone["id"], "rate_ppm": 190_000});
    make(&app, "/api/admin/tax-rates", &body).await;
    app
}

async fn cart(app: &TestApp, cart: &Value, token: &str, what: &str) -> Value {
    let path = format!("/api/carts/{}{what}", text(cart, "id"));
    app.get(&path).header("cart-token", token).send().await.expect(200).json()
}

fn tax_of(cart: &Value) -> i64 {
    cart["totals"]["tax"]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn a_tax_service_says_the_rates_once_for_all_carts_of_a_place() {
    let rates = Arc::new(ToldRates::default());
    rates.tell_taxes(Some(vec![tax("State", 60_000), tax("City", 12_500)]));
    let app = taxed(&rates, "service").await;
    let (_, variant) = stocked(&app, "Lamp", 10_000, 9).await;
    let (first, token) = filled_cart(&app, &[(&variant, 1)]).await;
    assert_eq!(tax_of(&first), 725);
    let asked = rates.take_asked();
    assert_eq!((asked.len(), asked[0].postal_code.as_deref()), (1, Some("10119")));
    let placed = order_cart(&app, &first, &token, "a").await.expect(201).json();
    assert_eq!(placed["order"]["totals"]["tax"]["amount"], 725);
    filled_cart(&app, &[(&variant, 2)]).await;
    assert!(rates.take_asked().is_empty(), "the answer was kept");
    let (other, token) = filled_cart(&app, &[(&variant, 1)]).await;
    let explained = cart(&app, &other, &token, "/explain").await;
    let steps = explained["explanation"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["phase"] == "taxes").unwrap();
    assert_eq!((&step["rule"]["source"], &step["rule"]["rate_ppm"]), (&json!("service"), &json!(72_500)));
    app.audit().await;
}

#[tokio::test]
async fn while_the_tax_service_is_away_its_last_answer_counts_and_then_the_table() {
    let rates = Arc::new(ToldRates::default());
    rates.tell_taxes(Some(vec![tax("Service", 70_000)]));
    let app = taxed(&rates, "service_or_table").await;
    let (_, variant) = stocked(&app, "Lamp", 10_000, 9).await;
    let (made, token) = filled_cart(&app, &[(&variant, 1)]).await;
    assert_eq!(tax_of(&made), 700);
    rates.tell_taxes(None);
    app.clock.advance(SignedDuration::from_hours(13));
    assert_eq!(tax_of(&cart(&app, &made, &token, "").await), 700);
    assert_eq!(rates.take_asked().len(), 2);
    cart(&app, &made, &token, "").await;
    assert!(rates.take_asked().is_empty(), "a service that is away is left alone for a moment");
    app.clock.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(tax_of(&cart(&app, &made, &token, "").await), 1900);
    rates.tell_taxes(Some(Vec::new()));
    app.clock.advance(SignedDuration::from_secs(6));
    assert_eq!(tax_of(&cart(&app, &made, &token, "").await), 0, "the service says that there is none");
}

#[tokio::test]
async fn nothing_is_sold_where_only_the_service_knows_the_taxes_and_it_is_away() {
    let rates = Arc::new(ToldRates::default());
    let app = taxed(&rates, "service").await;
    let (_, variant) = stocked(&app, "Lamp", 10_000, 9).await;
    let (made, token) = filled_cart(&app, &[(&variant, 1)]).await;
    let codes: Vec<&str> =
        made["requirements"].as_array().unwrap().iter().map(|missing| text(missing, "code")).collect();
    assert_eq!(codes, ["tax_unavailable"]);
    assert_eq!(order_cart(&app, &made, &token, "a").await.expect(409).code(), "tax_unavailable");
    let items = json!([{"variant_id": variant, "quantity": 1}]);
    assert_eq!(order_items(&app, items, "b").await.expect(409).code(), "tax_unavailable");
    rates.tell_taxes(Some(vec![tax("Service", 70_000)]));
    app.clock.advance(SignedDuration::from_secs(6));
    let placed = order_cart(&app, &made, &token, "c").await.expect(201).json();
    assert_eq!(placed["order"]["totals"]["tax"]["amount"], 700);
    app.audit().await;
}

#[tokio::test]
async fn carriers_say_what_a_parcel_costs_and_what_they_do_not_take_is_not_offered() {
    let rates = Arc::new(ToldRates::default());
    rates.tell_shipping(Some(vec![rate("express", 1_290), rate("courier", -5)]));
    let app = TestApp::with_rates(rates.clone()).await;
    let methods = "/api/admin/shipping-methods";
    let carrier = |service: &str| json!({"carrier": {"service": service}});
    make(&app, methods, &json!({"name": "Express", "rates": carrier("express")})).await;
    make(&app, methods, &json!({"name": "Courier", "rates": carrier("courier")})).await;
    make(&app, methods, &json!({"name": "Bicycle", "rates": carrier("bicycle")})).await;
    let fallback = json!({"carrier": {"service": "post", "otherwise": [{"amount": 490, "currency": "EUR"}]}});
    let post = make(&app, methods, &json!({"name": "Post", "rates": fallback})).await;
    let (_, variant) = stocked(&app, "Lamp", 10_000, 9).await;
    let (made, token) = filled_cart(&app, &[(&variant, 1)]).await;
    let offered = |list: Value| -> Vec<(String, i64)> {
        let offer =
            |offer: &Value| (text(offer, "name").to_owned(), offer["price"]["amount"].as_i64().unwrap());
        list["data"].as_array().unwrap().iter().map(offer).collect()
    };
    let list = cart(&app, &made, &token, "/shipping-methods").await;
    assert_eq!(offered(list), [("Express".to_owned(), 1_290)]);
    assert_eq!(rates.take_asked().len(), 1);
    // Twice as many weigh more, or cost more to insure: the carriers are asked again.
    let line = format!("/api/carts/{}/lines/{}", text(&made, "id"), text(&made["lines"][0], "id"));
    let change = app.patch(&line).header("cart-token", &token).json(&json!({"quantity": 2}));
    change.send().await.expect(200);
    assert_eq!(rates.take_asked().len(), 1);
    // Away: the last answer for the same parcel, what staff said for the others.
    rates.tell_shipping(None);
    app.clock.advance(SignedDuration::from_mins(16));
    let list = cart(&app, &made, &token, "/shipping-methods").await;
    assert_eq!(offered(list), [("Express".to_owned(), 1_290)]);
    let body = json!({"lines": [{"variant_id": variant, "quantity": 5}], "shipping_address": address()});
    let other = app.post("/api/carts").json(&body).send().await.expect(201).json();
    let told = [&other["shipping_method"]["id"], &other["totals"]["shipping"]["amount"]];
    assert_eq!(told, [&post["id"], &json!(490)]);
}
