//! How often somebody may try.

use jiff::SignedDuration;
use serde_json::json;
use tradepost_testkit::{TEST_PASSWORD, TestApp};

use super::log_in;

#[tokio::test]
async fn the_sixth_try_of_a_minute_waits_even_with_the_right_password() {
    let app = TestApp::with_rate_limits(true).await;
    let ada = app.customer("ada@example.com").await;
    for _ in 0..5 {
        let _ = log_in(&app, &ada.email, "wrong password").await.expect(401);
    }
    let limited = log_in(&app, "ADA@example.com", TEST_PASSWORD).await.expect(429);
    assert_eq!((limited.code().as_str(), limited.header("retry-after")), ("too_many_requests", "13"));
    assert_eq!(limited.statements, 0, "a try that is turned away costs nothing");
    app.clock.advance(SignedDuration::from_secs(12));
    let _ = log_in(&app, &ada.email, TEST_PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_fourth_mail_of_an_hour_is_not_sent_to_anybody() {
    let app = TestApp::with_rate_limits(true).await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let ask = async || {
            app.post("/api/auth/password/forgot").json(&json!({"email": email})).send().await.status.as_u16()
        };
        let statuses = [ask().await, ask().await, ask().await, ask().await];
        assert_eq!(statuses, [204, 204, 204, 429], "{email}");
    }
}

#[tokio::test]
async fn twenty_one_accounts_a_minute_are_too_many() {
    let app = TestApp::with_rate_limits(true).await;
    for number in 0..21 {
        let body = json!({"email": format!("c{number}@example.com"), "password": TEST_PASSWORD});
        let made = app.post("/api/auth/register").json(&body).send().await;
        assert_eq!(made.status, if number < 20 { 201 } else { 429 }, "{number}");
    }
}
