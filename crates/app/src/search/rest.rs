//! Shelves whose engine is away: taken down at once, and put up again without being filled when it is back with what it had.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use tradepost_domain::kernel::with_causes;
use tradepost_port::search::SearchError;
use tradepost_store::catalog::fragment::View;

use super::fill::{aside, view};
use super::standing::{Standing, finish};
use super::{ShelfError, Shelves};

/// Searches in a row that find the engine away, until it is no more asked: one may have been too much for it, or late.
const AWAY_MAX: u32 = 3;

impl Shelves {
    pub(super) fn resting(&self) -> MutexGuard<'_, HashMap<View, Arc<Standing>>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shelves whose engine is away.
    pub fn resting_count(&self) -> usize {
        self.resting().len()
    }

    /// Takes a shelf down that has failed. It is put up again, or filled anew.
    pub(super) fn lose(&self, lost: &Arc<Standing>, error: &SearchError) {
        if !self.read().values().any(|other| Arc::ptr_eq(other, lost)) {
            return;
        }
        tracing::error!(
            channel.id = %lost.name.channel_id,
            locale = %lost.name.locale,
            error = with_causes(error),
            "search is away: the database answers until it is back"
        );
        self.resting().insert(view(&lost.name), lost.clone());
        self.arrange(|standing| standing.retain(|_, other| !Arc::ptr_eq(other, lost)));
        self.wanted.notify_one();
    }

    /// Takes note that a search found the engine of a shelf away; one in memory never is.
    pub(super) fn doubt(&self, doubted: &Arc<Standing>, error: &SearchError) {
        if doubted.shelf.capabilities().durable && doubted.is_away_again() >= AWAY_MAX {
            self.lose(doubted, error);
        }
    }

    /// Puts a shelf up again whose engine is back with all that it had; says whether one stands now.
    pub(super) async fn wake(&self, view: &View, generation: i64) -> Result<bool, ShelfError> {
        let resting = self.resting().get(view).cloned();
        let Some(resting) = resting.filter(|resting| resting.generation >= generation) else {
            return Ok(false);
        };
        let asked = resting.shelf.clone();
        if !aside(move || finish(asked.is_whole())).await? {
            return Ok(false);
        }
        self.put_up(view, resting).await?;
        Ok(true)
    }
}
