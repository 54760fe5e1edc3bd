//! A catalogue that can be asked, whoever answers.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tradepost_port::BoxFuture;
use tradepost_port::search::{
    CatalogSearch as _, Change, ChangeKind, FacetKey, FacetRequest, SearchDocument, SearchEngine,
    SearchRequest,
};
use tradepost_search::engine::Engine;
use tradepost_search::opensearch::{Server, Settings};
use tradepost_search::quality::{Bench, QualityError, empty_index, question};
use tradepost_search::weights::Weights;

use super::alone::Alone;
use super::material::Catalogue;
use crate::LabError;

/// Which way to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SideKind {
    /// Tradepost, in the memory of the process.
    Embedded,
    /// Tradepost's pipeline, on OpenSearch.
    Shared,
    /// OpenSearch, without Tradepost.
    Alone,
}

impl SideKind {
    /// All, in the order of their turns.
    pub const ALL: [Self; 3] = [Self::Embedded, Self::Shared, Self::Alone];

    /// Its name in commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Shared => "shared",
            Self::Alone => "alone",
        }
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "Tradepost, embedded",
            Self::Shared => "Tradepost on OpenSearch",
            Self::Alone => "OpenSearch alone",
        }
    }

    /// What it is, in a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Self::Embedded => "the pipeline and the Tantivy index in the memory of one process",
            Self::Shared => {
                "the same pipeline in the process, the products on the server; every change is made visible at once"
            }
            Self::Alone => {
                "the same products in one index with the `english` analyzer, asked by `multi_match` (below)"
            }
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words.
    pub text: String,
    /// Hits at most.
    pub limit: usize,
    /// Whether seven facets are counted beside.
    pub with_facets: bool,
}

/// How a change becomes visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is, when the call returns.
    AtOnce,
    /// When the engine gets round to it.
    InTime,
}

/// A catalogue that can be asked and changed.
pub trait Side: Send + Sync {
    /// The ids of the hits as the data has them, the best first.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<Vec<String>, LabError>>;

    /// Puts a product in the place of the one of the same id. Every change has a higher sequence than those before, from 2 on.
    fn change<'a>(
        &'a self,
        sequence: i64,
        product: &'a (String, SearchDocument),
        seen: Seen,
    ) -> BoxFuture<'a, Result<(), LabError>>;
}

/// Where sides are made.
pub struct Ground {
    /// What waits for all of them.
    pub runtime: Arc<Runtime>,
    /// The server.
    pub settings: Settings,
    /// The way to it.
    pub server: Server,
}

impl Ground {
    /// A ground over a server, of which nothing is asked yet; names of indexes begin with the prefix.
    pub fn new(address: &str, prefix: &str) -> Result<Self, LabError> {
        let settings = Settings::read(address).map_err(QualityError::from)?;
        // How long an answer takes is what is asked, not whether it comes in time.
        let settings = Settings { prefix: prefix.to_owned(), search_timeout_ms: 60_000, ..settings };
        let server = Server::new(&settings).map_err(QualityError::from)?;
        Ok(Self { runtime: Arc::new(Runtime::new()?), settings, server })
    }

    /// Learns and indexes a catalogue; what was there under its name is gone.
    pub fn fill(&self, kind: SideKind, catalogue: &Catalogue) -> Result<Arc<dyn Side>, LabError> {
        let over = |engine: Arc<dyn SearchEngine>| -> Result<Arc<dyn Side>, LabError> {
            let products = catalogue.products.clone();
            let mut bench = Bench::over(engine, self.runtime.clone(), products, Weights::default())?;
            // A shop has its products in a database, not here.
            bench.documents = Vec::new();
            Ok(Arc::new(Ours(bench)))
        };
        Ok(match kind {
            SideKind::Embedded => over(Arc::new(Engine::in_memory().map_err(QualityError::from)?))?,
            SideKind::Shared => {
                let empty = self.runtime.block_on(empty_index(&self.settings, catalogue.name));
                over(Arc::new(empty.map_err(QualityError::from)?))?
            }
            SideKind::Alone => {
                let index = format!("{}-alone-{}", self.settings.prefix, catalogue.name);
                Arc::new(self.runtime.block_on(Alone::fill(&self.server, index, &catalogue.products))?)
            }
        })
    }
}

/// Tradepost, over either engine.
pub struct Ours(pub Bench);

impl Side for Ours {
    fn ask<'a>(&'a self, asked: &'a Question) -> BoxFuture<'a, Result<Vec<String>, LabError>> {
        Box::pin(async move {
            let facets = if asked.with_facets { facets() } else { Vec::new() };
            let request = SearchRequest { facets, ..question(&asked.text, asked.limit) };
            let answer = self.0.shelf.search(&request).await.map_err(QualityError::from)?;
            Ok(self.0.names(&answer.hits).into_iter().map(str::to_owned).collect())
        })
    }

    fn change<'a>(
        &'a self,
        sequence: i64,
        (_, product): &'a (String, SearchDocument),
        seen: Seen,
    ) -> BoxFuture<'a, Result<(), LabError>> {
        Box::pin(async move {
            let change =
                Change { sequence, id: product.id, kind: ChangeKind::Upsert(Box::new(product.clone())) };
            self.0.shelf.apply(vec![change]).await.map_err(QualityError::from)?;
            if seen == Seen::AtOnce {
                self.0.shelf.wait_visible(sequence).await.map_err(QualityError::from)?;
            }
            Ok(())
        })
    }
}

/// Seven facets, as a shop of clothes shows them.
fn facets() -> Vec<FacetRequest> {
    let keys = [
        FacetKey::Brand,
        FacetKey::Category,
        FacetKey::InStock,
        FacetKey::Option("colour".to_owned()),
        FacetKey::Option("size".to_owned()),
        FacetKey::Attribute(vec!["Gender".to_owned()]),
    ];
    let values = keys.into_iter().map(|key| FacetRequest::Values { key, limit: 20 });
    values.chain([FacetRequest::PriceHistogram { steps: 10 }]).collect()
}
