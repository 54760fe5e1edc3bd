//! How good the search is: judged queries and queries with errors, asked of the real engine.
//!
//! What is measured here decides whether a change of weights or of the pipeline is one for the better. A shop can be
//! judged by the same figures with judgments of its own.

mod data;
mod gain;
mod known_item;
mod meaning;
mod report;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::Page;
use tradepost_port::search::{
    CatalogSearch, Change, ChangeKind, Hits, SearchDocument, SearchEngine, SearchError, SearchRequest,
};

use crate::engine::{Engine, EngineError};
use crate::knowledge::Knowledge;
use crate::opensearch::{OpenSearch, OpenSearchError, Settings};
use crate::shelf::Shelf;
use crate::weights::Weights;

pub use data::{Judgments, KnownItem, Meant, documents, judgments, known_items, meanings};
pub use gain::{Gain, gain, gain_of};
pub use known_item::{AnswerKey, KindScore, known_item};
pub use meaning::{Understood, understood, understood_among};
pub use report::{Latency, ONE_EDIT, Quality};

/// Why quality could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum QualityError {
    /// A file of the data is absent or cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of a file is not as it should be.
    #[error("line {line} of `{}` is not understood", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The engine could not be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine on a server could not be made.
    #[error(transparent)]
    OpenSearch(#[from] OpenSearchError),
    /// What waits for a server could not be made.
    #[error("no thread can be had")]
    Runtime(#[source] std::io::Error),
    /// A search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// A catalogue that can be searched.
pub struct Bench {
    /// What searches it.
    pub shelf: Arc<Shelf>,
    /// Its products.
    pub documents: Vec<SearchDocument>,
    /// The ids that the data gives its products.
    names: HashMap<ProductId, String>,
    /// What waits for the engine.
    runtime: Arc<Runtime>,
    /// How long learning and indexing took.
    pub built_in: Duration,
}

/// Hits that are judged.
pub const JUDGED_HITS: usize = 10;

/// Decimal places of the prices in the data.
const PRICE_EXPONENT: u32 = 2;

/// Products that are indexed at once.
const BATCH: usize = 5_000;

impl Bench {
    /// Learns and indexes a catalogue, with the embedded engine in memory.
    pub fn new(documents: Vec<(String, SearchDocument)>, weights: Weights) -> Result<Self, QualityError> {
        let runtime = Runtime::new().map_err(QualityError::Runtime)?;
        Self::over(Arc::new(Engine::in_memory()?), Arc::new(runtime), documents, weights)
    }

    /// The same in an index of this name on a server, which is made anew.
    pub fn on_opensearch(
        settings: &Settings,
        name: &str,
        documents: Vec<(String, SearchDocument)>,
        weights: Weights,
    ) -> Result<Self, QualityError> {
        let runtime = Runtime::new().map_err(QualityError::Runtime)?;
        let engine = runtime.block_on(empty_index(settings, name))?;
        Self::over(Arc::new(engine), Arc::new(runtime), documents, weights)
    }

    /// Learns and indexes a catalogue with an engine that holds nothing; the runtime waits for it.
    pub fn over(
        engine: Arc<dyn SearchEngine>,
        runtime: Arc<Runtime>,
        documents: Vec<(String, SearchDocument)>,
        weights: Weights,
    ) -> Result<Self, QualityError> {
        let names = documents.iter().map(|(name, document)| (document.id, name.clone())).collect();
        let documents: Vec<SearchDocument> = documents.into_iter().map(|(_, document)| document).collect();
        let started = Instant::now();
        let knowledge = Knowledge::of_all(&documents, &Locale::english());
        let shelf = Arc::new(Shelf::new(engine, knowledge, PRICE_EXPONENT));
        shelf.set_weights(weights);
        for batch in documents.chunks(BATCH) {
            let change = |document: &SearchDocument| Change {
                sequence: 1,
                id: document.id,
                kind: ChangeKind::Upsert(Box::new(document.clone())),
            };
            runtime.block_on(shelf.fill(batch.iter().map(change).collect()))?;
        }
        runtime.block_on(shelf.wait_visible(1))?;
        shelf.settle()?;
        Ok(Self { shelf, documents, names, runtime, built_in: started.elapsed() })
    }

    /// Its products with the ids that the data gives them.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &SearchDocument)> {
        self.documents.iter().filter_map(|document| Some((self.names.get(&document.id)?.as_str(), document)))
    }

    /// The ids of the first hits, as the data has them.
    pub fn ask(&self, query: &str, limit: usize) -> Result<Vec<&str>, QualityError> {
        let hits = self.runtime.block_on(self.shelf.search(&question(query, limit)))?.hits;
        Ok(self.names(&hits))
    }

    /// The ids of hits, as the data has them.
    pub fn names(&self, hits: &Hits) -> Vec<&str> {
        hits.hits.iter().filter_map(|hit| self.names.get(&hit.id)).map(String::as_str).collect()
    }
}

/// An index of this name on a server, which is made anew and holds nothing.
pub async fn empty_index(settings: &Settings, name: &str) -> Result<OpenSearch, OpenSearchError> {
    let anew = OpenSearch::open(settings.clone(), name).await?.begin_anew().await?;
    anew.publish().await?;
    Ok(anew)
}

/// A question for so many hits, in the words of a query.
pub fn question(query: &str, limit: usize) -> SearchRequest {
    SearchRequest { text: Some(query.to_owned()), page: Page::new(0, limit), ..SearchRequest::default() }
}

/// Measures everything that there is data for in a folder (`search/` and `demo/` below it): the embedded engine, or OpenSearch where its
/// settings are told.
pub fn measure(
    folder: &Path,
    weights: &Weights,
    opensearch: Option<&Settings>,
) -> Result<Quality, QualityError> {
    let bench = |file: &str, name: &str| {
        let documents = documents(&folder.join(file))?;
        match opensearch {
            Some(settings) => Bench::on_opensearch(settings, name, documents, weights.clone()),
            None => Bench::new(documents, weights.clone()),
        }
    };
    let electronics = bench("search/icecat.jsonl", "quality-electronics")?;
    let retail = bench("demo/products.jsonl", "quality-retail")?;
    let gain = gain(&electronics, &judgments(&folder.join("search/judgments-dev.csv"))?)?;
    let electronics_items = known_items(&folder.join("search/typo-queries-icecat-dev.tsv"))?;
    let retail_items = known_items(&folder.join("search/typo-queries-retail-dev.tsv"))?;
    let meant = meanings(&folder.join("search/query-understanding-dev.tsv"))?;
    let latency = Latency::of(&electronics, &electronics_items)?;
    Ok(Quality {
        engine: electronics.shelf.capabilities().name,
        gain,
        electronics: known_item(&electronics, &electronics_items)?,
        retail: known_item(&retail, &retail_items)?,
        understood: understood(&retail, &meant),
        latency,
        products: electronics.documents.len(),
        built_in: electronics.built_in,
    })
}
