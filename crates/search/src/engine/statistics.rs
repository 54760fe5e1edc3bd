//! How rare words are, told to Tantivy for a whole slot at once.
//!
//! By itself it counts each term in each field: a word that hardly ever is a brand would count more where it is one than
//! in a title, and a rare misspelling more than the word that it stands for.

#![expect(clippy::float_arithmetic, reason = "averages of lengths; no money is near")]

use std::collections::HashMap;

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field as IndexField;
use tantivy::{Searcher, Term};
use tradepost_port::search::plan::QueryPlan;

use super::index::Fields;

/// Counts of one plan.
pub struct Statistics<'a> {
    /// What is searched.
    searcher: &'a Searcher,
    documents: u64,
    counts: HashMap<Term, u64>,
    length: f32,
}

impl<'a> Statistics<'a> {
    /// The counts of all terms of a plan. Lengths are told as much longer than they are on average as it says.
    pub fn new(searcher: &'a Searcher, plan: &QueryPlan, fields: &Fields) -> tantivy::Result<Self> {
        let documents = Bm25StatisticsProvider::total_num_docs(searcher)?;
        let mut counts: HashMap<Term, u64> = HashMap::new();
        for slot in &plan.must {
            let count = slot.document_count.min(documents);
            for term in slot.alts.iter().flat_map(|alt| &alt.terms) {
                for field in fields.texts.values() {
                    counts.insert(Term::from_field_text(*field, term), count);
                }
            }
        }
        Ok(Self { searcher, documents, counts, length: plan.scoring.length })
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an average that need not be exact"
    )]
    fn total_num_tokens(&self, field: IndexField) -> tantivy::Result<u64> {
        let tokens = Bm25StatisticsProvider::total_num_tokens(self.searcher, field)?;
        Ok((tokens as f32 * self.length) as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        match self.counts.get(term) {
            Some(count) => Ok(*count),
            None => self.searcher.doc_freq(term),
        }
    }
}
