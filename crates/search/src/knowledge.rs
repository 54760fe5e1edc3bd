//! What is learnt of a catalogue, so that queries can be understood in its own words.

use std::collections::HashSet;
use std::sync::Arc;

use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{IndexDocument, SearchDocument};

use crate::document::{self, Parsed};
use crate::pipeline::known::KnownWords;
use crate::structure::Structure;
use crate::synonyms::Synonyms;
use crate::text::Analyzer;
use crate::understand::Dictionary;
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
    /// What of them are brands, categories and values of attributes.
    pub dictionary: Dictionary,
    /// What else is meant by words.
    pub synonyms: Arc<Synonyms>,
    /// What words were found to mean.
    pub(crate) words: KnownWords,
    /// Products that were learnt from.
    products: HashSet<ProductId>,
}

impl Knowledge {
    /// Knows a language and nothing else.
    pub fn of(locale: &Locale) -> Self {
        let analyzer = Analyzer::new(locale);
        Self {
            vocabulary: Vocabulary::default(),
            structure: Structure::default(),
            dictionary: Dictionary::new(&analyzer),
            synonyms: Arc::default(),
            words: KnownWords::default(),
            analyzer,
            products: HashSet::new(),
        }
    }

    /// Learns from products that it does not know yet; call [`Self::settle`] after the last one.
    pub fn learn(&mut self, document: &SearchDocument) {
        self.words.forget();
        let parsed = Parsed::new(document);
        let is_new = self.products.insert(document.id);
        self.vocabulary.learn(&parsed, is_new);
        if is_new {
            self.structure.learn(&parsed);
        }
        self.dictionary.learn(document, is_new);
    }

    /// Makes what was learnt last ready to be asked.
    pub fn settle(&mut self) {
        self.words.forget();
        self.vocabulary.settle();
    }

    /// Learns from all documents.
    pub fn of_all<'a>(documents: impl IntoIterator<Item = &'a SearchDocument>, locale: &Locale) -> Self {
        let mut knowledge = Self::of(locale);
        documents.into_iter().for_each(|document| knowledge.learn(document));
        knowledge.settle();
        knowledge
    }

    /// The product with the terms that it is found by.
    pub fn index(&self, document: SearchDocument) -> IndexDocument {
        document::index_document(document, &self.structure, &self.analyzer)
    }
}
