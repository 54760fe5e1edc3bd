//! A large batch of the projector, written by several connections at once.
//!
//! Rendering is cheap; what takes its time is PostgreSQL writing the rows and their indexes, one core a connection. So
//! the batch is cut into parts, and a few helpers load, render and write theirs side by side, each part in a
//! transaction of its own that begins an epoch of its own. The projector's transaction stays open meanwhile and keeps
//! others out; should it be lost, helpers that still write keep the next one out until they have ended, and none
//! begins.

use tokio::task::JoinSet;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_store::StoreError;
use tradepost_store::catalog::projection::{self, ProjectorLock};

use super::project::{Batch, BatchFailure, Projected, Projector, tell};
use super::shown_prices::load_catalog;

/// Helpers at once: the cores that PostgreSQL has are not known, and more than a few wait for each other's indexes.
pub(super) const HELPERS_MAX: usize = 3;
/// Connections of the pool that stay for others: the projector's own, and one for an import.
const SPARED: usize = 2;

impl Projector {
    /// How many helpers there may be.
    pub(super) fn helpers(&self) -> usize {
        self.shop.store.worker().usage().max.saturating_sub(SPARED).min(HELPERS_MAX)
    }

    /// Writes a batch part by part; ends at the first part that fails. What was written stays written: doing it again
    /// finds nothing to write.
    pub(super) async fn write_in_parts(
        &self,
        lock: ProjectorLock,
        batch: &Batch<'_>,
        part: usize,
    ) -> Result<Projected, BatchFailure> {
        let mut parts = batch.products.chunks(part);
        // Dropped, it aborts those under way, and they roll back.
        let mut helpers = JoinSet::new();
        let mut done = Projected::default();
        loop {
            while helpers.len() < self.helpers()
                && let Some(part) = parts.next()
            {
                let (projector, products, thorough) = (self.clone(), part.to_vec(), batch.thorough);
                helpers.spawn(async move {
                    let written = projector.help(lock, &products, thorough).await;
                    written.map_err(|source| BatchFailure { products, source })
                });
            }
            let Some(helped) = helpers.join_next().await else { return Ok(done) };
            let helped = helped.map_err(|error| StoreError::inconsistent("helper", error.to_string()))?;
            done.add(helped?);
        }
    }

    async fn help(
        &self,
        lock: ProjectorLock,
        products: &[ProductId],
        thorough: bool,
    ) -> Result<Projected, StoreError> {
        let tx = self.shop.store.worker().begin("project_part").await?;
        if !projection::try_help_projector(&tx, lock).await? {
            return Err(StoreError::Unavailable("the projector has lost its connection".to_owned()));
        }
        let catalog = load_catalog(&tx).await?;
        let batch = Batch { products, thorough, handles_move: false };
        let (done, changed) = Box::pin(self.write_part(&tx, catalog, &batch)).await?;
        tell(&tx, &changed, (false, false)).await?;
        tx.commit().await?;
        Ok(done)
    }
}
