//! What is learnt of a catalogue before it is searched.

use tradepost_domain::kernel::Locale;

use crate::document::{Parsed, SearchDocument};
use crate::structure::Structure;
use crate::text::Analyzer;
use crate::vocabulary::Vocabulary;

/// What is known of a catalogue in one locale.
#[derive(Clone)]
pub struct Knowledge {
    /// Stems and stop words.
    pub analyzer: Analyzer,
    /// The words that there are.
    pub vocabulary: Vocabulary,
    /// How they stand together.
    pub structure: Structure,
}

impl Knowledge {
    /// Learns from all documents; gives them back cut into words, for whoever indexes them.
    pub fn learn(documents: &[SearchDocument], locale: &Locale) -> (Self, Vec<Parsed>) {
        let parsed: Vec<Parsed> = documents.iter().map(Parsed::new).collect();
        let knowledge = Self {
            analyzer: Analyzer::new(locale),
            vocabulary: Vocabulary::learn(parsed.iter()),
            structure: Structure::learn(parsed.iter()),
        };
        (knowledge, parsed)
    }
}
