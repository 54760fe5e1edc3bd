//! What shoppers read, end to end: staff put things on the shelf through the API, the projector renders them, shoppers
//! ask.

mod account;
mod bad_input;
mod caching;
mod categories;
pub(crate) mod channels;
mod collections;
mod farewell;
mod filters;
mod handles;
mod opensearch;
mod pages;
mod personal;
mod places;
mod reviews;
mod sales;
mod search;
mod search_faults;
mod search_index;
mod search_log;
mod shape;
mod statements;
mod steering;
mod steering_edges;
mod steering_preview;
mod steering_weights;

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

use crate::admin::make;

/// A published product: a title, a price in euro cents and whatever else is given.
pub(crate) async fn put(app: &TestApp, title: &str, cents: i64, more: Value) -> Value {
    let mut body = json!({"title": title, "status": "published"});
    if more.get("variants").is_none() {
        body["price"] = json!({"amount": cents, "currency": "EUR"});
    }
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    make(app, "/api/admin/products", &body).await
}

/// A variant in a product's body: options, euro cents, units on hand.
pub(crate) fn variant(options: &Value, cents: i64, stock: i64) -> Value {
    json!({"options": options, "price": {"amount": cents, "currency": "EUR"}, "stock": stock})
}

/// Changes a thing of staff's, whatever its version.
pub(crate) async fn change(app: &TestApp, path: &str, body: &Value) -> Value {
    app.patch(path).admin().header("if-match", "*").json(body).send().await.expect(200).json()
}

/// The answer of a listing.
pub(crate) async fn listing(app: &TestApp, query: &str) -> Value {
    app.get(&format!("/api/products?{query}")).send().await.expect(200).json()
}

/// The handles of a listing, in its order.
pub(crate) async fn handles(app: &TestApp, query: &str) -> Vec<String> {
    texts(&listing(app, query).await["data"], "handle")
}

/// The same in alphabetical order, for lists whose order does not matter.
pub(crate) async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let mut handles = handles(app, query).await;
    handles.sort_unstable();
    handles
}

/// A field of each of the things.
pub(crate) fn texts(things: &Value, field: &str) -> Vec<String> {
    things.as_array().unwrap().iter().map(|thing| thing[field].as_str().unwrap().to_owned()).collect()
}

/// Checks a refusal: its status, its code and the parameter that it names.
pub(crate) fn assert_refused(response: &TestResponse, status: u16, code: &str, param: &str, asked: &str) {
    let problem = response.json();
    assert_eq!(response.header("content-type"), "application/problem+json", "{asked}");
    let got = (
        response.status.as_u16(),
        problem["code"].as_str().unwrap(),
        problem["param"].as_str().unwrap_or(""),
    );
    assert_eq!(got, (status, code, param), "{asked}: {problem}");
}
