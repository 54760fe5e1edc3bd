//! `/api/admin/customers`.

use serde_json::{Value, json};
use tradepost_app::auth::Scope;
use tradepost_testkit::{TEST_PASSWORD, TestApp};

use super::{latest_audit, text};
use crate::auth::{log_in, refresh};

const PATH: &str = "/api/admin/customers";

async fn emails(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("{PATH}?{query}")).admin().send().await.expect(200);
    assert_eq!(page.statements, 2);
    page.json()["data"].as_array().unwrap().iter().map(|one| text(one, "email").to_owned()).collect()
}

#[tokio::test]
async fn customers_are_found_by_beginnings_and_page_by_page() {
    let app = TestApp::new().await;
    for (email, last_name) in
        [("ada@example.com", "Lovelace"), ("bob@example.com", "Adams"), ("a_b@example.com", "Zed")]
    {
        let body = json!({"email": email, "password": TEST_PASSWORD, "last_name": last_name});
        let _ = app.post("/api/auth/register").json(&body).send().await.expect(201);
    }
    assert_eq!(emails(&app, "").await, ["a_b@example.com", "bob@example.com", "ada@example.com"]);
    assert_eq!(emails(&app, "q=ADA").await, ["bob@example.com", "ada@example.com"]);
    assert_eq!(emails(&app, "q=a_").await, ["a_b@example.com"], "signs of a pattern mean themselves");
    assert_eq!(emails(&app, "q=%25").await, [""; 0]);
    assert_eq!(emails(&app, "filter[status]=disabled").await, [""; 0]);
    let first = app.get(&format!("{PATH}?limit=2&count=exact")).admin().send().await.expect(200).json();
    assert_eq!(first["page"]["total"], 3);
    assert_eq!(
        emails(&app, &format!("limit=2&cursor={}", text(&first["page"], "next"))).await,
        ["ada@example.com"]
    );
    for bad in ["filter[status]=gone", "filter[group_id]=x", "sort=name"] {
        let _ = app.get(&format!("{PATH}?{bad}")).admin().send().await.expect(400);
    }
    let one = app.get(&format!("{PATH}/{}", text(&first["data"][0], "id"))).admin().send().await.expect(200);
    assert_eq!((one.statements, one.json().get("password_hash")), (2, None));
    let weak = app.key_with(&[Scope::CustomersRead]).await;
    let denied =
        app.patch(&format!("{PATH}/{}", text(&first["data"][0], "id"))).bearer(&weak).header("if-match", "*");
    assert_eq!(denied.json(&json!({})).send().await.expect(403).json()["required_scope"], "customers:write");
}

#[tokio::test]
async fn a_closed_account_is_closed_everywhere_and_opens_again() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let path = format!("{PATH}/{}", ada.id);
    let set =
        async |version: i64, body: Value| app.patch(&path).admin().if_match(version).json(&body).send().await;
    let closed = set(1, json!({"status": "disabled"})).await.expect(200);
    assert_eq!((closed.header("etag"), text(&closed.json(), "status")), ("\"v2\"", "disabled"));
    assert_eq!(refresh(&app, &ada.refresh_token).await.expect(401).code(), "refresh_token_expired");
    assert_eq!(
        app.get("/api/account").bearer(&ada.access_token).send().await.expect(401).code(),
        "token_invalid"
    );
    assert_eq!(log_in(&app, &ada.email, TEST_PASSWORD).await.expect(403).code(), "account_disabled");
    assert_eq!(log_in(&app, &ada.email, "wrong password").await.expect(401).code(), "invalid_credentials");
    let audit = latest_audit(&app, &ada.id).await;
    assert_eq!(text(&audit, "action"), "customer.sign_in_failed");
    assert_eq!(set(1, json!({"status": "active"})).await.expect(412).code(), "version_mismatch");
    assert_eq!(set(2, json!({"status": "erased"})).await.expect(400).code(), "invalid_value");
    let _ = set(2, json!({"status": "active"})).await.expect(200);
    let audit = latest_audit(&app, &ada.id).await;
    assert_eq!(
        (&audit["before"], &audit["after"]),
        (&json!({"status": "disabled"}), &json!({"status": "active"}))
    );
    let _ = log_in(&app, &ada.email, TEST_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn staff_make_an_account_and_its_owner_chooses_the_password_by_mail() {
    let app = TestApp::new().await;
    let body = json!({"email": "Ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "accepts_marketing": true});
    let ask = |body: Value| app.post("/api/admin/customers").admin().json(&body);
    let made = ask(body.clone()).header("idempotency-key", "k").send().await.expect(201);
    assert_eq!(made.header("etag"), "\"v1\"");
    let customer = made.json();
    assert_eq!(made.header("location"), format!("/api/admin/customers/{}", text(&customer, "id")));
    assert_eq!((text(&customer, "email"), text(&customer, "status")), ("Ada@example.com", "active"));
    assert_eq!(customer["email_verified_at"], Value::Null);
    let again = ask(body.clone()).header("idempotency-key", "k").send().await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", customer.clone()));
    assert_eq!(ask(json!({"email": "ada@EXAMPLE.com"})).send().await.expect(409).code(), "email_taken");
    for (body, status, param) in [
        (json!({"email": "x"}), 422, "$.email"),
        (json!({"email": "b@x.com", "phone": "none"}), 422, "$.phone"),
        (json!({"email": "b@x.com", "password": "a better password"}), 400, "$.password"),
    ] {
        assert_eq!(text(&ask(body.clone()).send().await.expect(status).json(), "param"), param, "{body}");
    }
    let audit = latest_audit(&app, text(&customer, "id")).await;
    assert_eq!(
        (text(&audit, "action"), &audit["after"]["accepts_marketing"]),
        ("customer.create", &json!(true))
    );
    assert!(!audit.to_string().contains("Ada@example.com"), "{audit}");
    let mails = app.send_mails().await;
    assert_eq!(mails.len(), 1, "the repeat and the refusals sent none");
    let token = crate::auth::token_of(&mails[0]);
    let reset = json!({"token": token, "password": "a much better password"});
    let _ = app.post("/api/auth/password/reset").json(&reset).send().await.expect(200);
    let _ = crate::auth::log_in(&app, "ada@example.com", "a much better password").await.expect(200);
}
