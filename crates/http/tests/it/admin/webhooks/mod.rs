//! Events out: endpoints, what they are sent, and what becomes of deliveries that fail.

mod endpoints;
mod failures;
mod sealed;
mod sending;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_app::webhook::{WebhookSecret, sign};
use tradepost_port::EgressRequest;
use tradepost_testkit::TestApp;

use super::text;

const PATH: &str = "/api/admin/webhook-endpoints";

/// Makes an endpoint at `https://{host}/`; answers its path and its secret.
async fn endpoint(app: &TestApp, host: &str, event_types: &[&str]) -> (String, String) {
    let body = json!({"url": format!("https://{host}/"), "event_types": event_types});
    let made = app.post(PATH).admin().json(&body).send().await.expect(201).json();
    (format!("{PATH}/{}", text(&made, "id")), text(&made, "secret").to_owned())
}

/// Lets something happen that is told as `brand.created`.
async fn make_brand(app: &TestApp, handle: &str) {
    let body = json!({"name": handle, "handle": handle});
    app.post("/api/admin/brands").admin().json(&body).send().await.expect(201);
}

fn header<'a>(request: &'a EgressRequest, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(header, _)| *header == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn body(request: &EgressRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// Whether one of the signatures of a request is that of a secret.
fn is_signed_by(request: &EgressRequest, secret: &str) -> bool {
    let secret = WebhookSecret::read(secret).unwrap();
    let seconds = header(request, "webhook-timestamp").parse().unwrap();
    let expected = sign([&secret], (header(request, "webhook-id"), seconds), &request.body);
    header(request, "webhook-signature").split(' ').any(|signature| signature == expected)
}

/// What was sent to a host.
fn sent_to(app: &TestApp, host: &str) -> Vec<EgressRequest> {
    let url = format!("https://{host}/");
    app.outside.sent().into_iter().filter(|request| request.url == url).collect()
}

async fn read(app: &TestApp, path: &str) -> Value {
    app.get(path).admin().send().await.expect(200).json()
}

fn pass(app: &TestApp, seconds: i64) {
    app.clock.advance(SignedDuration::from_secs(seconds));
}
