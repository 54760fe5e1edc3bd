//! The embedded engine: a plan followed by Tantivy.

mod index;
mod query;
mod statistics;

use std::collections::{HashMap, HashSet};

use tantivy::collector::TopDocs;
use tantivy::columnar::Column;
use tantivy::schema::Field as IndexField;
use tantivy::{DocId, Index, IndexReader, Score, SegmentReader};
use tradepost_port::search::plan::{Field, QueryPlan, Step};

use self::statistics::Statistics;
use crate::document::{Parsed, SearchDocument};
use crate::knowledge::Knowledge;
use crate::oracle::{Hit, offset};
use crate::weights::Weights;

/// Why the engine failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The index could not be written or read.
    #[error("the search index failed")]
    Index(#[from] tantivy::TantivyError),
}

/// An index that answers plans.
pub struct Engine {
    reader: IndexReader,
    fields: Fields,
    /// Ids by the number of their document.
    ids: Vec<String>,
    weights: Weights,
}

/// The fields of the index.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    texts: HashMap<Field, IndexField>,
    ordinal: IndexField,
    popularity: IndexField,
}

/// What hits are sorted by: the score, then popularity, then the order in which documents were given.
type Key = (Score, Score, std::cmp::Reverse<u64>);

impl Engine {
    /// Indexes documents that were learnt from, in memory.
    pub fn build(
        documents: &[SearchDocument],
        parsed: &[Parsed],
        knowledge: &Knowledge,
        weights: Weights,
    ) -> Result<Self, EngineError> {
        let (schema, fields) = index::schema();
        let index = Index::create_in_ram(schema);
        index::write(&index, &fields, documents.iter().zip(parsed), knowledge)?;
        let reader = index.reader_builder().reload_policy(tantivy::ReloadPolicy::Manual).try_into()?;
        let ids = documents.iter().map(|document| document.id.clone()).collect();
        Ok(Self { reader, fields, ids, weights })
    }

    /// The same index, ranked by other weights.
    #[must_use]
    pub fn with_weights(self, weights: Weights) -> Self {
        Self { weights, ..self }
    }

    /// Follows a plan, step by step, until enough is found.
    pub fn search(&self, plan: &QueryPlan) -> Result<Vec<Hit>, EngineError> {
        let searcher = self.reader.searcher();
        let wanted = offset(plan).saturating_add(plan.page.limit);
        let statistics = Statistics::new(&searcher, plan, &self.fields, self.weights.length)?;
        let mut hits: Vec<Hit> = Vec::new();
        let mut seen: HashSet<u64> = HashSet::new();
        for step in &plan.relax {
            if hits.len() >= wanted.min(step.if_fewer_than) {
                continue;
            }
            // What the steps before found is found again, and left out.
            for (key, ordinal) in self.take(&statistics, plan, *step, wanted.saturating_add(seen.len()))? {
                let id = usize::try_from(ordinal).ok().and_then(|ordinal| self.ids.get(ordinal));
                if let Some(id) = id
                    && hits.len() < wanted
                    && seen.insert(ordinal)
                {
                    hits.push(Hit { id: id.clone(), score: key.0, step: step.kind });
                }
            }
        }
        Ok(hits.into_iter().skip(offset(plan)).collect())
    }

    fn take(
        &self,
        statistics: &Statistics<'_>,
        plan: &QueryPlan,
        step: Step,
        limit: usize,
    ) -> Result<Vec<(Key, u64)>, EngineError> {
        let query = query::of(plan, step, &self.fields, &self.weights);
        let weight = self.weights.popularity;
        let collector = TopDocs::with_limit(limit.max(1)).tweak_score(move |segment: &SegmentReader| {
            let popularity = column::<f64>(segment, index::POPULARITY);
            let ordinal = column::<u64>(segment, index::ORDINAL);
            move |document: DocId, score: Score| -> Key {
                let popularity = popularity.as_ref().and_then(|column| column.first(document));
                let ordinal = ordinal.as_ref().and_then(|column| column.first(document)).unwrap_or(u64::MAX);
                let popularity = index::narrow(popularity.unwrap_or_default());
                (index::with_prior(score, popularity, weight), popularity, std::cmp::Reverse(ordinal))
            }
        });
        let found =
            statistics.searcher.search_with_statistics_provider(query.as_ref(), &collector, statistics)?;
        Ok(found.into_iter().map(|(key, _)| (key, key.2.0)).collect())
    }
}

/// A column of a segment; absent only in a segment without documents.
fn column<
    T: tantivy::columnar::HasAssociatedColumnType + PartialOrd + Copy + Send + Sync + std::fmt::Debug + 'static,
>(
    segment: &SegmentReader,
    name: &str,
) -> Option<Column<T>>
where
    tantivy::columnar::DynamicColumn: From<Column<T>>,
    Option<Column<T>>: From<tantivy::columnar::DynamicColumn>,
{
    segment.fast_fields().column_opt::<T>(name).ok().flatten()
}
