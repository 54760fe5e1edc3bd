//! The engine for catalogues that one machine is too small for: OpenSearch, over plain HTTP.
//!
//! It is told the same terms as the embedded engine, and finds, counts and orders the same; the suite of [`crate::conformance`] holds both to
//! that. Every product is written with the sequence of its change as its version, so that what comes late never undoes what came after, and
//! several processes may write the same changes. What is off the shelf stays as a mark with a version, until the index is made anew.
//! One alias is searched and written; an index that is made anew takes its place in one stroke.

mod client;
mod conditions;
mod entry;
mod facets;
mod follow;
mod layout;
mod order;
mod query;
mod shared;
mod shelves;
mod words;
mod write;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::BoxFuture;
use tradepost_port::search::plan::QueryPlan;
use tradepost_port::search::{
    Capabilities, Change, Hits, IndexDocument, IndexLook, SearchDocument, SearchEngine, SearchError,
};

pub use self::client::{OpenSearchError, Server, Settings};
use self::entry::id_of;
use self::follow::{Answer, Following};
use self::query::{Search, at, term};
pub use self::shelves::OpenSearchShelves;
use crate::engine::Visible;

/// Hits of one request at most; the setting of the index is the same.
const WINDOW_MAX: usize = 1_000_000;

/// How long what is known of the whole index is good enough for scores.
const STATISTICS_AGE_MAX: Duration = Duration::from_secs(10);

/// Products that are read at once.
const READ_BATCH: usize = 500;

/// Versions that are read at once.
const VERSIONS_BATCH: usize = 10_000;

/// An index on a server.
pub struct OpenSearch {
    server: Server,
    settings: Settings,
    alias: String,
    /// What is searched and written: the alias, or an index that is not behind it yet.
    target: RwLock<String>,
    /// One batch after the other: prices and stock are read, changed and written.
    writing: tokio::sync::Mutex<()>,
    refreshing: tokio::sync::Mutex<()>,
    applied: Visible,
    visible: Visible,
    durable: AtomicI64,
    /// Batches that were applied, and those of them that searches see: sequences may come twice.
    batches: AtomicU64,
    batches_seen: AtomicU64,
    statistics: Mutex<Option<(Instant, Statistics)>>,
}

/// What is known of all products.
#[derive(Debug, Clone, Copy)]
struct Statistics {
    documents: u64,
    popularity_max: i64,
}

/// The document that tells how far the index has come.
#[derive(Deserialize)]
struct State {
    #[serde(rename = "_source")]
    source: StateSource,
}

#[derive(Deserialize)]
struct StateSource {
    sequence: i64,
}

impl OpenSearch {
    /// The index of a name (lower case, digits, dashes), which is made where there is none.
    ///
    /// # Errors
    /// When the server is away, refuses, or the settings are not right.
    pub async fn open(settings: Settings, name: &str) -> Result<Self, OpenSearchError> {
        let engine = Self::behind(Server::new(&settings)?, settings, name)?;
        if engine.behind_alias().await?.is_none() {
            engine.create(&layout::index(&engine.alias, 1), true).await?;
        }
        let sequence = engine.stored_sequence().await?;
        engine.durable.store(sequence, Ordering::Release);
        engine.applied.reach(sequence);
        engine.refresh().await?;
        Ok(engine)
    }

    /// The index of a name, whether it is there or not.
    fn behind(server: Server, settings: Settings, name: &str) -> Result<Self, OpenSearchError> {
        if !layout::is_name(name) || !layout::is_name(&settings.prefix) {
            return Err(OpenSearchError::Settings(format!("`{name}` is no name of an index")));
        }
        let alias = layout::alias(&settings.prefix, name);
        Ok(Self::over(server, settings, alias.clone(), alias))
    }

    fn over(server: Server, settings: Settings, alias: String, target: String) -> Self {
        Self {
            server,
            settings,
            alias,
            target: RwLock::new(target),
            writing: tokio::sync::Mutex::default(),
            refreshing: tokio::sync::Mutex::default(),
            applied: Visible::default(),
            visible: Visible::default(),
            durable: AtomicI64::new(0),
            batches: AtomicU64::new(0),
            batches_seen: AtomicU64::new(0),
            statistics: Mutex::default(),
        }
    }

    fn target(&self) -> String {
        self.target.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The index behind the alias, if there is one.
    async fn behind_alias(&self) -> Result<Option<String>, OpenSearchError> {
        let found = self.server.bare(Method::GET, &format!("_alias/{}", self.alias)).await;
        match found {
            Ok(found) => {
                let found: serde_json::Map<String, Value> = serde_json::from_slice(&found)?;
                Ok(found.into_iter().next().map(|(name, _)| name))
            }
            Err(OpenSearchError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, index: &str, behind_alias: bool) -> Result<(), OpenSearchError> {
        let mut body = layout::body(&self.settings.replicas, self.settings.refresh_ms);
        if let (true, Some(body)) = (behind_alias, body.as_object_mut()) {
            body.insert("aliases".to_owned(), json!({&self.alias: {}}));
        }
        match self.server.call(Method::PUT, index, &body).await {
            // Another process was quicker.
            Err(OpenSearchError::Refused { status: 400, reason })
                if behind_alias && reason.contains("resource_already_exists_exception") =>
            {
                Ok(())
            }
            answered => answered.map(|_| ()),
        }
    }

    async fn stored_sequence(&self) -> Result<i64, OpenSearchError> {
        let path = format!("{}/_doc/{}", self.target(), layout::STATE);
        match self.server.bare(Method::GET, &path).await {
            Ok(state) => Ok(serde_json::from_slice::<State>(&state)?.source.sequence),
            Err(OpenSearchError::Refused { status: 404, .. }) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// The number of the index behind the alias.
    async fn number(&self) -> Result<Option<u64>, OpenSearchError> {
        let current = self.behind_alias().await?;
        Ok(current.map(|index| layout::number(&self.alias, &index).unwrap_or_default()))
    }

    /// Begins an index anew, empty, which nobody sees before [`Self::publish`]. One that was begun before and never published is
    /// thrown away: only one process may do this at a time.
    pub async fn begin_anew(&self) -> Result<Self, OpenSearchError> {
        let number = self.number().await?.unwrap_or_default();
        self.begin_number(number.saturating_add(1)).await
    }

    /// The same under a number that is not the one behind the alias.
    async fn begin_number(&self, number: u64) -> Result<Self, OpenSearchError> {
        let index = layout::index(&self.alias, number);
        match self.server.bare(Method::DELETE, &index).await {
            Ok(_) | Err(OpenSearchError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
        self.create(&index, false).await?;
        Ok(Self::over(self.server.clone(), self.settings.clone(), self.alias.clone(), index))
    }

    /// Puts an index that was begun anew in the place of the one before, in one stroke, and deletes all others of its name: that one, and
    /// such as were never published. Who has the alias open goes on with this one; what was written to the other one meanwhile is to be
    /// applied here again.
    pub async fn publish(&self) -> Result<(), OpenSearchError> {
        let _nobody_writes = self.writing.lock().await;
        self.refresh().await?;
        let index = self.target();
        let all = self.server.bare(Method::GET, &format!("{}-*/_alias", self.alias)).await?;
        let all: serde_json::Map<String, Value> = serde_json::from_slice(&all)?;
        let others = all.keys().filter(|name| **name != index && layout::number(&self.alias, name).is_some());
        let mut actions = vec![json!({"add": {"index": &index, "alias": &self.alias}})];
        actions.extend(others.map(|other| json!({"remove_index": {"index": other}})));
        self.server.call(Method::POST, "_aliases", &json!({"actions": actions})).await?;
        self.alias.clone_into(&mut self.target.write().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }

    /// Takes note that everything up to a sequence was applied, by this process or another one.
    fn heard_of(&self, sequence: i64) -> i64 {
        self.applied.reach(sequence);
        self.batches.fetch_add(1, Ordering::AcqRel);
        sequence
    }

    /// Waits until searches see all changes up to a sequence.
    async fn see(&self, sequence: i64) -> Result<(), OpenSearchError> {
        self.applied.wait(sequence).await;
        // Who waited for the one before finds its own changes visible as a rule.
        let _one_at_a_time = self.refreshing.lock().await;
        let unseen = self.batches_seen.load(Ordering::Acquire) < self.batches.load(Ordering::Acquire);
        if unseen || self.visible.sequence() < sequence {
            self.refresh().await?;
        }
        Ok(())
    }

    /// Makes what was applied visible.
    async fn refresh(&self) -> Result<(), OpenSearchError> {
        let batches = self.batches.load(Ordering::Acquire);
        let applied = self.applied.sequence();
        self.server.bare(Method::POST, &format!("{}/_refresh", self.target())).await?;
        self.forget_statistics();
        self.visible.reach(applied);
        self.batches_seen.fetch_max(batches, Ordering::AcqRel);
        Ok(())
    }

    /// Versions of all products that are on the shelf and visible.
    async fn versions(&self) -> Result<HashMap<ProductId, i64>, OpenSearchError> {
        let mut search = Search {
            size: VERSIONS_BATCH,
            query: Some(term("shelved", true)),
            sort: Some(json!(["product"])),
            version: true,
            ..Search::default()
        };
        let path = format!("{}/_search", self.target());
        let mut versions = HashMap::new();
        loop {
            let answer = self.server.call(Method::POST, &path, &search).await?;
            let answer: Answer = serde_json::from_slice(&answer)?;
            let Some(last) = answer.hits.hits.last() else { return Ok(versions) };
            search.after = Some(Value::Array(last.sort.clone()));
            versions.extend(answer.hits.hits.iter().filter_map(|hit| Some((id_of(&hit.id)?, hit.version))));
        }
    }

    /// The id that the server gave the index behind the alias: another one has another, whatever it is called. None where there is no
    /// index.
    async fn identity(&self) -> Result<Option<String>, OpenSearchError> {
        let path = format!("{}/_settings/index.uuid", self.target());
        let found: Value = match self.server.bare(Method::GET, &path).await {
            Ok(found) => serde_json::from_slice(&found)?,
            Err(OpenSearchError::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let settings = found.as_object().and_then(|indexes| indexes.values().next());
        let id = settings.map(|settings| at(settings, &["settings", "index", "uuid"]));
        Ok(id.and_then(Value::as_str).map(str::to_owned))
    }

    /// What lies in it, and on which server.
    async fn look(&self) -> Result<IndexLook, OpenSearchError> {
        let server: Value = serde_json::from_slice(&self.server.bare(Method::GET, "").await?)?;
        self.refresh().await?;
        let aggs = json!({"versions": {"sum": {"field": "version"}}});
        let search = Search {
            query: Some(term("shelved", true)),
            track_total_hits: true,
            aggs: Some(aggs),
            ..Search::default()
        };
        let answer = self.ask(&search).await?;
        let version = at(&server, &["version", "number"]).as_str().unwrap_or("of no version");
        Ok(IndexLook {
            engine: format!("OpenSearch {version}"),
            products: i64::try_from(answer.hits.total.value).unwrap_or(i64::MAX),
            versions: whole(at(&answer.aggregations, &["versions", "value"])),
        })
    }

    fn forget_statistics(&self) {
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends a search.
    async fn ask(&self, search: &Search) -> Result<Answer, OpenSearchError> {
        let limit = self.settings.search_timeout_ms;
        let path = format!("{}/_search?cancel_after_time_interval={limit}ms", self.target());
        let answer: Answer = serde_json::from_slice(&self.server.call(Method::POST, &path, search).await?)?;
        if answer.timed_out {
            return Err(OpenSearchError::Overloaded(504));
        }
        Ok(answer)
    }

    /// What is known of all products; asked anew when it is old. It also tells how far searches see.
    async fn statistics(&self) -> Result<Statistics, OpenSearchError> {
        let known = *self.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = known.filter(|(at, _)| at.elapsed() < STATISTICS_AGE_MAX) {
            return Ok(known);
        }
        let shelved = json!({"filter": term("shelved", true), "aggs": {"sold": {"max": {"field": "sold"}}}});
        let aggs = json!({"shelved": shelved, "sequence": {"max": {"field": "sequence"}}});
        let answer = self.ask(&Search { aggs: Some(aggs), ..Search::default() }).await?.aggregations;
        let statistics = Statistics {
            documents: at(&answer, &["shelved", "doc_count"]).as_u64().unwrap_or_default(),
            popularity_max: whole(at(&answer, &["shelved", "sold", "value"])),
        };
        self.visible.reach(whole(at(&answer, &["sequence", "value"])));
        let known = Some((Instant::now(), statistics));
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(statistics)
    }

    async fn follow(&self, plan: &QueryPlan) -> Result<Hits, OpenSearchError> {
        let limit = Duration::from_millis(self.settings.search_timeout_ms);
        let answered = timeout(limit, async {
            let statistics = self.statistics().await?;
            let sequence = self.visible.sequence();
            let hits = Following::new(self, plan, statistics).finish().await?;
            Ok(Hits { sequence, ..hits })
        });
        answered.await.unwrap_or_else(|late| Err(OpenSearchError::Away(late.into())))
    }

    /// Every product on the shelf that is visible, in the order of ids.
    pub async fn each_document(
        &self,
        mut take: impl FnMut(SearchDocument) + Send,
    ) -> Result<(), OpenSearchError> {
        let mut search = Search {
            size: READ_BATCH,
            query: Some(term("shelved", true)),
            sort: Some(json!(["product"])),
            source: true,
            ..Search::default()
        };
        let path = format!("{}/_search?_source_includes=document", self.target());
        loop {
            let answer = self.server.call(Method::POST, &path, &search).await?;
            let answer: Answer = serde_json::from_slice(&answer)?;
            let Some(last) = answer.hits.hits.last() else { return Ok(()) };
            search.after = Some(Value::Array(last.sort.clone()));
            for hit in answer.hits.hits {
                take(SearchDocument::deserialize(at(&hit.source, &["document"]))?);
            }
        }
    }
}

/// A whole number that came as a fraction.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "far below 2^53")]
fn whole(value: &Value) -> i64 {
    value.as_f64().map(|number| number as i64).unwrap_or_default()
}

impl SearchEngine for OpenSearch {
    fn apply(&self, changes: Vec<Change<IndexDocument>>) -> BoxFuture<'_, Result<i64, SearchError>> {
        Box::pin(async move { Ok(self.take(changes).await?) })
    }

    fn durable_sequence(&self) -> i64 {
        self.durable.load(Ordering::Acquire)
    }

    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>> {
        Box::pin(async move { Ok(self.see(sequence).await?) })
    }

    fn search<'a>(&'a self, plan: &'a QueryPlan) -> BoxFuture<'a, Result<Hits, SearchError>> {
        Box::pin(async move { Ok(self.follow(plan).await?) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { name: "opensearch", visible_when_applied: false, durable: true }
    }
}
