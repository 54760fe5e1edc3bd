//! Queries that are suggested while somebody types: a worker makes them of the log, and every process hands them to its shelves.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tradepost_port::search::PopularQuery;
use tradepost_store::catalog::fragment::View;
use tradepost_store::search_popular::Popular;
use tradepost_store::{StoreError, search_log, search_popular};

use super::fill::aside;
use super::standing::Standing;
use super::{ShelfError, Shelves};
use crate::error::WriteError;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;

/// How often the worker makes them anew, and how often a process looks for what it made.
const MAKE_EVERY: Duration = Duration::from_mins(5);
const READ_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Searches that are older count nothing.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Queries of a channel in a locale.
const QUERIES_MAX: i64 = 1_000;
/// Rows of the log that are thrown away at once.
const PURGE_BATCH: i64 = 5_000;

/// What becomes of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchLogRules {
    /// How long it is kept.
    pub keep: SignedDuration,
    /// Words that fewer browsers searched for are shown to nobody else.
    pub clients_min: i64,
    /// Words that are never suggested, lower case.
    pub never: Vec<String>,
}

/// Throws old searches away, and makes of the others what is suggested.
#[derive(Debug)]
pub struct SearchLogWorker {
    shop: Arc<Shop>,
    rules: SearchLogRules,
}

impl SearchLogWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>, rules: SearchLogRules) -> Self {
        Self { shop, rules }
    }

    /// Works until `shutdown`.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let rhythm = Rhythm { name: "popular searches", every: MAKE_EVERY, woken_by: None };
        keep_doing(rhythm, shutdown, || async { Ok::<_, WriteError>(self.step().await?) }).await;
    }

    /// A round: throws some away or, where that was all, makes the suggestions.
    pub async fn step(&self) -> Result<Round, StoreError> {
        let now = self.shop.clock.now();
        let ago = |time: SignedDuration| now.saturating_sub(time).unwrap_or(Timestamp::MIN);
        let conn = self.shop.store.worker().conn().await?;
        if search_log::purge(&conn, ago(self.rules.keep), PURGE_BATCH).await? {
            return Ok(Round::MoreIsDue);
        }
        let popular = Popular {
            since: ago(self.rules.keep.min(LOOK_BACK)),
            clients_min: self.rules.clients_min,
            never: &self.rules.never,
            limit: QUERIES_MAX,
        };
        search_popular::refresh(&conn, &popular, now).await?;
        Ok(Round::Done)
    }
}

/// What is suggested, and when it was read.
#[derive(Debug, Default)]
pub(super) struct Known {
    queries: Arc<HashMap<View, Vec<(String, i64)>>>,
    read_at: Option<Timestamp>,
}

impl Shelves {
    /// Reads now and then what is to be suggested, and hands it to the shelves that stand.
    pub(super) async fn mind_popular(&self) -> Result<(), ShelfError> {
        let now = self.clock.now();
        let is_due = |at: Timestamp| now.duration_since(at) >= READ_EVERY;
        let (before, read_at) = {
            let known = self.popular.lock().unwrap_or_else(PoisonError::into_inner);
            (known.queries.clone(), known.read_at)
        };
        if !read_at.is_none_or(is_due) {
            return Ok(());
        }
        let queries = Arc::new(search_popular::list(&*self.store.worker().conn().await?).await?);
        let known = Known { queries: queries.clone(), read_at: Some(now) };
        *self.popular.lock().unwrap_or_else(PoisonError::into_inner) = known;
        if queries == before {
            return Ok(());
        }
        let standing: Vec<_> =
            self.read().iter().map(|(view, standing)| (view.clone(), standing.clone())).collect();
        for (view, standing) in &standing {
            if queries.get(view) != before.get(view) {
                self.hand_popular(view, standing).await?;
            }
        }
        // Suggestions that were given until now are not given again.
        self.cache.renew();
        Ok(())
    }

    /// Lets a shelf suggest what is popular.
    pub(super) async fn hand_popular(&self, view: &View, standing: &Arc<Standing>) -> Result<(), ShelfError> {
        let known = self.popular.lock().unwrap_or_else(PoisonError::into_inner).queries.clone();
        let query = |(text, score): &(String, i64)| PopularQuery {
            text: text.clone(),
            count: u64::try_from(*score).unwrap_or_default(),
        };
        let queries = known.get(view).into_iter().flatten().map(query).collect();
        let standing = standing.clone();
        aside(move || standing.shelf.take_popular_queries(queries)).await?;
        Ok(())
    }
}
