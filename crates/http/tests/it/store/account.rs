//! `/api/account`.

use serde_json::{Value, json};
use tradepost_testkit::{TEST_PASSWORD, TestApp, TestCustomer};

use super::put;
use crate::admin::{events, latest_audit, sql_value, text};
use crate::auth::{log_in, refresh, signed_in};

const ADDRESSES: &str = "/api/account/addresses";

fn square() -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "line1": "12 St James's Square", "city": "London",
        "postal_code": "SW1Y 4JH", "country": "GB", "phone": "+44 20 7946 0000"})
}

async fn keep(app: &TestApp, customer: &TestCustomer, body: &Value) -> Value {
    app.post(ADDRESSES).bearer(&customer.access_token).json(body).send().await.expect(201).json()
}

#[tokio::test]
async fn a_customer_changes_what_is_theirs() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let patch = |body: Value| app.patch("/api/account").bearer(&ada.access_token).json(&body);
    let body =
        json!({"last_name": "Lovelace", "first_name": null, "accepts_marketing": true, "locale": "de"});
    let changed = patch(body).if_match(1).send().await.expect(200);
    assert_eq!((changed.header("etag"), changed.statements), ("\"v2\"", 4));
    let changed = changed.json();
    assert_eq!((&changed["first_name"], text(&changed, "last_name")), (&Value::Null, "Lovelace"));
    let stale = patch(json!({"last_name": "King"})).if_match(1).send().await.expect(412);
    assert_eq!(stale.json()["current"], 2);
    let same = patch(json!({"last_name": "Lovelace"})).send().await.expect(200);
    assert_eq!(same.header("etag"), "\"v2\"");
    for (body, status, code) in [
        (json!({"email": "ada@new.example"}), 422, "current_password_required"),
        (json!({"password": "a much better password"}), 422, "current_password_required"),
        (
            json!({"email": "ada@new.example", "current_password": "wrong password"}),
            403,
            "invalid_current_password",
        ),
        (json!({"password": "short", "current_password": TEST_PASSWORD}), 422, "password_too_short"),
        (json!({"email": "x", "current_password": TEST_PASSWORD}), 422, "invalid_email"),
        (json!({"group_ids": []}), 400, "unknown_field"),
        (json!({"email": null}), 400, "invalid_type"),
    ] {
        assert_eq!(patch(body.clone()).send().await.expect(status).code(), code, "{body}");
    }
    let audit = latest_audit(&app, &ada.id).await;
    assert_eq!(
        audit["after"],
        json!({"fields": ["accepts_marketing", "first_name", "last_name", "locale"], "password": false})
    );
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_a_taken_address_is_refused() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    app.customer("bob@example.com").await;
    let other = signed_in(&app, &ada.email).await;
    let patch = |body: Value| app.patch("/api/account").bearer(&ada.access_token).json(&body);
    let taken = json!({"email": "BOB@example.com", "current_password": TEST_PASSWORD});
    assert_eq!(patch(taken).send().await.expect(409).code(), "email_taken");
    let new = json!({"password": "a much better password", "current_password": TEST_PASSWORD});
    let _ = patch(new).send().await.expect(200);
    assert_eq!(
        refresh(&app, text(&other, "refresh_token")).await.expect(401).code(),
        "refresh_token_expired"
    );
    let _ = refresh(&app, &ada.refresh_token).await.expect(200);
    let _ = log_in(&app, &ada.email, TEST_PASSWORD).await.expect(401);
    let _ = log_in(&app, &ada.email, "a much better password").await.expect(200);
}

#[tokio::test]
async fn addresses_are_kept_changed_and_forgotten_and_one_is_the_default() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let first = keep(&app, &ada, &square()).await;
    assert_eq!((&first["is_default_shipping"], &first["is_default_billing"]), (&json!(true), &json!(true)));
    let mut office = square();
    office["company"] = json!("Analytical Engines");
    office["is_default_billing"] = json!(true);
    let made = app
        .post(ADDRESSES)
        .bearer(&ada.access_token)
        .header("idempotency-key", "k1")
        .json(&office)
        .send()
        .await
        .expect(201);
    let second = made.json();
    assert_eq!(made.header("location"), format!("{ADDRESSES}/{}", text(&second, "id")));
    let again = app
        .post(ADDRESSES)
        .bearer(&ada.access_token)
        .header("idempotency-key", "k1")
        .json(&office)
        .send()
        .await
        .expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", second.clone()));

    let list = async || app.get(ADDRESSES).bearer(&ada.access_token).send().await.expect(200);
    let page = list().await;
    assert_eq!(page.statements, 1);
    let page = page.json()["data"].clone();
    let defaults: Vec<(&Value, &Value)> = page
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["is_default_shipping"], &one["is_default_billing"]))
        .collect();
    assert_eq!(defaults, [(&json!(false), &json!(true)), (&json!(true), &json!(false))]);

    let path = format!("{ADDRESSES}/{}", text(&second, "id"));
    let moved = app
        .patch(&path)
        .bearer(&ada.access_token)
        .if_match(1)
        .json(&json!({"city": " Bath ", "company": null}));
    let moved = moved.send().await.expect(200);
    assert_eq!(
        (text(&moved.json(), "city"), &moved.json()["company"], moved.header("etag")),
        ("Bath", &Value::Null, "\"v2\"")
    );
    let shown = app.get(&path).bearer(&ada.access_token).send().await.expect(200);
    assert_eq!((shown.json(), shown.statements), (moved.json(), 1));
    assert_eq!(
        app.delete(&path).bearer(&ada.access_token).if_match(1).send().await.expect(412).code(),
        "version_mismatch"
    );
    let _ = app.delete(&path).bearer(&ada.access_token).send().await.expect(204);
    assert_eq!(
        app.get(&path).bearer(&ada.access_token).send().await.expect(404).code(),
        "customer_address_not_found"
    );
    let kept = sql_value(&app, "select string_agg(coalesce(after::text, ''), ' ') from audit_log").await;
    assert!(!kept.contains("James"), "nobody's address in the audit log: {kept}");
}

#[tokio::test]
async fn a_bad_address_is_told_field_by_field() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let mut bad = square();
    bad["country"] = json!("XX");
    bad["phone"] = json!("call me");
    bad["line1"] = json!("  ");
    let refused = app.post(ADDRESSES).bearer(&ada.access_token).json(&bad).send().await.expect(422).json();
    let found: Vec<(&str, &str)> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "param"), text(one, "code")))
        .collect();
    assert_eq!(
        found,
        [("$.line1", "required"), ("$.country", "unknown_country"), ("$.phone", "invalid_phone")]
    );
    let mut more = square();
    more["street"] = json!("x");
    let refused = app.post(ADDRESSES).bearer(&ada.access_token).json(&more).send().await.expect(400);
    assert_eq!(refused.code(), "unknown_field");
    assert_eq!(sql_value(&app, "select count(*) from customer_address").await, "0");
}

#[tokio::test]
async fn nobody_reaches_what_is_another_customers() {
    let app = TestApp::new().await;
    let (ada, eve) = (app.customer("ada@example.com").await, app.customer("eve@example.com").await);
    let path = format!("{ADDRESSES}/{}", text(&keep(&app, &ada, &square()).await, "id"));
    let _ = app.get(&path).bearer(&eve.access_token).send().await.expect(404);
    let _ =
        app.patch(&path).bearer(&eve.access_token).json(&json!({"city": "Paris"})).send().await.expect(404);
    let _ = app.delete(&path).bearer(&eve.access_token).send().await.expect(404);
    let theirs = app.get(ADDRESSES).bearer(&eve.access_token).send().await.expect(200).json();
    assert_eq!(theirs["data"], json!([]));
    let _ = app.get(&path).bearer(&ada.access_token).send().await.expect(200);
}

#[tokio::test]
async fn a_customer_reviews_a_product_once_and_staff_decide() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    app.project().await;
    let ada = app.customer("ada@example.com").await;
    let path = "/api/products/boot/reviews";
    let write = |body: Value| app.post(path).bearer(&ada.access_token).json(&body);
    assert_eq!(
        app.post(path).json(&json!({"rating": 5})).send().await.expect(401).code(),
        "authentication_required"
    );
    assert_eq!(write(json!({"rating": 6})).send().await.expect(422).code(), "out_of_range");
    let made =
        write(json!({"rating": 5, "title": "Fine", "body": "They fit."})).send().await.expect(201).json();
    assert_eq!((text(&made, "status"), text(&made, "author")), ("pending", "Ada"));
    assert_eq!(write(json!({"rating": 1})).send().await.expect(409).code(), "review_exists");
    let missing = app.post("/api/products/hat/reviews").bearer(&ada.access_token).json(&json!({"rating": 5}));
    assert_eq!(missing.send().await.expect(404).code(), "product_not_found");
    app.project().await;
    let shown = async || app.get(path).send().await.expect(200).json()["data"].clone();
    assert_eq!(shown().await, json!([]));
    let decide = format!("/api/admin/reviews/{}/moderate", text(&made, "id"));
    let decided =
        app.post(&decide).admin().json(&json!({"status": "approved"})).send().await.expect(200).json();
    assert_eq!(text(&decided, "customer_id"), ada.id);
    app.project().await;
    assert_eq!(text(&shown().await[0], "author"), "Ada");

    let _ = app.delete("/api/account").bearer(&ada.access_token).send().await.expect(204);
    app.project().await;
    assert_eq!((text(&shown().await[0], "author"), text(&shown().await[0], "title")), ("Anonymous", "Fine"));
}

#[tokio::test]
async fn a_customer_takes_everything_along_and_leaves_nothing_behind() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    keep(&app, &ada, &square()).await;
    let export = app.get("/api/account/export").bearer(&ada.access_token).send().await.expect(200);
    assert_eq!((export.statements, export.header("cache-control")), (5, "private, no-store"));
    let export = export.json();
    assert_eq!(text(&export["customer"], "email"), "ada@example.com");
    assert_eq!(
        (text(&export["addresses"][0], "city"), export["sessions"].as_array().unwrap().len()),
        ("London", 1)
    );
    app.send_mails().await;

    let _ = app.delete("/api/account").bearer(&ada.access_token).send().await.expect(204);
    for path in ["/api/account", "/api/account/export"] {
        assert_eq!(app.get(path).bearer(&ada.access_token).send().await.expect(401).code(), "token_invalid");
    }
    assert_eq!(
        app.post(ADDRESSES).bearer(&ada.access_token).json(&square()).send().await.expect(401).code(),
        "token_invalid"
    );
    assert_eq!(refresh(&app, &ada.refresh_token).await.expect(401).code(), "refresh_token_invalid");
    let _ = log_in(&app, &ada.email, TEST_PASSWORD).await.expect(401);
    for table in ["customer", "customer_address", "customer_session", "mail_token", "audit_log", "outbox"] {
        let rows =
            sql_value(&app, &format!("select coalesce(string_agg(t::text, ' '), '') from {table} t")).await;
        for trace in ["ada@example.com", "Lovelace", "James", "7946"] {
            assert!(!rows.contains(trace), "{trace} in {table}: {rows}");
        }
    }
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.last().unwrap(), "customer.erased");
    app.customer("ada@example.com").await;
}
