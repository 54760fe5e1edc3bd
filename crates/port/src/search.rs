//! Search: which products answer a query, in what order. The answer is ids; cards are joined to it from the read model.
//!
//! The words of question and answer are the catalogue's; the database's own search speaks them too. A shop asks
//! [`CatalogSearch`], whose pipeline makes a [`plan`] of the question for a [`SearchEngine`].

pub mod condition;
pub mod document;
pub mod engine;
pub mod filling;
pub mod plan;
pub mod request;

pub use condition::{Condition, Facet, FacetCount, FacetKey, FacetRequest, FacetValue};
pub use document::{Change, ChangeKind, Live, LiveVariant, SearchDocument, SearchVariant};
pub use engine::{Capabilities, Hit, Hits, IndexDocument, SearchEngine};
pub use filling::{IndexLook, ShelfFilling, ShelfMaker, ShelfName, WriterSeat};
pub use request::{
    CatalogSearch, Interpreted, PopularQuery, SYNONYM_WORDS_MAX, SearchAnswer, SearchRequest, Suggestion,
    SuggestionKind, Synonym, Treatment,
};

pub use tradepost_domain::catalog::product_query::{
    AttributeTest, Filter, Position, ProductHits, ProductQuery, Range, Sort, SortKey,
};

use std::error::Error;

use crate::BoxFuture;

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The engine is away or overloaded.
    #[error("search is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The place to go on from is one of a list in another order.
    #[error("the list is in another order")]
    Misplaced,
    /// The engine failed.
    #[error("search failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// An engine that finds products.
pub trait ProductSearch: Send + Sync + 'static {
    /// Answers a question.
    fn search<'a>(&'a self, query: &'a ProductQuery) -> BoxFuture<'a, Result<ProductHits, SearchError>>;
}
