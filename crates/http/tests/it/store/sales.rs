//! Price lists for everybody in listings, on pages and in search: what is shown is what one unit costs in a guest's cart.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestRequest};

use super::channels::key;
use super::{change, found, handles, listing};
use crate::admin::{make, sql_value, text};
use crate::checkout::stocked;
use crate::store::put;

const LISTS: &str = "/api/admin/price-lists";

/// A price list with these prices: variant, from so many units, euro cents.
async fn list(app: &TestApp, more: &Value, prices: &[(&str, u32, i64)]) -> String {
    let mut body = json!({"name": "Sale"});
    body["handle"] = json!(format!("list-{}", app.shop.ids.next_uuid()));
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = text(&make(app, LISTS, &body).await, "id").to_owned();
    set(app, &id, prices).await;
    id
}

async fn set(app: &TestApp, list: &str, prices: &[(&str, u32, i64)]) {
    let price = |(variant, units, cents): &(&str, u32, i64)| json!({"variant_id": variant, "min_quantity": units, "amount": cents, "currency": "EUR"});
    let body = json!({"prices": prices.iter().map(price).collect::<Vec<_>>()});
    let _ = app.post(&format!("{LISTS}/{list}/prices")).admin().json(&body).send().await.expect(200);
}

async fn delete(app: &TestApp, path: &str) {
    let answer = app.delete(path).admin().header("if-match", "*").send().await;
    assert!(answer.status.is_success(), "{}", answer.status);
}

/// Price and compared price of something that is shown.
fn prices(thing: &Value, price: &str) -> [Option<i64>; 2] {
    [price, "compare_at_price"].map(|field| thing[field]["amount"].as_i64())
}

/// What the product's page, its card and a guest's cart say of its one variant, which must be the same.
async fn shown(app: &TestApp, handle: &str, publishable_key: Option<&str>) -> [Option<i64>; 2] {
    app.project().await;
    let with_key = |request| as_channel(request, publishable_key);
    let page = with_key(app.get(&format!("/api/products/{handle}"))).send().await.expect(200).json();
    let cards = with_key(app.get("/api/products?limit=100")).send().await.expect(200).json();
    let cards = cards["data"].as_array().unwrap().clone();
    let card = cards.into_iter().find(|card| card["handle"] == handle).unwrap();
    let variant = &page["variants"][0];
    let body = json!({"lines": [{"variant_id": variant["id"], "quantity": 1}]});
    let cart = with_key(app.post("/api/carts").json(&body)).send().await.expect(201).json();
    let paid = prices(&cart["lines"][0], "unit_price");
    assert_eq!([prices(&page, "price"), prices(variant, "price"), prices(&card, "price")], [paid; 3]);
    paid
}

fn as_channel<'a>(request: TestRequest<'a>, publishable_key: Option<&str>) -> TestRequest<'a> {
    match publishable_key {
        Some(key) => request.header("publishable-key", key),
        None => request,
    }
}

fn sold_at(cents: i64, compare_at: impl Into<Option<i64>>) -> [Option<i64>; 2] {
    [Some(cents), compare_at.into()]
}

#[tokio::test]
async fn a_sale_for_everybody_is_seen_wherever_products_are_listed_and_ends_with_its_list() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (_, lamp) = stocked(&app, "Lamp", 3000, 9).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(5400, None));
    assert_eq!(handles(&app, "sort=price").await, ["lamp", "boot"]);

    let sale = list(&app, &json!({}), &[(&boot, 1, 2500)]).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(2500, 5400));
    assert_eq!(shown(&app, "lamp", None).await, sold_at(3000, None));
    assert_eq!(handles(&app, "sort=price").await, ["boot", "lamp"]);
    assert_eq!(handles(&app, "sort=-price").await, ["lamp", "boot"]);
    assert_eq!(found(&app, "filter[price][lt]=2600").await, ["boot"]);
    assert_eq!(found(&app, "filter[price][gte]=5000").await, [""; 0]);
    let facets = listing(&app, "facets=price&limit=1").await["facets"].to_string();
    assert!(!facets.contains("5400"), "{facets}");
    let search = app.get("/api/search?q=boot+under+26").send().await.expect(200).json();
    assert_eq!(super::texts(&search["data"], "handle"), ["boot"]);
    assert_eq!(prices(&search["data"][0], "price"), sold_at(2500, 5400));

    // Every way to change it.
    let path = format!("{LISTS}/{sale}");
    set(&app, &sale, &[(&boot, 1, 2400), (&lamp, 1, 100)]).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(2400, 5400));
    assert_eq!(handles(&app, "sort=price").await, ["lamp", "boot"]);
    delete(&app, &format!("{path}/prices/{lamp}")).await;
    assert_eq!(shown(&app, "lamp", None).await, sold_at(3000, None));
    change(&app, &path, &json!({"active": false})).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(5400, None));
    change(&app, &path, &json!({"active": true})).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(2400, 5400));
    delete(&app, &path).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(5400, None));
    assert_eq!(handles(&app, "sort=price").await, ["lamp", "boot"]);
    assert_eq!(sql_value(&app, "select count(*) from price_list_leaving").await, "0");
}

#[tokio::test]
async fn of_all_lists_those_are_shown_that_a_guest_pays_one_unit_by() {
    let app = TestApp::new().await;
    let group = make(&app, "/api/admin/customer-groups", &json!({"name": "Friends"})).await;
    let body = json!({"name": "Other", "currency": "EUR", "default_locale": "en", "locales": ["en"]});
    let other = make(&app, "/api/admin/channels", &body).await;
    let other_key = key(&app, text(&other, "id")).await;
    let here = app.channel_id.to_string();
    for (number, (lists, in_default, in_other)) in [
        // For one channel.
        (vec![(json!({"channel_ids": [here]}), 1, 800)], sold_at(800, 1000), sold_at(1000, None)),
        (vec![(json!({"channel_ids": [here, other["id"]]}), 1, 800)], sold_at(800, 1000), sold_at(800, 1000)),
        // Of two: the larger priority, be it dearer.
        (
            vec![
                (json!({"priority": 1}), 1, 700),
                (json!({"priority": 2, "channel_ids": [other["id"]]}), 1, 900),
            ],
            sold_at(700, 1000),
            sold_at(900, 1000),
        ),
        // From a quantity on.
        (vec![(json!({}), 5, 600)], sold_at(1000, None), sold_at(1000, None)),
        (
            vec![(json!({}), 5, 600), (json!({"priority": -1}), 1, 950)],
            sold_at(950, 1000),
            sold_at(950, 1000),
        ),
        // For a group, off, over, not begun.
        (
            vec![(json!({"customer_group_ids": [group["id"]]}), 1, 600)],
            sold_at(1000, None),
            sold_at(1000, None),
        ),
        (vec![(json!({"active": false}), 1, 600)], sold_at(1000, None), sold_at(1000, None)),
        (
            vec![(json!({"ends_at": "2026-11-01T12:00:00Z"}), 1, 600)],
            sold_at(1000, None),
            sold_at(1000, None),
        ),
        (
            vec![(json!({"starts_at": "2026-11-01T12:00:01Z"}), 1, 600)],
            sold_at(1000, None),
            sold_at(1000, None),
        ),
        (
            vec![(json!({"starts_at": "2026-11-01T12:00:00Z", "ends_at": "2026-11-01T12:00:01Z"}), 1, 600)],
            sold_at(600, 1000),
            sold_at(600, 1000),
        ),
        // Dearer than the variant's own price.
        (vec![(json!({}), 1, 1200)], sold_at(1200, None), sold_at(1200, None)),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, thing) = stocked(&app, &format!("Thing {number}"), 1000, 9).await;
        let mut made = Vec::new();
        for (fields, units, cents) in &lists {
            made.push(list(&app, fields, &[(&thing, *units, *cents)]).await);
        }
        let handle = format!("thing-{number}");
        assert_eq!(shown(&app, &handle, None).await, in_default, "{lists:?}");
        assert_eq!(shown(&app, &handle, Some(&other_key)).await, in_other, "{lists:?}");
        for list in made {
            delete(&app, &format!("{LISTS}/{list}")).await;
        }
        assert_eq!(shown(&app, &handle, Some(&other_key)).await, sold_at(1000, None), "{lists:?}");
    }
}

#[tokio::test]
async fn a_list_prices_in_its_own_currency_and_what_has_no_price_but_its_own() {
    let app = TestApp::new().await;
    let body = json!({"name": "Dollars", "handle": "us", "currency": "USD", "default_locale": "en", "locales": ["en"]});
    let us = make(&app, "/api/admin/channels", &body).await;
    let us_key = key(&app, text(&us, "id")).await;
    let prices = json!([{"amount": 1000, "currency": "EUR", "compare_at": 1500}]);
    let product = put(&app, "Boot", 0, json!({"variants": [{"prices": prices, "stock": 9}]})).await;
    let boot = text(&product["variants"][0], "id").to_owned();
    app.project().await;
    let abroad = async || app.get("/api/products/boot").header("publishable-key", &us_key).send().await;
    let _ = abroad().await.expect(404);
    let sale = list(&app, &json!({}), &[(&boot, 1, 900)]).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(900, 1500));
    let _ = abroad().await.expect(404);
    let dollars = json!({"prices": [{"variant_id": boot, "amount": 1100, "currency": "USD"}]});
    let _ = app.post(&format!("{LISTS}/{sale}/prices")).admin().json(&dollars).send().await.expect(200);
    assert_eq!(shown(&app, "boot", Some(&us_key)).await, sold_at(1100, None));
    assert_eq!(shown(&app, "boot", None).await, sold_at(900, 1500));
    delete(&app, &format!("{LISTS}/{sale}")).await;
    app.project().await;
    let _ = abroad().await.expect(404);
    assert_eq!(shown(&app, "boot", None).await, sold_at(1000, 1500));
}

#[tokio::test]
async fn a_scheduled_sale_begins_and_ends_by_itself_also_over_a_restart() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let (_, lamp) = stocked(&app, "Lamp", 3000, 9).await;
    let times = json!({"starts_at": "2026-11-01T13:00:00Z", "ends_at": "2026-11-01T15:00:00Z"});
    list(&app, &times, &[(&boot, 1, 5000)]).await;
    let times = json!({"starts_at": "2026-11-01T14:00:00Z", "priority": 1});
    list(&app, &times, &[(&boot, 1, 4000), (&lamp, 1, 2000)]).await;
    assert_eq!(shown(&app, "boot", None).await, sold_at(5400, None));
    app.clock.advance(SignedDuration::from_secs(3599));
    assert_eq!(shown(&app, "boot", None).await, sold_at(5400, None));
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(shown(&app, "boot", None).await, sold_at(5000, 5400));
    // The second begins and the first ends while nothing runs; another process finds both.
    app.clock.advance(SignedDuration::from_hours(4));
    let app = app.beside();
    assert_eq!(shown(&app, "boot", None).await, sold_at(4000, 5400));
    assert_eq!(shown(&app, "lamp", None).await, sold_at(2000, 3000));
    assert_eq!(handles(&app, "sort=price").await, ["lamp", "boot"]);
    let told = "select string_agg(type, ' ' order by id) from outbox where type in ('price_list.started', 'price_list.ended')";
    let events = "price_list.started price_list.ended price_list.started";
    assert_eq!(sql_value(&app, told).await, events);
    app.clock.advance(SignedDuration::from_hours(40));
    assert_eq!(shown(&app, "lamp", None).await, sold_at(2000, 3000));
    assert_eq!(sql_value(&app, told).await, events, "told once");
}

#[tokio::test]
async fn sales_cost_storefront_reads_no_statement() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let mut counted = Vec::new();
    for number in 0..3_i64 {
        app.project().await;
        app.index().await;
        app.shop.catalog.cache.invalidate_all();
        app.shop.catalog.cache.renew();
        let mut counts = Vec::new();
        for path in [
            "/api/products?sort=price",
            "/api/products/boot",
            "/api/search?q=boot",
            "/api/products?facets=price",
        ] {
            counts.push(app.get(path).send().await.expect(200).statements);
        }
        counted.push(counts);
        list(&app, &json!({"priority": number}), &[(&boot, 1, 5000 - number), (&boot, 7, 100)]).await;
    }
    assert_eq!(counted[0], counted[1]);
    assert_eq!(counted[0], counted[2]);
}

#[tokio::test]
async fn a_rule_of_a_collection_by_price_goes_by_the_price_that_is_shown() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 9).await;
    let rule = json!({"match": "all", "conditions": [{"field": "price", "operator": "lt", "value": 3000}]});
    make(&app, "/api/admin/collections", &json!({"title": "Bargains", "kind": "rule", "rule": rule})).await;
    app.project().await;
    assert_eq!(found(&app, "collection=bargains").await, [""; 0]);
    list(&app, &json!({}), &[(&boot, 1, 2500)]).await;
    app.project().await;
    assert_eq!(found(&app, "collection=bargains").await, ["boot"]);
}
