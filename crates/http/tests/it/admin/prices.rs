//! `/api/admin/prices`.

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use super::products::{create, read, rows};
use super::{Intruder, events, sql_value, text};

const PATH: &str = "/api/admin/prices";
const BATCH: &str = "/api/admin/prices/batch";

fn euro(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

async fn boot(app: &TestApp) -> Value {
    let both = json!([euro(100), {"amount": 120, "currency": "USD", "compare_at": 150}]);
    create(
        app,
        &json!({"title": "Boot", "variants": [
            {"sku": "A", "options": {"Color": "Red"}, "prices": both},
            {"sku": "B", "options": {"Color": "Blue"}, "prices": [euro(200)]}]}),
    )
    .await
}

async fn list(app: &TestApp, query: &str) -> TestResponse {
    app.get(&format!("{PATH}?{query}")).admin().send().await
}

async fn set(app: &TestApp, prices: &Value) -> TestResponse {
    app.post(BATCH).admin().json(&json!({"prices": prices})).send().await
}

#[tokio::test]
async fn prices_are_listed_by_variant_sku_and_currency_page_by_page() {
    let app = TestApp::new().await;
    let product = boot(&app).await;
    let first = list(&app, "limit=2&count=exact").await.expect(200);
    assert_eq!(first.statements, 3, "the key, the page and the count");
    let first = first.json();
    assert_eq!((&first["page"]["total"], &first["page"]["has_more"]), (&json!(3), &json!(true)));
    assert_eq!(
        first["data"][1],
        json!({"variant_id": product["variants"][0]["id"], "sku": "A", "product_id": product["id"],
            "product_version": 1, "amount": 120, "currency": "USD", "compare_at": 150})
    );
    let second = list(&app, &format!("limit=2&cursor={}", text(&first["page"], "next"))).await.expect(200);
    assert_eq!(second.statements, 2);
    let second = second.json();
    assert_eq!((&second["data"][0]["sku"], &second["page"]["next"]), (&json!("B"), &Value::Null));
    let id = text(&product["variants"][0], "id");
    for (query, count) in [
        (format!("filter[variant_id]={id}"), 2),
        (format!("filter[variant_id]={id}&filter[currency]=EUR"), 1),
        ("filter[sku]=B".to_owned(), 1),
        ("filter[sku]=b".to_owned(), 0),
        ("filter[currency]=EUR".to_owned(), 2),
        ("filter[currency]=JPY".to_owned(), 0),
    ] {
        let page = list(&app, &query).await.expect(200).json();
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    for (query, param) in [
        ("filter[variant_id]=prod_01000000000000000000000010", "filter[variant_id]"),
        ("filter[currency]=eur", "filter[currency]"),
        ("filter[currency]=EURO", "filter[currency]"),
        ("cursor=AAAA", "cursor"),
        ("limit=0", "limit"),
        ("filter[price]=1", "filter[price]"),
    ] {
        let refused = list(&app, query).await.expect(400);
        assert_eq!(refused.json()["param"], param, "{query}");
    }
}

#[tokio::test]
async fn prices_are_set_by_id_or_sku_and_each_item_is_answered() {
    let app = TestApp::new().await;
    let product = boot(&app).await;
    let id = &product["variants"][1]["id"];
    let answer = set(
        &app,
        &json!([
            {"sku": "A", "version": 1, "price": {"amount": 90, "currency": "EUR", "compare_at": 100}},
            {"variant_id": id, "prices": [{"amount": 230, "currency": "USD"}]},
            {"variant_id": id, "version": 1, "price": euro(1)},
            {"sku": "nothing", "price": euro(1)},
            {"sku": "A", "price": euro(-1)},
            {"sku": "A", "version": 3, "price": {"amount": 90, "currency": "EUR", "compare_at": 100}},
        ]),
    )
    .await
    .expect(200)
    .json();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 412, 404, 422, 200]);
    let first = &results[0]["body"];
    assert_eq!((&first["variant_id"], &first["product_version"]), (&product["variants"][0]["id"], &json!(2)));
    assert_eq!(first["prices"][0], json!({"amount": 90, "currency": "EUR", "compare_at": 100}));
    assert_eq!(first["prices"][1]["amount"], 120, "prices in other currencies stay");
    let all = &results[1]["body"]["prices"];
    assert_eq!(all, &json!([{"amount": 230, "currency": "USD", "compare_at": null}]));
    assert_eq!(results[2]["problem"]["current"], 3);
    assert_eq!(results[3]["problem"]["code"], "variant_not_found");
    assert_eq!(results[4]["problem"]["param"], "$.price.amount");
    assert_eq!(results[5]["body"]["product_version"], 3, "what changes nothing makes no version");
    assert_eq!(read(&app, &product).await["version"], 3);
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["product.created", "product.updated", "product.updated"]);
    let audited = rows(&app, "select count(*) from audit_log where action = 'product.update'").await;
    assert_eq!(audited[0].get::<_, i64>(0), 2);
}

#[tokio::test]
async fn an_item_costs_the_same_whatever_its_product_and_a_key_gives_the_answers_again() {
    let app = TestApp::new().await;
    boot(&app).await;
    let cost = async |count: usize| {
        let items: Vec<Value> = (0..count)
            .map(|index| json!({"sku": "A", "price": euro(300 + 10 * i64::try_from(count + index).unwrap())}))
            .collect();
        set(&app, &json!(items)).await.expect(200).statements
    };
    let (one, two, five) = (cost(1).await, cost(2).await, cost(5).await);
    assert_eq!((two - one, five - one), (one - 1, 4 * (one - 1)), "beside the key, each item costs the same");
    let body = json!({"prices": [{"sku": "A", "price": euro(7)}]});
    let send = || app.post(BATCH).admin().header("idempotency-key", "k").json(&body).send();
    let first = send().await.expect(200);
    let again = send().await.expect(200);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_refused_and_the_others_are_done() {
    let app = TestApp::new().await;
    let product = boot(&app).await;
    let id = &product["variants"][0]["id"];
    let bad = [
        (422, "$.prices[1].variant_id", json!({"price": euro(1)})),
        (422, "$.prices[1].sku", json!({"variant_id": id, "sku": "A", "price": euro(1)})),
        (422, "$.prices[1].price", json!({"sku": "A"})),
        (422, "$.prices[1].prices", json!({"sku": "A", "price": euro(1), "prices": [euro(1)]})),
        (400, "$.prices[1].sku", json!({"sku": null, "price": euro(1)})),
        (400, "$.prices[1].variant_id", json!({"variant_id": "A", "price": euro(1)})),
        (400, "$.prices[1].price.amount", json!({"sku": "A", "price": {"amount": 1.5, "currency": "EUR"}})),
        (400, "$.prices[1].price.currency", json!({"sku": "A", "price": {"amount": 1, "currency": "eur"}})),
        (400, "$.prices[1].stock", json!({"sku": "A", "price": euro(1), "stock": 1})),
        (400, "$.prices[1]", json!(["A", euro(1)])),
        (400, "$.prices[1]", json!(7)),
    ];
    for (index, (status, param, bad)) in (1..).zip(bad) {
        let good = json!({"sku": "B", "price": euro(index)});
        let answer = set(&app, &json!([{"sku": "B", "price": euro(999)}, bad, good])).await.expect(200);
        let results = answer.json()["results"].clone();
        assert_eq!(results.as_array().unwrap().len(), 3, "{bad}");
        assert_eq!((&results[0]["status"], &results[2]["status"]), (&json!(200), &json!(200)), "{bad}");
        let found = (results[1]["status"].clone(), results[1]["problem"]["param"].clone());
        assert_eq!(found, (json!(status), json!(param)), "{bad}");
        assert_eq!(results[2]["body"]["prices"][0]["amount"], index, "{bad}");
    }
    let before = read(&app, &product).await;
    for (param, body) in
        [("$.prices", json!({"prices": 7})), ("$.price", json!({"prices": [], "price": euro(1)}))]
    {
        let refused = app.post(BATCH).admin().json(&body).send().await.expect(400);
        assert_eq!(refused.json()["param"], param, "{body}");
    }
    for count in [0, 51] {
        let items = vec![json!({"sku": "A", "price": euro(1)}); count];
        assert_eq!(set(&app, &json!(items)).await.expect(422).code(), "batch_size");
    }
    assert_eq!(read(&app, &product).await, before);
}

#[tokio::test]
async fn a_sku_that_went_to_another_variant_meanwhile_is_not_mistaken() {
    let app = TestApp::new().await;
    let product = boot(&app).await;
    // Another writer holds the product and gives the SKU away before the batch can lock it.
    let first = "select 1 from product for update; update variant set sku = 'Z' where sku = 'A'";
    let intruder = Intruder::begin(&app, first).await;
    let items = json!([{"sku": "A", "price": euro(1)}]);
    let (answer, ()) = tokio::join!(set(&app, &items), intruder.finish_when_waited_for("select 1"));
    assert_eq!(answer.expect(200).json()["results"][0]["problem"]["code"], "variant_not_found");
    assert_eq!(sql_value(&app, "select count(*) from price where amount = 100").await, "1");
    assert_eq!(read(&app, &product).await["version"], 1);
}
