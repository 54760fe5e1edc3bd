//! Registering, signing in and out.

use serde_json::{Value, json};
use tradepost_testkit::{TEST_PASSWORD, TestApp};

use super::{log_in, refresh, signed_in};
use crate::admin::{events, latest_audit, sql, sql_value, text};

#[tokio::test]
async fn who_registers_is_signed_in_and_signs_in_again() {
    let app = TestApp::new().await;
    let body = json!({"email": "Ada@Example.com", "password": TEST_PASSWORD, "first_name": "Ada", "locale": "de-AT"});
    let made = app.post("/api/auth/register").json(&body).send().await.expect(201);
    // Account, session, token, job, event, audit; and once a process the keys that sign.
    assert_eq!((made.header("cache-control"), made.statements), ("private, no-store", 11));
    let tokens = made.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    let account = app.get("/api/account").bearer(text(&tokens, "access_token")).send().await.expect(200);
    assert_eq!((account.statements, account.header("etag")), (1, "\"v1\""));
    let account = account.json();
    assert_eq!((text(&account, "email"), text(&account, "locale")), ("Ada@Example.com", "de-AT"));
    assert_eq!((&account["email_verified"], account.get("password_hash")), (&json!(false), None));

    let again = log_in(&app, " ada@EXAMPLE.com ", TEST_PASSWORD).await.expect(200);
    assert_eq!(again.statements, 4, "the account, a session, its token, the audit entry");
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["customer.created"]);
    let audit = latest_audit(&app, text(&account, "id")).await;
    assert_eq!((text(&audit, "action"), text(&audit["actor"], "kind")), ("customer.sign_in", "guest"));
    let kept = sql_value(&app, "select string_agg(coalesce(after::text, ''), ' ') from audit_log").await;
    assert!(!kept.contains("da@Example.com"), "no address in the audit log: {kept}");
}

#[tokio::test]
async fn an_address_has_one_account_in_whatever_letters() {
    let app = TestApp::new().await;
    app.customer("ada@example.com").await;
    let body = json!({"email": "ADA@example.com", "password": "another password"});
    let taken = app.post("/api/auth/register").json(&body).send().await.expect(409);
    assert_eq!((taken.code().as_str(), &taken.json()["param"]), ("email_taken", &json!("$.email")));
    assert_eq!(sql_value(&app, "select count(*) from customer").await, "1");
    assert_eq!(sql_value(&app, "select count(*) from job").await, "1", "nothing is stored in part");
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_told_field_by_field() {
    let app = TestApp::new().await;
    let register = async |body: Value| app.post("/api/auth/register").json(&body).send().await;
    for (body, status, code, param) in [
        (json!({"email": "ada", "password": TEST_PASSWORD}), 422, "invalid_email", "$.email"),
        (json!({"email": "ada@example.com", "password": "short"}), 422, "password_too_short", "$.password"),
        (
            json!({"email": "ada@example.com", "password": "x".repeat(129)}),
            422,
            "password_too_long",
            "$.password",
        ),
        (
            json!({"email": "ada@example.com", "password": "Password1"}),
            422,
            "password_too_common",
            "$.password",
        ),
        (
            json!({"email": "ada@example.com", "password": "ada@example.com"}),
            422,
            "password_too_common",
            "$.password",
        ),
        (json!({"email": "ada@example.com"}), 400, "missing_field", "$.password"),
        (
            json!({"email": "ada@example.com", "password": TEST_PASSWORD, "first_name": "A\nB"}),
            422,
            "invalid_character",
            "$.first_name",
        ),
        (
            json!({"email": "ada@example.com", "password": TEST_PASSWORD, "phone": "none"}),
            422,
            "invalid_phone",
            "$.phone",
        ),
        (
            json!({"email": "ada@example.com", "password": TEST_PASSWORD, "status": "active"}),
            400,
            "unknown_field",
            "$.status",
        ),
        (
            json!({"email": "ada@example.com", "password": TEST_PASSWORD, "locale": "xx-"}),
            400,
            "invalid_value",
            "$.locale",
        ),
    ] {
        let refused = register(body.clone()).await.expect(status);
        assert_eq!(
            (refused.code().as_str(), refused.json()["param"].as_str().unwrap()),
            (code, param),
            "{body}"
        );
    }
    assert_eq!(sql_value(&app, "select count(*) from customer").await, "0");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer_for_the_same_work() {
    let app = TestApp::new().await;
    app.customer("ada@example.com").await;
    sql(&app, "insert into customer (id, email, email_key, status, created_at, updated_at)
               values (gen_random_uuid(), 'no@password.example', 'no@password.example', 'active', now(), now())").await;
    let mut seen = Vec::new();
    let long = "x".repeat(10_000);
    for (email, password) in [
        ("ada@example.com", "wrong password"),
        ("eve@example.com", "wrong password"),
        ("no@password.example", "wrong password"),
        ("ada@example.com", long.as_str()),
        ("ada@example.com", ""),
        ("no address", TEST_PASSWORD),
        ("", TEST_PASSWORD),
    ] {
        let refused = log_in(&app, email, password).await.expect(401);
        let mut body = refused.json();
        assert_ne!(body["request_id"].take(), Value::Null);
        let names: Vec<String> = refused.headers.keys().map(ToString::to_string).collect();
        seen.push((body, names, refused.header("www-authenticate").to_owned(), refused.statements));
    }
    assert_eq!(seen[0].0["code"], "invalid_credentials");
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn a_hash_of_former_parameters_is_renewed_when_its_owner_signs_in() {
    let app = TestApp::new().await;
    app.customer("ada@example.com").await;
    let weak = "$argon2id$v=19$m=8192,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$";
    let hash = sql_value(&app, "select password_hash from customer").await;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!hash.starts_with(weak));
    // Made once with m=8192, t=1 of the password of every test and a salt of sixteen bytes 7.
    let stored = tradepost_app::password::hash_with(TEST_PASSWORD, (8_192, 1), &[7; 16]).unwrap();
    assert!(stored.starts_with(weak));
    sql(&app, &format!("update customer set password_hash = '{stored}'")).await;
    signed_in(&app, "ada@example.com").await;
    let renewed = sql_value(&app, "select password_hash || ' ' || version from customer").await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && renewed.ends_with(" 1"), "{renewed}");
    signed_in(&app, "ada@example.com").await;
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let (phone, laptop) = (signed_in(&app, &ada.email).await, signed_in(&app, &ada.email).await);
    let out = async |body: Option<Value>, access: Option<&str>| {
        let mut request = app.post("/api/auth/logout");
        if let Some(access) = access {
            request = request.bearer(access);
        }
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    };
    let token = |tokens: &Value| text(tokens, "refresh_token").to_owned();
    let _ = out(Some(json!({"refresh_token": token(&phone)})), None).await.expect(204);
    assert_eq!(refresh(&app, &token(&phone)).await.expect(401).code(), "refresh_token_expired");
    let _ = out(Some(json!({"refresh_token": token(&phone)})), None).await.expect(204);
    let _ = out(Some(json!({"refresh_token": "rt_unknown"})), None).await.expect(204);
    let _ = out(None, Some(text(&laptop, "access_token"))).await.expect(204);
    assert_eq!(refresh(&app, &token(&laptop)).await.expect(401).code(), "refresh_token_expired");
    assert_eq!(out(None, None).await.expect(401).code(), "authentication_required");

    let tablet = signed_in(&app, &ada.email).await;
    let _ = out(Some(json!({"everywhere": true})), Some(text(&tablet, "access_token"))).await.expect(204);
    for dead in [token(&tablet), ada.refresh_token.clone()] {
        assert_eq!(refresh(&app, &dead).await.expect(401).code(), "refresh_token_expired");
    }
}
