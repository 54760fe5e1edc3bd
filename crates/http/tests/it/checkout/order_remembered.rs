//! Orders that are made of what a process remembers: in three statements, and never of what is not so any more.

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::together::{Jam, one_of, spawn_items};
use super::{order_items, stock, stocked};
use crate::admin::{make, sql, text};
use crate::store::change;

/// A shop that hears of changes and remembers its goods: an order that is made of nothing that was read.
async fn remembering(stock: i64) -> (TestApp, String, String) {
    let app = TestApp::new().await;
    let (product, boot) = stocked(&app, "Boot", 5400, stock).await;
    app.project().await;
    let read = order_items(&app, one_of(&boot), "read").await.expect(201);
    let remembered = order_items(&app, one_of(&boot), "remembered").await.expect(201);
    assert!(read.statements > remembered.statements);
    assert_eq!(remembered.statements, 3, "a key, the goods, and all that is written");
    (app, product, boot)
}

fn total(placed: &TestResponse) -> i64 {
    placed.json()["order"]["totals"]["total"]["amount"].as_i64().unwrap()
}

async fn price(app: &TestApp, product: &str, variant: &str, cents: i64) {
    let body = json!({"variants": [{"id": variant, "price": {"amount": cents, "currency": "EUR"}}]});
    change(app, &format!("/api/admin/products/{product}"), &body).await;
}

#[tokio::test]
async fn a_price_that_another_process_has_changed_is_paid_before_anybody_is_told_of_it() {
    let (app, product, boot) = remembering(50).await;
    price(&app.beside(), &product, &boot, 5000).await;
    let unheard = order_items(&app, one_of(&boot), "unheard").await.expect(201);
    assert_eq!(total(&unheard), 5000);
    assert!(unheard.statements > 3, "what was remembered is not so any more");
    // Nor does an order stand that agrees to the price of before.
    let body = json!({"items": one_of(&boot), "email": "ada@example.com", "shipping_address": super::address(),
        "expected_total": {"amount": 5400, "currency": "EUR"}});
    let old = app.post("/api/orders").header("idempotency-key", "old").json(&body).send().await.expect(409);
    assert_eq!(old.code(), "total_changed");
    app.project().await;
    let _ = order_items(&app, one_of(&boot), "heard").await.expect(201);
    let after = order_items(&app, one_of(&boot), "after").await.expect(201);
    assert_eq!((total(&after), after.statements), (5000, 3));
    assert_eq!(stock(&app, &boot).await, "50/5/0");
    app.audit().await;
}

#[tokio::test]
async fn of_orders_that_are_decided_together_those_of_a_changed_product_are_read() {
    let (app, product, boot) = remembering(50).await;
    let (_, lamp) = stocked(&app, "Lamp", 1200, 50).await;
    app.project().await;
    for (number, goods) in [&boot, &lamp].into_iter().enumerate() {
        let _ = order_items(&app, one_of(goods), &format!("known-{number}")).await.expect(201);
    }
    let jam = Jam::begin(&app).await;
    let goods = [&boot, &lamp, &boot, &lamp];
    let together: Vec<_> =
        (0..).zip(goods).map(|(number, goods)| spawn_items(&app, goods, format!("key-{number}"))).collect();
    super::together::wait_for(&app, together.len()).await;
    price(&app.beside(), &product, &boot, 5000).await;
    let answers = jam.decide(&app, together).await;
    let totals: Vec<i64> = answers.iter().map(total).collect();
    assert_eq!(totals, [5000, 1200, 5000, 1200]);
    assert_eq!((stock(&app, &boot).await, stock(&app, &lamp).await), ("50/5/0".into(), "50/3/0".into()));
    app.audit().await;
}

#[tokio::test]
async fn rules_that_another_process_has_made_are_those_of_the_next_order() {
    let (app, _, boot) = remembering(50).await;
    let tenth = json!({"name": "Tenth", "effect": {"percentage": {"level": "order", "bps": 1000}}});
    let _ = make(&app.beside(), "/api/admin/promotions", &tenth).await;
    let cheaper = order_items(&app, one_of(&boot), "cheaper").await.expect(201);
    assert_eq!(total(&cheaper), 5400 * 9 / 10);
    let uses = "select string_agg(used::text, ' ') from promotion";
    assert_eq!(crate::admin::sql_value(&app, uses).await, "1");
    app.audit().await;
}

#[tokio::test]
async fn goods_that_are_archived_or_gone_are_not_sold_from_memory() {
    let (app, product, boot) = remembering(50).await;
    let path = format!("/api/admin/products/{product}");
    let _ = change(&app.beside(), &path, &json!({"status": "archived"})).await;
    let archived = order_items(&app, one_of(&boot), "archived").await.expect(409);
    assert_eq!(archived.code(), "line_unavailable");
    let _ = sql(&app, "delete from reservation; update stock_level set reserved = 0, moved_kind = 'released', moved_id = gen_random_uuid(), moved_for = null, moved_units = null; delete from product").await;
    let gone = order_items(&app, one_of(&boot), "gone").await;
    assert_eq!(
        (gone.status.as_u16(), gone.json()["errors"][0]["code"].as_str()),
        (422, Some("variant_not_found"))
    );
    app.leave_broken("what orders held was taken away with the goods");
}

#[tokio::test]
async fn what_is_short_is_refused_in_the_words_of_one_that_was_read() {
    let (app, _, boot) = remembering(50).await;
    let sixty = json!([{"variant_id": boot, "quantity": 60}]);
    let remembered = order_items(&app, sixty.clone(), "sixty").await.expect(409);
    let read = order_items(&app.beside(), sixty, "read-sixty").await.expect(409);
    let said = |answer: &TestResponse| {
        let body = answer.json();
        ["code", "detail", "param", "available", "shortages"].map(|field| body[field].clone())
    };
    assert_eq!(said(&remembered), said(&read));
    let facts: Value = remembered.json();
    assert_eq!((text(&facts, "code"), &facts["available"]), ("insufficient_stock", &json!(48)));
    // What an order lacks that nothing has to be read for is said as ever, too.
    let bare =
        app.post("/api/orders").header("idempotency-key", "bare").json(&json!({"items": one_of(&boot)}));
    let bare = bare.send().await.expect(422).json();
    assert_eq!(bare["errors"][0]["code"], json!("email_required"));
    assert_eq!(stock(&app, &boot).await, "50/2/0");
    app.audit().await;
}
