//! Whether the shop can take requests now.

use tradepost_store::migrate::{SchemaState, schema_state};
use tradepost_store::{Client, StoreError, system};

use crate::shop::Shop;

/// One thing that the shop needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name in snake case.
    pub name: &'static str,
    /// Why it is not there; `None` when it is.
    pub failure: Option<String>,
}

impl Check {
    fn of(name: &'static str, failure: Option<String>) -> Self {
        Self { name, failure }
    }
}

/// Asks for everything that the shop needs. Takes at most as long as the pool lets a request wait for a connection.
pub async fn check_readiness(shop: &Shop) -> Vec<Check> {
    let connection = shop.store.storefront().conn().await;
    let client = match connection {
        Ok(client) => client,
        Err(error) => return vec![Check::of("database", Some(away(&error)))],
    };
    if let Err(error) = system::ping(&client).await {
        return vec![Check::of("database", Some(away(&error)))];
    }
    vec![Check::of("database", None), Check::of("schema", schema_failure(&client).await)]
}

async fn schema_failure(client: &Client) -> Option<String> {
    match schema_state(client).await {
        Ok(SchemaState::Behind(missing)) => {
            Some(format!("{} migrations are missing: run `tradepost migrate`", missing.len()))
        }
        // The version before must go on working while instances are replaced one by one.
        Ok(SchemaState::Current | SchemaState::Ahead(_)) => None,
        Err(error) => Some(away(&error)),
    }
}

/// What may be said without a key: that it is away, not where it is. The log has the rest.
fn away(error: &StoreError) -> String {
    tracing::warn!(%error, "the shop is not ready");
    if error.is_unavailable() { "the database does not answer" } else { "the database refuses to answer" }
        .to_owned()
}
