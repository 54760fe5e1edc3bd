//! Secrets of endpoints at rest: sealed, with a key that the database does not have.

use serde_json::{Value, json};
use tradepost_app::seal::{Seals, UnsealError};
use tradepost_app::webhook::{SecretsFound, WebhookSecret, WebhookWorker, find_secrets};
use tradepost_testkit::{FORMER_SEAL_KEY, TestApp};

use super::{PATH, body, endpoint, is_signed_by, make_brand, pass, read, sent_to};
use crate::admin::{sql, sql_value, text};

/// The bytes of a secret, in hexadecimal digits.
fn digits(secret: &str) -> String {
    let secret = WebhookSecret::read(secret).unwrap();
    secret.as_bytes().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn found(app: &TestApp) -> SecretsFound {
    let conn = app.shop.store.worker().conn().await.unwrap();
    find_secrets(&app.shop, &conn).await.unwrap()
}

/// As many endpoints whose secrets can be read, so many of them by a former key.
fn readable(readable: usize, former: usize) -> SecretsFound {
    SecretsFound { readable, former, ..SecretsFound::default() }
}

/// Lets every secret look as if another shop's key had sealed it; twice, and it is as it was.
async fn lose_or_find_key(app: &TestApp) {
    sql(app, "update webhook_endpoint set secret = set_byte(secret, 3, get_byte(secret, 3) # 255)").await;
}

async fn only_delivery(app: &TestApp, path: &str) -> Value {
    let list = read(app, &format!("{path}/deliveries")).await;
    read(app, &format!("{path}/deliveries/{}", text(&list["data"][0], "id"))).await
}

#[tokio::test]
async fn no_secret_stands_in_the_database() {
    let app = TestApp::new().await;
    let (path, first) = endpoint(&app, "a.example", &["brand.*", "webhook_endpoint.moved"]).await;
    let second = app.post(&format!("{path}/rotate-secret")).admin().send().await.expect(200).json();
    let moved = json!({"url": "https://b.example/"});
    let third = app.patch(&path).admin().header("if-match", "*").json(&moved).send().await.expect(200).json();
    let mut all = String::new();
    for table in ["webhook_endpoint", "webhook_delivery", "outbox", "audit_log", "idempotency_key"] {
        all +=
            &sql_value(&app, &format!("select coalesce(string_agg(t::text, ' '), '') from {table} t")).await;
    }
    for secret in [first.as_str(), text(&second, "secret"), text(&third, "secret")] {
        assert!(!all.contains(&digits(secret)) && !all.contains(secret.strip_prefix("whsec_").unwrap()));
    }
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    assert!(is_signed_by(&sent_to(&app, "a.example")[0], text(&second, "secret")), "the farewell");
    let sent = sent_to(&app, "b.example");
    let brand = sent.iter().find(|request| body(request)["type"] == "brand.created").unwrap();
    assert!(is_signed_by(brand, text(&third, "secret")));
}

#[tokio::test]
async fn what_cannot_be_signed_waits_for_the_key_and_is_not_lost() {
    let app = TestApp::new().await;
    let (path, secret) = endpoint(&app, "a.example", &["brand.*"]).await;
    let (_, other) = endpoint(&app, "b.example", &["brand.*"]).await;
    assert_eq!(found(&app).await, readable(2, 0));
    sql(
        &app,
        "update webhook_endpoint set secret = set_byte(secret, 3, get_byte(secret, 3) # 255)
                where url = 'https://a.example/'",
    )
    .await;
    make_brand(&app, "one").await;
    make_brand(&app, "two").await;
    // Longer than an endpoint may fail, and than a delivery is tried.
    for _ in 0..130 {
        app.send_webhooks().await;
        pass(&app, 3_600);
    }
    assert_eq!((sent_to(&app, "a.example").len(), sent_to(&app, "b.example").len()), (0, 2));
    assert!(is_signed_by(&sent_to(&app, "b.example")[0], &other));
    let waiting = only_delivery(&app, &path).await;
    assert_eq!((text(&waiting, "state"), &waiting["attempt_count"]), ("pending", &json!(0)));
    assert_eq!(text(&read(&app, &path).await, "status"), "enabled");
    let told = found(&app).await;
    assert_eq!((told.readable, told.unreadable), (1, 1));
    assert!(matches!(told.reason, Some(UnsealError::UnknownKey(_))), "{told:?}");
    sql(
        &app,
        "update webhook_endpoint set secret = set_byte(secret, 3, get_byte(secret, 3) # 255)
                where url = 'https://a.example/'",
    )
    .await;
    app.send_webhooks().await;
    let sent = sent_to(&app, "a.example");
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|request| is_signed_by(request, &secret)));
    assert_eq!(found(&app).await, readable(2, 0));
}

#[tokio::test]
async fn staff_are_told_of_a_secret_that_cannot_be_read_and_can_replace_it() {
    let app = TestApp::new().await;
    let (path, secret) = endpoint(&app, "a.example", &["brand.*"]).await;
    lose_or_find_key(&app).await;
    let tried = app.post(&format!("{path}/test")).admin().send().await.expect(200).json();
    assert_eq!(text(&tried, "state"), "dead");
    assert!(text(&tried["attempts"][0], "error").contains("which this shop does not have"));
    let knows = json!({"url": "https://b.example/", "current_secret": secret});
    let patch = app.patch(&path).admin().header("if-match", "*").json(&knows).send().await;
    assert_eq!(patch.expect(409).code(), "secret_unreadable");
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    let fresh = app.patch(&path).admin().header("if-match", "*").json(&json!({"url": "https://b.example/"}));
    let fresh = fresh.send().await.expect(200).json();
    pass(&app, 301);
    app.send_webhooks().await;
    assert!(is_signed_by(&sent_to(&app, "b.example")[0], text(&fresh, "secret")));
    assert_eq!(sent_to(&app, "a.example").len(), 0, "the farewell cannot be signed");
    let _ = app.get(PATH).admin().send().await.expect(200);
}

#[tokio::test]
async fn what_a_former_key_sealed_is_read_and_sealed_anew() {
    let app = TestApp::new().await;
    let (path, secret) = endpoint(&app, "a.example", &["brand.*"]).await;
    let former = Seals::read(FORMER_SEAL_KEY).unwrap();
    let place = format!("webhook_endpoint.secret {}", path.rsplit('/').next().unwrap());
    let known = WebhookSecret::read(&secret).unwrap();
    let sealed = former.seal(&*app.shop.ids, &place, known.as_bytes()).unwrap();
    let sealed: String = sealed.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    sql(&app, &format!("update webhook_endpoint set secret = decode('{sealed}', 'hex')")).await;
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    assert!(is_signed_by(&sent_to(&app, "a.example")[0], &secret));
    assert_eq!(found(&app).await, readable(1, 1));
    WebhookWorker::new(app.shop.clone()).sweep().await.unwrap();
    assert_eq!(found(&app).await, readable(1, 0));
    make_brand(&app, "two").await;
    app.send_webhooks().await;
    assert!(is_signed_by(&sent_to(&app, "a.example")[1], &secret));
}
