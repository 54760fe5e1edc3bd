//! The limit that a search is held against: the same words asked of a bare Tantivy index of the same products in this process,
//! by a thread a core. No HTTP, no cards, no errors forgiven, nothing read out of the words.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::{AggContextParams, AggregationCollector};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::QueryParser;
use tantivy::schema::{FAST, Field, STRING, Schema, TEXT};
use tantivy::{Index, IndexReader, IndexWriter, TantivyDocument};

use crate::LabError;
use crate::compare::per_second;

/// Bytes that are written before a segment is.
const WRITER_BYTES: usize = 100_000_000;
/// Products a page.
const BEST: usize = 20;

impl From<tantivy::TantivyError> for LabError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Preparation(format!("the bare index: {error}"))
    }
}

/// What is known of a product.
#[derive(Debug, Clone, Default)]
pub struct Indexed {
    /// Its title.
    pub title: String,
    /// Its brand; empty where it has none.
    pub brand: String,
    /// Its main category; empty where it has none.
    pub category: String,
    /// Its description.
    pub description: String,
}

/// An index of nothing but words, and of brands and categories to count by.
pub struct BareIndex {
    reader: IndexReader,
    parser: QueryParser,
    facets: Aggregations,
}

impl BareIndex {
    /// Writes one into an empty folder.
    pub fn create(folder: &Path, products: impl IntoIterator<Item = Indexed>) -> Result<Self, LabError> {
        let mut schema = Schema::builder();
        let words =
            ["title", "brand", "category", "description"].map(|name| schema.add_text_field(name, TEXT));
        let values = ["brand_value", "category_value"].map(|name| schema.add_text_field(name, STRING | FAST));
        let index = Index::create_in_dir(folder, schema.build())?;
        let mut writer: IndexWriter = index.writer(WRITER_BYTES)?;
        for product in products {
            writer.add_document(document(&product, words, values))?;
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let mut parser = QueryParser::for_index(&index, words.to_vec());
        parser.set_conjunction_by_default();
        let terms = |field: &str| serde_json::json!({"terms": {"field": field, "size": 50}});
        let facets = serde_json::json!({"brand": terms("brand_value"), "category": terms("category_value")});
        let facets = serde_json::from_value(facets).map_err(std::io::Error::from)?;
        Ok(Self { reader: index.reader()?, parser, facets })
    }

    /// Products that hold all the words, the best of them found, and counted by brand and category where that is wanted.
    fn ask(&self, words: &str, with_facets: bool) -> Result<usize, LabError> {
        let query =
            self.parser.parse_query(words).map_err(|error| LabError::Preparation(error.to_string()))?;
        let best = TopDocs::with_limit(BEST).order_by_score();
        let searcher = self.reader.searcher();
        if !with_facets {
            return Ok(searcher.search(&query, &(best, Count))?.1);
        }
        let counts = AggregationCollector::from_aggs(self.facets.clone(), AggContextParams::default());
        Ok(searcher.search(&query, &(best, Count, counts))?.1)
    }

    /// Answers a second of as many threads as there are cores, in so long a time.
    pub fn rate(&self, questions: &[String], with_facets: bool, time: Duration) -> Result<f64, LabError> {
        let next = AtomicU64::new(0);
        in_turns(time, || {
            let number = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
            let words = questions.get(number % questions.len().max(1));
            words.map_or(Ok(0), |words| self.ask(words, with_facets)).map(drop)
        })
    }
}

/// How often a second something is done by as many threads as there are cores, in so long a time.
pub fn in_turns(time: Duration, once: impl Fn() -> Result<(), LabError> + Sync) -> Result<f64, LabError> {
    let started = Instant::now();
    let work = || -> Result<u64, LabError> {
        let mut done = 0;
        // A thread that a busy machine starts late does it once at least.
        while done == 0 || started.elapsed() < time {
            once()?;
            done += 1;
        }
        Ok(done)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let done: Result<Vec<u64>, LabError> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = |thread: std::thread::ScopedJoinHandle<'_, Result<u64, LabError>>| {
            thread.join().unwrap_or_else(|_| Err(LabError::Preparation("a thread ended".to_owned())))
        };
        threads.into_iter().map(ended).collect()
    });
    Ok(per_second(done?.iter().sum(), started.elapsed()))
}

fn document(product: &Indexed, words: [Field; 4], values: [Field; 2]) -> TantivyDocument {
    let Indexed { title, brand, category, description } = product;
    let mut document = TantivyDocument::default();
    for (field, text) in words.into_iter().zip([title, brand, category, description]) {
        document.add_text(field, text);
    }
    for (field, value) in values.into_iter().zip([brand, category]) {
        document.add_text(field, value);
    }
    document
}

/// Questions of two words of one title each, both of which stand in it: in an order that jumps, no pair twice.
pub fn two_words(titles: &[String]) -> Arc<[String]> {
    let mut questions = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for title in titles {
        let words: Vec<String> = title
            .split_whitespace()
            .filter(|word| word.len() > 2 && word.chars().all(|letter| letter.is_ascii_alphabetic()))
            .map(str::to_lowercase)
            .collect();
        for (place, first) in words.iter().enumerate() {
            for second in words.iter().skip(place + 1).filter(|second| *second != first) {
                let question = format!("{first} {second}");
                if seen.insert(question.clone()) {
                    questions.push(question);
                }
            }
        }
    }
    // Neighbours in the list share their words.
    let stride = 7_919;
    let spread = (0..questions.len()).map(|number| (number * stride % questions.len(), number));
    let mut spread: Vec<(usize, usize)> = spread.collect();
    spread.sort_unstable();
    spread.iter().filter_map(|(_, number)| questions.get(*number).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(title: &str) -> Indexed {
        Indexed { title: title.to_owned(), brand: "Lux".to_owned(), ..Indexed::default() }
    }

    #[test]
    fn all_words_must_be_there_and_are_counted() {
        let folder = std::env::temp_dir().join(format!("tradepost-bare-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let products = [boot("Red boot"), boot("Red shoe"), boot("Blue boot")];
        let index = BareIndex::create(&folder, products).unwrap();
        let found = |words: &str| [false, true].map(|with_facets| index.ask(words, with_facets).unwrap());
        assert_eq!((found("red boot"), found("lux boot"), found("red hat")), ([1, 1], [2, 2], [0, 0]));
        assert!(index.rate(&["red boot".to_owned()], true, Duration::from_millis(5)).unwrap() > 0.0);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn questions_are_pairs_of_words_of_a_title_and_come_once() {
        let titles = ["Red Boot 44 of Lux", "red boot"].map(str::to_owned);
        let mut questions = two_words(&titles).to_vec();
        questions.sort_unstable();
        assert_eq!(questions, ["boot lux", "red boot", "red lux"]);
        assert!(two_words(&[]).is_empty());
    }
}
