//! The proof: every stored fragment is what rendering now would give. `doctor` asks for it, and so do the tests.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tradepost_domain::kernel::ids::{ChannelId, ProductId};
use tradepost_store::StoreError;
use tradepost_store::catalog::projection;

use super::project::{Projector, render_batch};
use super::shown_prices::load_catalog;

/// Which products to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// All of them.
    All,
    /// About so many, spread evenly.
    Sample(u32),
}

/// A fragment that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Product.
    pub product: ProductId,
    /// Channel; `None` when the product cannot be rendered for any.
    pub channel: Option<ChannelId>,
    /// Locale, likewise.
    pub locale: Option<String>,
    /// `missing`, `left over`, the columns that differ, or why the product cannot be rendered.
    pub what: String,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.product)?;
        if let (Some(channel), Some(locale)) = (self.channel, &self.locale) {
            write!(formatter, " in {channel}/{locale}")?;
        }
        write!(formatter, ": {}", self.what)
    }
}

impl Projector {
    /// Compares the stored fragments with what rendering now would give; empty when all are right.
    ///
    /// What differs only because its change is still on its way is no mismatch: it is looked at again after a
    /// [`Projector::drain`].
    pub async fn verify(&self, which: Verify) -> Result<Vec<Mismatch>, StoreError> {
        let at = self.shop.clock.now();
        let suspects = Box::pin(self.mismatches(which, at)).await?;
        if suspects.is_empty() {
            return Ok(suspects);
        }
        self.drain().await?;
        let products: BTreeSet<ProductId> = suspects.into_iter().map(|mismatch| mismatch.product).collect();
        let products: Vec<ProductId> = products.into_iter().collect();
        let mut found = Vec::new();
        for batch in products.chunks(self.batch_size().await?) {
            found.extend(Box::pin(self.compare(batch, at)).await?);
        }
        Ok(found)
    }

    async fn mismatches(&self, which: Verify, at: Timestamp) -> Result<Vec<Mismatch>, StoreError> {
        let size = self.batch_size().await?;
        let mut found = Vec::new();
        if let Verify::Sample(wanted) = which {
            let ids = {
                let conn = self.shop.store.worker().conn().await?;
                projection::sample_product_ids(&conn, i64::from(wanted.max(1))).await?
            };
            for batch in ids.chunks(size) {
                found.extend(self.compare(batch, at).await?);
            }
            return Ok(found);
        }
        let limit = i64::try_from(size).unwrap_or(1);
        let mut after = None;
        loop {
            let batch = {
                let conn = self.shop.store.worker().conn().await?;
                projection::list_product_ids(&conn, after, limit).await?
            };
            let Some(last) = batch.last() else { return Ok(found) };
            after = Some(*last);
            found.extend(self.compare(&batch, at).await?);
        }
    }

    async fn batch_size(&self) -> Result<usize, StoreError> {
        let conn = self.shop.store.worker().conn().await?;
        Ok(self.part(&load_catalog(&conn).await?))
    }

    /// Compares some products, all read at one moment, with what they are at the prices of `at`.
    async fn compare(&self, products: &[ProductId], at: Timestamp) -> Result<Vec<Mismatch>, StoreError> {
        let tx = self.shop.store.worker().begin("verify").await?;
        projection::read_one_snapshot(&tx).await?;
        let mut catalog = load_catalog(&tx).await?;
        // At the prices of now: those of a list that nobody let begin are missed.
        catalog.priced_at = catalog.priced_at.max(at);
        let rendered = render_batch(&tx, catalog, products).await?;
        let differing = projection::compare_views(&tx, &rendered.products, &rendered.views).await?;
        tx.commit().await?;
        let broken = rendered.broken.into_iter().map(|(product, what)| Mismatch {
            product,
            channel: None,
            locale: None,
            what,
        });
        let differing = differing.into_iter().map(|view| Mismatch {
            product: view.product_id,
            channel: Some(view.channel_id),
            locale: Some(view.locale),
            what: view.what.join(", "),
        });
        Ok(differing.chain(broken).collect())
    }
}
