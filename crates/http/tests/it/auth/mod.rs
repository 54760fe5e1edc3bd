//! `/api/auth`.

mod limits;
mod mails;
mod refresh;
mod sign_in;
mod tokens;

pub(crate) use mails::token_of;
use serde_json::{Value, json};
use tradepost_testkit::{TEST_PASSWORD, TestApp, TestResponse};

/// Tries to sign in.
pub(crate) async fn log_in(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.post("/api/auth/login").json(&json!({"email": email, "password": password})).send().await
}

/// Signs in with the password of every test.
pub(crate) async fn signed_in(app: &TestApp, email: &str) -> Value {
    log_in(app, email, TEST_PASSWORD).await.expect(200).json()
}

/// Tries to refresh.
pub(crate) async fn refresh(app: &TestApp, token: &str) -> TestResponse {
    app.post("/api/auth/refresh").json(&json!({"refresh_token": token})).send().await
}

/// Whether an access token opens the account.
pub(crate) async fn opens(app: &TestApp, token: &str) -> bool {
    app.get("/api/account").bearer(token).send().await.status == 200
}
