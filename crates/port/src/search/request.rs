//! What a shop asks of search, and what it is told: the words are still as they were typed.

use super::condition::{Condition, FacetRequest};
use super::document::Change;
use super::engine::{Capabilities, Hits};
use super::plan::{Boost, Collapse, Page, Pin, Scoring};
use super::{SearchError, Sort};
use crate::BoxFuture;

/// A question of a shopper.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// Words, as they were typed; none for a listing.
    pub text: Option<String>,
    /// Conditions that stand outside of facets: the category of a page.
    pub filters: Vec<Condition>,
    /// Conditions that the shop sets, not the shopper: what rules demand or hide. They say nothing of how words are meant.
    pub demands: Vec<Condition>,
    /// Choices in facets, one condition a facet: each narrows the hits and every facet but its own.
    pub groups: Vec<Condition>,
    /// What is to be counted.
    pub facets: Vec<FacetRequest>,
    /// Order.
    pub sort: Sort,
    /// Which part of the hits.
    pub page: Page,
    /// See [`QueryPlan::counted`](super::plan::QueryPlan::counted).
    pub counted: bool,
    /// Products that are to stand at a place of their own, the more important first.
    pub pins: Vec<Pin>,
    /// Pins stand among so many first hits; behind the first page, among so many as it showed.
    pub pins_within: usize,
    /// What is to rank higher or lower.
    pub boosts: Vec<Boost>,
    /// Whether hits that have something in common are cut to a few.
    pub collapse: Option<Collapse>,
    /// Whether conditions are read out of the words ("red shoes under 50").
    pub understand: bool,
    /// Texts that conditions would be read from, and that are not to be: chips that a shopper took away.
    pub as_words: Vec<String>,
    /// What matches count, where that is not what is usual here: weights that are tried.
    pub scoring: Option<Scoring>,
}

impl Default for SearchRequest {
    fn default() -> Self {
        Self {
            text: None,
            filters: Vec::new(),
            demands: Vec::new(),
            groups: Vec::new(),
            facets: Vec::new(),
            sort: Sort::Relevance,
            page: Page::default(),
            counted: true,
            pins: Vec::new(),
            pins_within: usize::MAX,
            boosts: Vec::new(),
            collapse: None,
            understand: true,
            as_words: Vec::new(),
            scoring: None,
        }
    }
}

/// A condition that was read out of the words. A shop shows it as a chip that can be taken away.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpreted {
    /// The words that it was read from.
    pub text: String,
    /// What they mean, in words of the catalogue: "red", "under 50.00".
    pub label: String,
    /// The condition.
    pub condition: Condition,
    /// What was made of it.
    pub treatment: Treatment,
}

/// What was made of a condition that was read out of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// All hits meet it.
    Filter,
    /// Hits that meet it come first.
    Boost,
    /// Nothing would have been found with it: it is a word again.
    Dropped,
}

/// What a shopper is told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchAnswer {
    /// What was found.
    pub hits: Hits,
    /// Conditions that were read out of the words, in their order.
    pub interpreted: Vec<Interpreted>,
    /// Words that hits were found by instead of what was typed: (typed, meant).
    pub corrections: Vec<(String, String)>,
}

/// What a suggestion leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuggestionKind {
    /// A search that others have made.
    Query,
    /// A category.
    Category,
    /// A brand.
    Brand,
    /// A product.
    Product,
}

/// A way to go on from what was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What is shown.
    pub text: String,
    /// What it leads to.
    pub kind: SuggestionKind,
    /// Handle of the brand, id of the category or product; nothing for a query.
    pub reference: Option<String>,
}

/// A search that shoppers have made, for suggestions.
#[derive(Debug, Clone, PartialEq)]
pub struct PopularQuery {
    /// Its words, as they are to be shown.
    pub text: String,
    /// How often it was made lately.
    pub count: u64,
}

/// Words of one text of a synonym at most.
pub const SYNONYM_WORDS_MAX: usize = 4;

/// Words that mean the same, in one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Synonym {
    /// Each finds what the others find: "sofa", "couch".
    TwoWay(Vec<String>),
    /// Who says one thing also means others, but not the other way round: "apple" finds "iphone".
    OneWay {
        /// What is said.
        from: String,
        /// What it also means.
        to: Vec<String>,
    },
}

/// Search over the products of one channel in one locale: what the shop calls.
pub trait CatalogSearch: Send + Sync + 'static {
    /// Takes changes of products; see [`SearchEngine::apply`](super::engine::SearchEngine::apply).
    fn apply(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<i64, SearchError>>;

    /// Sequence after which changes are to be sent again after a restart.
    fn durable_sequence(&self) -> i64;

    /// Waits until searches see all changes up to this sequence.
    fn wait_visible(&self, sequence: i64) -> BoxFuture<'_, Result<(), SearchError>>;

    /// See [`SearchEngine::put_up`](super::engine::SearchEngine::put_up).
    fn put_up(&self) -> BoxFuture<'_, Result<(), SearchError>>;

    /// See [`SearchEngine::is_whole`](super::engine::SearchEngine::is_whole).
    fn is_whole(&self) -> BoxFuture<'_, Result<bool, SearchError>>;

    /// Answers a question.
    fn search<'a>(&'a self, request: &'a SearchRequest) -> BoxFuture<'a, Result<SearchAnswer, SearchError>>;

    /// The answer to a question that takes some microseconds and waits for nobody, on the thread that asks; nothing where it may take
    /// longer: then it is to be [searched](Self::search).
    fn glance(&self, _request: &SearchRequest) -> Option<SearchAnswer> {
        None
    }

    /// Ways to go on from what was typed, the best first.
    fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion>;

    /// Takes the searches that are suggested from now on, instead of those before.
    fn take_popular_queries(&self, queries: Vec<PopularQuery>) -> Result<(), SearchError>;

    /// Takes the synonyms of the locale, instead of those before.
    fn take_synonyms(&self, synonyms: Vec<Synonym>);

    /// The words of a text as they are compared: folded, without those that say nothing, each as its stem.
    fn stems(&self, text: &str) -> Vec<String>;

    /// What it ranks by.
    fn scoring(&self) -> Scoring;

    /// Ranks by this from now on.
    fn take_scoring(&self, scoring: Scoring);

    /// What the engine can promise.
    fn capabilities(&self) -> Capabilities;
}
