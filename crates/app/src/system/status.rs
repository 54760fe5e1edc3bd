//! How the shop runs at this moment.

use serde::Serialize;
use tradepost_store::{StoreError, migrate, system};
use utoipa::ToSchema;

use crate::shop::Shop;

/// How the shop runs at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SystemView {
    /// Version of the program.
    pub version: String,
    /// Version of the database schema that the program works with.
    pub schema_version: i32,
    /// Events that wait to be followed: with any, shoppers may not see the latest changes.
    pub outbox_pending: i64,
    /// Products that wait to be rendered.
    pub projection_pending: i64,
    /// How long the oldest event has waited, in seconds; 0 when none does.
    pub projector_lag_seconds: i64,
    /// Connections to the database, of this process.
    pub pools: Vec<PoolView>,
}

/// A pool of connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PoolView {
    /// Name.
    pub name: String,
    /// Connections at most.
    pub max: usize,
    /// Connections open.
    pub size: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

/// Reads it.
pub async fn read_system(shop: &Shop) -> Result<SystemView, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let (outbox_pending, oldest_at) = system::outbox_backlog(&conn).await?;
    let projection_pending = system::projection_backlog(&conn).await?;
    let lag = oldest_at.map_or(0, |oldest_at| shop.clock.now().duration_since(oldest_at).as_secs());
    let pool = |db: &tradepost_store::Db| {
        let usage = db.usage();
        let name = db.name().to_owned();
        PoolView { name, max: usage.max, size: usage.size, idle: usage.idle, waiting: usage.waiting }
    };
    Ok(SystemView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: migrate::newest_version(),
        outbox_pending,
        projection_pending,
        projector_lag_seconds: lag.max(0),
        pools: shop.store.pools().into_iter().map(pool).collect(),
    })
}
