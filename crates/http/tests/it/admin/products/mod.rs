//! Products.

mod bad_input;
mod batch;
mod create;
mod facts;
mod list;
mod patch;
pub(crate) mod races;
mod variants;

use serde_json::{Value, json};
use tradepost_testkit::{TestApp, TestResponse};

/// A product of a title and a price.
pub(crate) fn boot(title: &str) -> Value {
    json!({"title": title, "price": {"amount": 5400, "currency": "EUR"}})
}

pub(crate) async fn create(app: &TestApp, body: &Value) -> Value {
    app.post("/api/admin/products").admin().json(body).send().await.expect(201).json()
}

pub(crate) async fn patch(app: &TestApp, product: &Value, body: &Value) -> TestResponse {
    let path = format!("/api/admin/products/{}", product["id"].as_str().unwrap());
    app.patch(&path).admin().if_match(product["version"].as_i64().unwrap()).json(body).send().await
}

pub(crate) async fn read(app: &TestApp, product: &Value) -> Value {
    let path = format!("/api/admin/products/{}", product["id"].as_str().unwrap());
    app.get(&path).admin().send().await.expect(200).json()
}

/// Rows of a table.
pub(crate) async fn count(app: &TestApp, table: &str) -> i64 {
    rows(app, &format!("select count(*) from {table}")).await[0].get(0)
}

/// Rows of any statement.
pub(crate) async fn rows(app: &TestApp, sql: &str) -> Vec<tokio_postgres::Row> {
    let (client, connection) =
        tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.query(sql, &[]).await.unwrap()
}
