//! Batches of changes.

use serde_json::{Value, json};
use tradepost_app::WriteError;
use tradepost_app::batch::{Refusal, run_batch};
use tradepost_app::catalog::product::batch::ProductOperation;
use tradepost_app::catalog::product::changes::{ProductChanges, VariantChanges, VariantsChange};
use tradepost_app::idempotency::{Decision, KeyedRequest, LEASE, body_hash, decide};
use tradepost_app::work::{Actor, Origin, StaffContext};
use tradepost_domain::catalog::Price;
use tradepost_domain::kernel::{Currency, Money};
use tradepost_testkit::{TestApp, TestResponse};

use super::{boot, count, create};
use crate::admin::sql;

async fn batch(app: &TestApp, key: &str, operations: &Value) -> TestResponse {
    let request = app.post("/api/admin/products/batch").admin().header("idempotency-key", key);
    request.json(&json!({"operations": operations})).send().await
}

#[tokio::test]
async fn each_operation_succeeds_or_fails_by_itself() {
    let app = TestApp::new().await;
    let (a, b) = (create(&app, &boot("A")).await, create(&app, &boot("B")).await);
    let operations = json!([
        {"op": "create", "data": boot("C")},
        {"op": "patch", "id": a["id"], "version": 1, "data": {"title": "A2"}},
        {"op": "patch", "id": a["id"], "version": 1, "data": {"title": "A3"}},
        {"op": "create", "data": {"title": "No price"}},
        {"op": "publish", "id": b["id"]},
        {"op": "delete", "id": b["id"], "version": 2},
        {"op": "archive", "id": b["id"], "version": 2},
        {"op": "delete", "id": b["id"], "version": 3},
    ]);
    let response = batch(&app, "k", &operations).await.expect(200);
    let body = response.json();
    let results = body["results"].as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|item| item["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 200, 412, 422, 200, 409, 200, 204]);
    assert_eq!(results[0]["body"]["handle"], "c");
    assert_eq!(results[2]["problem"]["current"], 2);
    assert_eq!(results[3]["problem"]["param"], "$.price");
    assert_eq!(results[5]["problem"]["code"], "product_published");
    assert_eq!(count(&app, "product").await, 2);
    let replay = batch(&app, "k", &operations).await.expect(200);
    assert_eq!(replay.header("idempotent-replayed"), "true");
    assert_eq!(replay.json(), body);
    assert_eq!(batch(&app, "k", &json!([])).await.expect(422).code(), "batch_size");
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_refused_and_the_others_are_done() {
    let app = TestApp::new().await;
    let id = "prod_01000000000000000000000010";
    let bad = [
        ("$.operations[1].data.role", json!({"op": "create", "data": {"title": "x", "role": "admin"}})),
        ("$.operations[1].data", json!({"op": "create"})),
        ("$.operations[1].id", json!({"op": "create", "id": id, "data": boot("x")})),
        ("$.operations[1].id", json!({"op": "archive"})),
        ("$.operations[1].version", json!({"op": "patch", "id": id, "data": {}})),
        ("$.operations[1].data", json!({"op": "archive", "id": id, "data": {}})),
        ("$.operations[1].op", json!({"op": "explode"})),
        ("$.operations[1].id", json!({"op": "archive", "id": "cat_01000000000000000000000010"})),
        ("$.operations[1].version", json!({"op": "archive", "id": id, "version": "1"})),
        ("$.operations[1].op", json!({})),
        ("$.operations[1].then", json!({"op": "archive", "id": id, "then": 1})),
        ("$.operations[1]", json!(["archive", id, 1])),
        ("$.operations[1]", json!("archive")),
        ("$.operations[1]", Value::Null),
        ("$.operations[1].data", json!({"op": "create", "data": ["x"]})),
    ];
    for (index, (param, bad)) in bad.iter().enumerate() {
        let (key, title) = (format!("k{index}"), format!("Boot {index}"));
        let good = |half: &str| json!({"op": "create", "data": boot(&format!("{title} {half}"))});
        let operations = json!([good("left"), bad, good("right")]);
        let answer = batch(&app, &key, &operations).await.expect(200);
        let results = answer.json()["results"].clone();
        let told: Vec<(u64, Option<&str>)> = (results.as_array().unwrap().iter())
            .map(|item| (item["status"].as_u64().unwrap(), item["problem"]["param"].as_str()))
            .collect();
        assert_eq!(told, [(201, None), (400, Some(*param)), (201, None)], "{bad}");
        let again = batch(&app, &key, &operations).await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", answer.json()));
    }
    assert_eq!(usize::try_from(count(&app, "product").await).unwrap(), 2 * bad.len());
}

#[tokio::test]
async fn what_is_no_batch_is_refused_before_anything_is_done() {
    let app = TestApp::new().await;
    let good = json!({"op": "create", "data": boot("A")});
    for (param, body) in [
        ("$.operations", json!({"operations": {"0": good}})),
        ("$.operations", json!({})),
        ("$.dry_run", json!({"operations": [good], "dry_run": true})),
        ("$", json!([good])),
    ] {
        let refused = app.post("/api/admin/products/batch").admin().json(&body).send().await.expect(400);
        assert_eq!(refused.json()["param"], param, "{body}");
    }
    let many: Vec<Value> =
        (0..51).map(|number| json!({"op": "create", "data": boot(&format!("{number}"))})).collect();
    assert_eq!(batch(&app, "k", &json!(many)).await.expect(422).code(), "batch_size");
    assert_eq!(count(&app, "product").await, 0);
}

fn operation(title: &str) -> ProductOperation {
    let price = Price { price: Money::new(100, Currency::EUR).unwrap(), compare_at: None };
    let variant = VariantChanges { price: Some(price), ..VariantChanges::default() };
    let variants = VariantsChange::Single(Box::new(variant));
    ProductOperation::Create(Box::new(ProductChanges {
        title: Some(title.to_owned()),
        variants,
        ..ProductChanges::default()
    }))
}

#[tokio::test]
async fn a_batch_that_broke_off_goes_on_where_it_stopped() {
    let app = TestApp::new().await;
    let db = app.shop.store.admin();
    let request = KeyedRequest {
        principal: "key".to_owned(),
        key: "k".to_owned(),
        operation: "POST /api/admin/products/batch".to_owned(),
        body_hash: body_hash(b"body"),
    };
    let now = app.shop.clock.now();
    let Decision::Run(claim) = decide(db, request, (now, LEASE)).await.unwrap() else {
        panic!("the key is new")
    };
    let context = StaffContext {
        shop: app.shop.clone(),
        actor: Actor::System,
        origin: Origin::default(),
        claim: Some(claim),
    };
    let refuse = |error: WriteError| Err::<Refusal, WriteError>(error);
    // The second operation breaks the batch as a failure of ours would: its title is refused, and `refuse` keeps nothing.
    let broken = run_batch(&context, vec![Ok(operation("One")), Ok(operation(""))], refuse).await;
    assert!(matches!(broken, Err(WriteError::Invalid(_))));
    assert_eq!(count(&app, "product").await, 1);
    let answer = run_batch(&context, vec![Ok(operation("One")), Ok(operation("Two"))], refuse).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["results"][0]["body"]["handle"], "one", "the first is not made again");
    assert_eq!(body["results"][1]["body"]["handle"], "two");
    assert_eq!(count(&app, "product").await, 2);
}

/// Lets every product of this title fail as a fault of the database would.
async fn sabotage(app: &TestApp) {
    sql(
        app,
        "create function sabotage() returns trigger language plpgsql as $$ begin
             if new.title = 'Doomed' then raise exception 'sabotaged'; end if;
             return new;
         end $$;
         create trigger sabotage before insert or update on product for each row execute function sabotage()",
    )
    .await;
}

#[tokio::test]
async fn without_a_key_a_failure_on_our_side_is_the_answer_of_its_item_and_the_last_one() {
    let app = TestApp::new().await;
    sabotage(&app).await;
    let operations: Vec<Value> = ["One", "Doomed", "Three"]
        .into_iter()
        .map(|title| json!({"op": "create", "data": boot(title)}))
        .collect();
    let request = app.post("/api/admin/products/batch").admin();
    let answer = request.json(&json!({"operations": operations})).send().await.expect(200);
    let results = answer.json()["results"].clone();
    assert_eq!(results.as_array().unwrap().len(), 2, "{results}");
    assert_eq!((&results[0]["status"], &results[0]["body"]["handle"]), (&json!(201), &json!("one")));
    let problem = &results[1]["problem"];
    assert_eq!((&results[1]["status"], &problem["code"]), (&json!(500), &json!("internal_error")));
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("sabotaged"), "the source stays with us");
    assert_eq!(count(&app, "product").await, 1);
}

#[tokio::test]
async fn with_a_key_a_failure_on_our_side_keeps_the_key_for_the_same_batch() {
    let app = TestApp::new().await;
    sabotage(&app).await;
    let create = |title: &str| json!({"op": "create", "data": boot(title)});
    let meant = json!([create("One"), create("Doomed")]);
    assert_eq!(batch(&app, "k", &meant).await.expect(500).code(), "internal_error");
    for _ in 0..2 {
        let other = batch(&app, "k", &json!([create("Other")])).await.expect(422);
        assert_eq!(other.code(), "idempotency_key_reused");
    }
    assert_eq!(batch(&app, "k", &meant).await.expect(500).code(), "internal_error");
    sql(&app, "drop trigger sabotage on product").await;
    let done = batch(&app, "k", &meant).await.expect(200).json();
    let handles = [&done["results"][0]["body"]["handle"], &done["results"][1]["body"]["handle"]];
    assert_eq!(handles, ["one", "doomed"]);
    assert_eq!(count(&app, "product").await, 2, "what was done before is not done again");
    assert_eq!(batch(&app, "k", &meant).await.expect(200).header("idempotent-replayed"), "true");
}
