//! How good the search is: judged queries and queries with errors, asked of the real engine.
//!
//! What is measured here decides whether a change of weights or of the pipeline is one for the better. A shop can be
//! judged by the same figures with judgments of its own.

mod data;
mod gain;
mod known_item;
mod meaning;
mod report;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tradepost_domain::kernel::Locale;

use crate::document::SearchDocument;
use crate::engine::{Engine, EngineError};
use crate::knowledge::Knowledge;
use crate::pipeline;
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
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A catalogue that can be searched.
pub struct Bench {
    /// What is known of it.
    pub knowledge: Knowledge,
    /// Its index.
    pub engine: Engine,
    /// Its products.
    pub documents: Vec<SearchDocument>,
    /// How long learning and indexing took.
    pub built_in: Duration,
    /// How results are ranked.
    pub weights: Weights,
}

/// Hits that are judged.
const JUDGED_HITS: usize = 10;

impl Bench {
    /// Learns and indexes a catalogue.
    pub fn new(documents: Vec<SearchDocument>, weights: Weights) -> Result<Self, QualityError> {
        let started = Instant::now();
        let (knowledge, parsed) = Knowledge::learn(&documents, &Locale::english());
        let engine = Engine::build(&documents, &parsed, &knowledge, weights.clone())?;
        Ok(Self { knowledge, engine, documents, built_in: started.elapsed(), weights })
    }

    /// The ids of the first hits.
    pub fn ask(&self, query: &str, limit: usize) -> Result<Vec<String>, QualityError> {
        let plan = pipeline::plan(query, &self.knowledge, &self.weights, (0, limit));
        Ok(self.engine.search(&plan)?.into_iter().map(|hit| hit.id).collect())
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
