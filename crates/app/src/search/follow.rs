//! Lets the shelves follow the read model.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::SearchError;
use tradepost_store::StoreError;
use tradepost_store::catalog::fragment::View;
use tradepost_store::catalog::indexing::{self, IndexRow};

use super::fill::aside;
use super::standing::Standing;
use super::{ShelfError, Shelves};

/// Products that are brought up to date at once.
const BATCH: usize = 500;
/// Versions that are read at once.
const VERSIONS_BATCH: i64 = 20_000;

impl Shelves {
    /// Makes the shelves that stand equal to the rows of these products, or of all where it is not known which changed.
    ///
    /// To be called in the order of epochs. A shelf whose engine fails is taken away; fails only with the database.
    pub async fn follow(&self, products: Option<&BTreeSet<ProductId>>, epoch: i64) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let standing: Vec<_> =
            self.read().iter().map(|(view, standing)| (view.clone(), standing.clone())).collect();
        let Some(products) = products else {
            self.steer_in_turn().await?;
            for (view, standing) in &standing {
                match self.catch_up(view, standing, epoch).await {
                    Ok(_) => {}
                    Err(ShelfError::Store(error)) => return Err(error),
                    Err(ShelfError::Search(error)) => self.lose(standing, &error),
                }
            }
            self.followed.fetch_max(epoch, Ordering::SeqCst);
            // What reaches so far may be a channel or a locale.
            self.wanted.notify_one();
            return Ok(());
        };
        let products: Vec<ProductId> = products.iter().copied().collect();
        for ids in products.chunks(BATCH).filter(|_| !standing.is_empty()) {
            let rows = {
                let conn = self.store.worker().conn().await?;
                indexing::find_rows(&conn, ids, None).await?
            };
            // Side by side: a change is found when the slowest shelf has it.
            let take = |(view, standing): &(View, Arc<Standing>)| {
                let own = rows.iter().filter(|row| row.view == *view).cloned().collect();
                let standing = standing.clone();
                async move {
                    if let Err(error) = self.bring(&standing, ids.to_vec(), own, epoch).await {
                        self.lose(&standing, &error);
                    }
                }
            };
            join_all(standing.iter().map(take)).await;
        }
        self.followed.fetch_max(epoch, Ordering::SeqCst);
        Ok(())
    }

    /// Finds by their versions the rows that a shelf has missed, and says how many these were. To be called by whoever has the turn,
    /// or the only hand on the shelf.
    pub(super) async fn catch_up(
        &self,
        view: &View,
        standing: &Arc<Standing>,
        epoch: i64,
    ) -> Result<usize, ShelfError> {
        let own = standing.clone();
        // Looking through a whole shelf keeps a thread busy.
        let mut gone = aside(move || Ok(own.ids())).await?;
        let mut missed = Vec::new();
        let mut after = None;
        loop {
            let versions = {
                let conn = self.store.worker().conn().await?;
                indexing::list_versions(&conn, view, after, VERSIONS_BATCH).await?
            };
            let Some((last, _)) = versions.last() else { break };
            after = Some(*last);
            let own = standing.clone();
            let look = move || {
                for (id, _) in &versions {
                    gone.remove(id);
                }
                Ok((own.missing(&versions), gone))
            };
            let missing;
            (missing, gone) = aside(look).await?;
            missed.extend(missing);
        }
        missed.extend(gone);
        for ids in missed.chunks(BATCH) {
            let rows = {
                let conn = self.store.worker().conn().await?;
                indexing::find_rows(&conn, ids, Some(view)).await?
            };
            self.bring(standing, ids.to_vec(), rows, epoch).await?;
        }
        Ok(missed.len())
    }

    async fn bring(
        &self,
        standing: &Arc<Standing>,
        ids: Vec<ProductId>,
        rows: Vec<IndexRow>,
        epoch: i64,
    ) -> Result<usize, SearchError> {
        let (standing, now) = (standing.clone(), self.clock.now());
        aside(move || standing.bring(&ids, rows, (epoch, now))).await
    }
}
