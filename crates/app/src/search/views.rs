//! What shoppers are told beside the products: facets, what a query was understood as, suggestions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tradepost_port::search::plan::StepKind;
use tradepost_port::search::{SuggestionKind, Treatment};
use utoipa::ToSchema;

use super::steer::rule::RuleBanner;
use crate::catalog::views::ProductCard;

/// What found products can be told apart by, with how many there are of each.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FacetView {
    /// What `facets` and `filter[…]` call it: `brand`, `option.color`, `attribute.material`.
    #[schema(example = "option.color")]
    pub key: String,
    /// What it is called.
    #[schema(example = "Color")]
    pub label: String,
    /// Whether its values are single ones or ranges of numbers.
    pub r#type: FacetType,
    /// Values, the most frequent first; ranges in their order.
    pub values: Vec<FacetValueView>,
    /// Values there are beside those.
    #[schema(minimum = 0)]
    pub more: u64,
}

/// What the values of a facet are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FacetType {
    /// Single values.
    Values,
    /// Ranges: each value is an object of bounds (`gte`, `gt`, `lte`, `lt`), as the filter takes them.
    Ranges,
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FacetValueView {
    /// The value, as the filter takes it.
    pub value: Value,
    /// What it is called.
    pub label: String,
    /// Products that would be found if this were the only choice of its facet.
    #[schema(minimum = 0)]
    pub count: u64,
    /// Whether it is filtered by.
    pub selected: bool,
}

/// What was made of the words of a search.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QueryView {
    /// The words as they were taken.
    #[schema(required = true)]
    pub text: Option<String>,
    /// Conditions that were read out of the words. Each can be taken away again by its `text` in `as_words`.
    pub understood: Vec<UnderstoodView>,
    /// Words that products were found by instead of what was typed.
    pub corrections: Vec<CorrectionView>,
    /// Texts of those conditions that all products meet.
    pub filters_applied: Vec<String>,
    /// How the first products were found: the first step that found any. Those of further steps come behind.
    pub step: StepView,
    /// Whether no product has all words: all that were found have some of them.
    pub relaxed: bool,
}

/// A condition that was read out of the words.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnderstoodView {
    /// The words that it was read from.
    #[schema(example = "under 50")]
    pub text: String,
    /// What they mean.
    pub label: String,
    /// What was made of it.
    pub treatment: TreatmentView,
    /// The same as parameters of a listing, where there are such.
    #[schema(example = json!({"filter[price][lte]": "5000"}))]
    pub filters: BTreeMap<String, String>,
}

/// What was made of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TreatmentView {
    /// All products meet it.
    Filter,
    /// Products that meet it come first.
    Boost,
    /// It was set aside: nothing would have been found, or the shopper took it away.
    Dropped,
}

impl From<Treatment> for TreatmentView {
    fn from(treatment: Treatment) -> Self {
        match treatment {
            Treatment::Filter => Self::Filter,
            Treatment::Boost => Self::Boost,
            Treatment::Dropped => Self::Dropped,
        }
    }
}

/// A word that was read as another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CorrectionView {
    /// What was typed.
    pub typed: String,
    /// What was taken for it.
    pub meant: String,
}

/// How products were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepView {
    /// By all words as they were written.
    Exact,
    /// By all words, some of them corrected.
    Corrected,
    /// By some of the words.
    Relaxed,
}

impl From<StepKind> for StepView {
    fn from(step: StepKind) -> Self {
        match step {
            StepKind::Exact => Self::Exact,
            StepKind::Corrected => Self::Corrected,
            StepKind::Relaxed => Self::Relaxed,
        }
    }
}

/// A page of products, with what else a listing may tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductListing {
    /// The products.
    pub data: Vec<ProductCard>,
    /// Where the page ended.
    pub page: crate::page::PageInfo,
    /// Facets, where they were asked for and search is not degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Vec<FacetView>>,
    /// Where the shopper is to be led instead, by a rule of the shop: a path of the storefront or `https://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// What is to be shown beside the products, by rules of the shop; left out when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banners: Option<Vec<RuleBanner>>,
    /// Only there, and `true`, where the database answers because the search index is not ready: no facets, no corrections, at most
    /// 24 products a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<bool>,
}

/// What a search found.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchResults {
    /// Names this search, to say later what became of it.
    #[schema(value_type = String, example = "qry_0000000000000000000000000a")]
    pub query_id: tradepost_domain::kernel::ids::SearchQueryId,
    /// Only there where `personalise` was asked for: whether anything is known of the shopper that the products were put in order by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalised: Option<bool>,
    /// The products.
    #[serde(flatten)]
    pub listing: ProductListing,
    /// What was made of the words; not there where search is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryView>,
}

/// Ways to go on from what was typed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestionList {
    /// The best first.
    pub suggestions: Vec<SuggestionView>,
    /// Only there, and `true`, where the search index is not ready: nothing is suggested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<bool>,
}

/// A way to go on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestionView {
    /// What is shown.
    pub text: String,
    /// What it leads to.
    pub kind: SuggestionKindView,
    /// Id of the category or product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Handle of the category, brand or product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The card of the product, as lists show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProductCard>, nullable = false)]
    pub product: Option<Box<RawValue>>,
}

/// What a suggestion leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionKindView {
    /// A search.
    Query,
    /// A category.
    Category,
    /// A brand.
    Brand,
    /// A product.
    Product,
}

impl From<SuggestionKind> for SuggestionKindView {
    fn from(kind: SuggestionKind) -> Self {
        match kind {
            SuggestionKind::Query => Self::Query,
            SuggestionKind::Category => Self::Category,
            SuggestionKind::Brand => Self::Brand,
            SuggestionKind::Product => Self::Product,
        }
    }
}
