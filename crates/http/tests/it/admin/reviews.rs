//! `/api/admin/reviews`.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Barrier;
use tradepost_testkit::{TestApp, TestResponse};

use super::{Intruder, events, latest_audit, make, product, sql_value, text};

const PATH: &str = "/api/admin/reviews";

fn body(product: &str, rating: u8) -> Value {
    json!({"product_id": product, "author": "Ada", "rating": rating, "title": "Warm", "body": "Very <b>warm</b>"})
}

async fn moderate(app: &TestApp, review: &Value, status: &str) -> TestResponse {
    let path = format!("{PATH}/{}/moderate", text(review, "id"));
    app.post(&path).admin().json(&json!({"status": status})).send().await
}

async fn rating(app: &TestApp) -> String {
    sql_value(app, "select rating_sum || '/' || rating_count from product").await
}

#[tokio::test]
async fn a_products_rating_is_always_that_of_its_approved_reviews() {
    let app = TestApp::new().await;
    let product = product(&app, "hat").await;
    let first = make(&app, PATH, &body(&product, 5)).await;
    assert_eq!((text(&first, "status"), rating(&app).await.as_str()), ("pending", "0/0"));
    let approved = moderate(&app, &first, "approved").await.expect(200);
    assert_eq!((approved.header("etag"), approved.json()["status"].clone()), ("\"v2\"", json!("approved")));
    assert_eq!(rating(&app).await, "5/1");
    let again = moderate(&app, &first, "approved").await.expect(200);
    assert_eq!((again.header("etag"), rating(&app).await.as_str()), ("\"v2\"", "5/1"));

    let mut second = body(&product, 2);
    second["status"] = json!("approved");
    second["created_at"] = json!("2024-02-29T12:00:00.123456789Z");
    let second = make(&app, PATH, &second).await;
    assert_eq!(second["created_at"], "2024-02-29T12:00:00.123456Z");
    assert_eq!(rating(&app).await, "7/2");
    let _ = moderate(&app, &first, "rejected").await.expect(200);
    assert_eq!(rating(&app).await, "2/1");
    let path = format!("{PATH}/{}", text(&second, "id"));
    let _ = app.delete(&path).admin().if_match(1).send().await.expect(204);
    assert_eq!(rating(&app).await, "0/0");
    let _ = app.delete(&format!("{PATH}/{}", text(&first, "id"))).admin().send().await.expect(204);
    assert_eq!(rating(&app).await, "0/0");
}

#[tokio::test]
async fn moderation_is_told_of_the_product_and_noted() {
    let app = TestApp::new().await;
    let product = product(&app, "hat").await;
    let review = make(&app, PATH, &body(&product, 5)).await;
    let moderated = moderate(&app, &review, "approved").await.expect(200);
    assert_eq!(moderated.statements, 8);
    let (kind, payload) = events(&app).await.pop().unwrap();
    assert_eq!((kind.as_str(), &payload["review_id"]), ("review.moderated", &review["id"]));
    let aggregate =
        sql_value(&app, "select o.aggregate_id = p.id from outbox o, product p order by o.id desc").await;
    assert_eq!(aggregate, "t");
    let audit = latest_audit(&app, text(&review, "id")).await;
    assert_eq!((text(&audit, "action"), &audit["before"]["status"]), ("review.moderate", &json!("pending")));
}

#[tokio::test]
async fn approving_at_once_counts_once_and_different_reviews_all_count() {
    let app = TestApp::new().await;
    let product = product(&app, "hat").await;
    let same = make(&app, PATH, &body(&product, 5)).await;
    let mut wanted = vec![same.clone(), same];
    for stars in 1..=3 {
        wanted.push(make(&app, PATH, &body(&product, stars)).await);
    }
    let barrier = Arc::new(Barrier::new(wanted.len()));
    let tasks: Vec<_> = wanted
        .into_iter()
        .map(|review| {
            let (app, barrier) = (app.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                moderate(&app, &review, "approved").await.status.as_u16()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
    assert_eq!(rating(&app).await, "11/4");
}

#[tokio::test]
async fn reviews_are_listed_by_status_and_product_the_latest_first() {
    let app = TestApp::new().await;
    let (hat, coat) = (product(&app, "hat").await, product(&app, "coat").await);
    for (product, year, status) in [
        (&hat, 2021, "pending"),
        (&hat, 2023, "approved"),
        (&coat, 2022, "approved"),
        (&hat, 2023, "approved"),
    ] {
        let mut body = body(product, 4);
        body["created_at"] = json!(format!("{year}-01-01T00:00:00Z"));
        body["status"] = json!(status);
        make(&app, PATH, &body).await;
    }
    let list = |query: &'static str| {
        let app = &app;
        async move {
            let mut path = format!("{PATH}?limit=1&count=exact{query}");
            let mut years = Vec::new();
            loop {
                let page = app.get(&path).admin().send().await.expect(200);
                assert_eq!(page.statements, 3);
                let page = page.json();
                years.extend(
                    page["data"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|review| text(review, "created_at")[..4].to_owned()),
                );
                let Some(next) = page["page"]["next"].as_str() else {
                    assert_eq!(page["page"]["total"], years.len());
                    return years;
                };
                path = format!("{PATH}?limit=1&count=exact&cursor={next}{query}");
            }
        }
    };
    assert_eq!(list("").await, ["2023", "2023", "2022", "2021"]);
    assert_eq!(list("&filter[status]=approved").await, ["2023", "2023", "2022"]);
    let of_hat = format!("{PATH}?filter[product_id]={hat}&filter[status]=pending");
    let page = app.get(&of_hat).admin().send().await.expect(200).json();
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    for bad in ["filter[status]=open", "filter[product_id]=hat", "filter[rating]=5"] {
        let _ = app.get(&format!("{PATH}?{bad}")).admin().send().await.expect(400);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_review_is_named() {
    let app = TestApp::new().await;
    let product = product(&app, "hat").await;
    for (field, value, status, code) in [
        ("rating", json!(6), 422, "out_of_range"),
        ("rating", json!(0), 422, "out_of_range"),
        ("rating", json!(4.5), 400, "invalid_type"),
        ("rating", json!(300), 400, "invalid_value"),
        ("author", json!(""), 422, "required"),
        ("created_at", json!("2099-01-01T00:00:00Z"), 422, "out_of_range"),
        ("created_at", json!("yesterday"), 400, "invalid_value"),
        ("status", json!("open"), 400, "invalid_value"),
        ("product_id", json!("prod_00000000000000000000000001"), 422, "product_not_found"),
        ("product_id", json!("hat"), 400, "invalid_value"),
    ] {
        let mut body = body(&product, 5);
        body[field] = value;
        let refused = app.post(PATH).admin().json(&body).send().await.expect(status);
        assert_eq!(
            (refused.code().as_str(), &refused.json()["param"]),
            (code, &json!(format!("$.{field}"))),
            "{body}"
        );
    }
    assert_eq!(sql_value(&app, "select count(*) from review").await, "0");
}

#[tokio::test]
async fn a_decision_and_the_deletion_of_its_product_do_not_wait_for_each_other() {
    let app = TestApp::new().await;
    let product = product(&app, "hat").await;
    for stars in 1..=2 {
        let mut review = body(&product, stars);
        review["status"] = json!("approved");
        let review = make(&app, PATH, &review).await;
        // Somebody has the product and is about to take its reviews with it.
        let intruder = Intruder::begin(&app, "select 1 from product for update").await;
        let path = format!("{PATH}/{}", text(&review, "id"));
        let decided = async {
            if stars == 1 {
                moderate(&app, &review, "rejected").await
            } else {
                app.delete(&path).admin().send().await
            }
        };
        let deleted = intruder.finish_when_waited_for("delete from review");
        let (decided, ()) = tokio::join!(decided, deleted);
        assert_eq!(decided.expect(404).code(), "review_not_found");
    }
}
