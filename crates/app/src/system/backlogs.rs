//! How much work waits in the background.

use tradepost_store::{StoreError, system};

use crate::shop::Shop;

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlogs {
    /// Events that wait to be dispatched.
    pub outbox: i64,
    /// Products that wait to be rendered.
    pub projection: i64,
}

/// Counts what waits.
pub async fn count_backlogs(shop: &Shop) -> Result<Backlogs, StoreError> {
    let client = shop.store.storefront().conn().await?;
    let (outbox, _) = system::outbox_backlog(&client).await?;
    let projection = system::projection_backlog(&client).await?;
    Ok(Backlogs { outbox, projection })
}
