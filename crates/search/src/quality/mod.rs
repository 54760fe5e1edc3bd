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
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::Page;
use tradepost_port::search::{CatalogSearch, Change, ChangeKind, SearchDocument, SearchError, SearchRequest};

use crate::engine::{Engine, EngineError};
use crate::knowledge::Knowledge;
use crate::shelf::Shelf;
use crate::weights::Weights;

pub use data::{Judgments, KnownItem, Meant, documents, judgments, known_items, meanings};
pub use gain::{Gain, gain};
pub use known_item::{KindScore, known_item};
pub use meaning::{Understood, understood};
pub use report::{Latency, Quality};

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
    /// A search failed.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// A catalogue that can be searched.
pub struct Bench {
    /// What searches it.
    pub shelf: Shelf,
    /// Its products.
    pub documents: Vec<SearchDocument>,
    /// The ids that the data gives its products.
    names: HashMap<ProductId, String>,
    /// How long learning and indexing took.
    pub built_in: Duration,
}

/// Hits that are judged.
const JUDGED_HITS: usize = 10;

/// Decimal places of the prices in the data.
const PRICE_EXPONENT: u32 = 2;

/// Products that are indexed at once.
const BATCH: usize = 5_000;

impl Bench {
    /// Learns and indexes a catalogue.
    pub fn new(documents: Vec<(String, SearchDocument)>, weights: Weights) -> Result<Self, QualityError> {
        let names = documents.iter().map(|(name, document)| (document.id, name.clone())).collect();
        let documents: Vec<SearchDocument> = documents.into_iter().map(|(_, document)| document).collect();
        let started = Instant::now();
        let knowledge = Knowledge::of_all(&documents, &Locale::english());
        let shelf = Shelf::new(Arc::new(Engine::in_memory()?), knowledge, PRICE_EXPONENT);
        shelf.set_weights(weights);
        for batch in documents.chunks(BATCH) {
            let change = |document: &SearchDocument| Change {
                sequence: 1,
                id: document.id,
                kind: ChangeKind::Upsert(Box::new(document.clone())),
            };
            ready(shelf.fill(batch.iter().map(change).collect()))?;
        }
        shelf.settle()?;
        Ok(Self { shelf, documents, names, built_in: started.elapsed() })
    }

    /// Its products with the ids that the data gives them.
    pub fn documents(&self) -> impl Iterator<Item = (&str, &SearchDocument)> {
        self.documents.iter().filter_map(|document| Some((self.names.get(&document.id)?.as_str(), document)))
    }

    /// The ids of the first hits, as the data has them.
    pub fn ask(&self, query: &str, limit: usize) -> Result<Vec<&str>, QualityError> {
        let request = SearchRequest {
            text: Some(query.to_owned()),
            page: Page::new(0, limit),
            ..SearchRequest::default()
        };
        let hits = ready(self.shelf.search(&request))?.hits.hits;
        Ok(hits.iter().filter_map(|hit| self.names.get(&hit.id)).map(String::as_str).collect())
    }
}

/// What a future gives that does not wait for anything: the embedded engine works on the thread that asks.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

/// Measures everything that there is data for in a folder (`search/` and `demo/` below it).
pub fn measure(folder: &Path, weights: &Weights) -> Result<Quality, QualityError> {
    let electronics = Bench::new(documents(&folder.join("search/icecat.jsonl"))?, weights.clone())?;
    let retail = Bench::new(documents(&folder.join("demo/products.jsonl"))?, weights.clone())?;
    let gain = gain(&electronics, &judgments(&folder.join("search/judgments-dev.csv"))?)?;
    let electronics_items = known_items(&folder.join("search/typo-queries-icecat-dev.tsv"))?;
    let retail_items = known_items(&folder.join("search/typo-queries-retail-dev.tsv"))?;
    let meant = meanings(&folder.join("search/query-understanding-dev.tsv"))?;
    let latency = Latency::of(&electronics, &electronics_items)?;
    Ok(Quality {
        gain,
        electronics: known_item(&electronics, &electronics_items)?,
        retail: known_item(&retail, &retail_items)?,
        understood: understood(&retail, &meant),
        latency,
        products: electronics.documents.len(),
        built_in: electronics.built_in,
    })
}
