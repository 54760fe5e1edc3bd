//! What a word by itself may mean, kept for other questions that hold it until something new is learnt.

use std::sync::{Arc, Mutex, PoisonError};

use tradepost_port::search::plan::{Alt, AltKind};

use super::alternatives;
use crate::document::stem_term;
use crate::knowledge::Knowledge;
use crate::memo::Memo;
use crate::weights::Weights;

/// Alternatives that may be kept: some megabytes.
const ALTERNATIVES_MAX: usize = 40_000;

/// A word with its alternatives, whatever stands beside it.
#[derive(Debug)]
pub struct Known {
    /// The word itself and its stem, and then what is less sure.
    pub alts: Arc<[Alt]>,
    /// How many products hold the word; where none does, as many as hold the best known of its alternatives.
    pub document_count: u32,
    /// Whether some product holds the word itself.
    pub is_held: bool,
}

impl Known {
    /// How many alternatives are the word and its stem.
    pub const OWN: usize = 2;

    fn of(word: &str, is_last: bool, knowledge: &Knowledge, weights: &Weights) -> Self {
        let exact = |term: String, weight| Alt { terms: vec![term], weight, kind: AltKind::Exact, doubt: 0 };
        let mut alts =
            vec![exact(word.to_owned(), 1.0), exact(stem_term(word, &knowledge.analyzer), weights.stem)];
        alts.extend(alternatives::splits(word, knowledge, weights));
        alts.extend(alternatives::typos(word, knowledge, weights));
        if is_last {
            alts.extend(alternatives::beginnings(word, knowledge, weights));
        }
        let own = knowledge.vocabulary.document_count(word);
        let document_count = if own > 0 { own } else { count(&alts, knowledge) };
        Self { alts: alts.into(), document_count, is_held: own > 0 }
    }
}

/// How many products hold the best known of some alternatives.
pub fn count(alts: &[Alt], knowledge: &Knowledge) -> u32 {
    let terms = alts.iter().flat_map(|alt| &alt.terms);
    terms.map(|term| knowledge.vocabulary.document_count(term)).max().unwrap_or_default()
}

/// Words that were asked for, by the word and whether it was the last one of its question.
#[derive(Debug, Default)]
pub struct KnownWords(Mutex<Option<State>>);

#[derive(Debug)]
struct State {
    /// What they were weighed by.
    weights: Weights,
    words: Memo<(String, bool), Arc<Known>>,
}

impl Clone for KnownWords {
    /// A copy learns other things: it knows no word yet.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl KnownWords {
    /// Forgets all: something was learnt that may change what words mean.
    pub fn forget(&mut self) {
        *self.0.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What a word means.
    pub fn get(&self, word: &str, is_last: bool, knowledge: &Knowledge, weights: &Weights) -> Arc<Known> {
        let key = (word.to_owned(), is_last);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.take_if(|state| state.weights != *weights);
        if let Some(known) = state.as_mut().and_then(|state| state.words.get(&key)) {
            return known;
        }
        drop(state);
        let known = Arc::new(Known::of(word, is_last, knowledge, weights));
        let empty = || State { weights: weights.clone(), words: Memo::new(ALTERNATIVES_MAX) };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever weighs otherwise may have come in between.
        state.take_if(|state| state.weights != *weights);
        state.get_or_insert_with(empty).words.put(key, Arc::clone(&known), known.alts.len());
        known
    }
}
