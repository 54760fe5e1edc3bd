//! Makes all fragments anew, while shoppers go on reading the ones there are.

use tradepost_domain::kernel::ids::ProductId;
use tradepost_store::StoreError;
use tradepost_store::catalog::projection;

use super::project::{BatchFailure, Pace, Projected, Projector, tell};
use super::shown_prices::load_catalog;

/// A batch of the rebuild: its products and what was done, or `None` when another projector had the shop.
type Rebuilt = Option<(Vec<ProductId>, Projected)>;

impl Projector {
    /// Renders every product and makes its rows true, batch by batch in the order of ids; rows that no longer belong go.
    /// Nothing is emptied first. `progress` is told products done and products in all.
    ///
    /// Unlike [`Projector::drain`] it does not trust that rows with an unchanged page are whole: after an upgrade that
    /// changed how searching or filtering works, this brings all rows up to date.
    pub async fn rebuild(&self, mut progress: impl FnMut(u64, u64)) -> Result<Projected, StoreError> {
        let total = {
            let conn = self.shop.store.worker().conn().await?;
            u64::try_from(projection::count_products(&conn).await?).unwrap_or(0)
        };
        self.turn_due().await?;
        let mut pace = Pace::default();
        let mut all = Projected::default();
        let mut after = None;
        let mut seen = 0_u64;
        progress(0, total);
        loop {
            let batch = match Box::pin(self.rebuild_batch(after, &pace)).await {
                Ok(Some(batch)) => {
                    pace.succeeded();
                    batch
                }
                Ok(None) => {
                    tokio::time::sleep(super::project::BUSY_PAUSE).await;
                    continue;
                }
                Err(failure) => match pace.failed(failure)? {
                    None => continue,
                    Some(product) => (vec![product], Projected { broken: 1, ..Projected::default() }),
                },
            };
            let (products, done) = batch;
            all.add(done);
            let Some(last) = products.last() else { return Ok(all) };
            after = Some(*last);
            seen = seen.saturating_add(u64::try_from(products.len()).unwrap_or(0));
            // Products may have been added meanwhile.
            progress(seen, total.max(seen));
        }
    }

    async fn rebuild_batch(&self, after: Option<ProductId>, pace: &Pace) -> Result<Rebuilt, BatchFailure> {
        let tx = self.shop.store.worker().begin("rebuild").await?;
        let Some(lock) = projection::try_lock_projector(&tx).await? else { return Ok(None) };
        let catalog = load_catalog(&tx).await?;
        let limit = i64::try_from(self.room(pace, &catalog)).unwrap_or(1);
        let products = projection::list_product_ids(&tx, after, limit).await?;
        if products.is_empty() {
            return Ok(Some((products, Projected::default())));
        }
        let batch = pace.batch(&products, true);
        let failed = |source| BatchFailure { products: products.clone(), source };
        let (done, changed) = self.write_batch((&tx, lock), catalog, &batch).await?;
        tell(&tx, &changed, (false, false)).await?;
        tx.commit().await.map_err(failed)?;
        Ok(Some((products, done)))
    }
}
