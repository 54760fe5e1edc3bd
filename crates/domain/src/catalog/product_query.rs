//! A question for products and its answer: what the storefront asks, whoever answers (the database or a search engine).
//!
//! It lives here, below both, so that the store and the search engines read the same words.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::kernel::Locale;
use crate::kernel::ids::{CategoryId, ChannelId, CollectionId, EntityId, ProductId};

/// How hits are sorted; ties go by id, so that pages never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Best match first; without a text, best selling first.
    Relevance,
    /// Latest published first.
    Newest,
    /// Cheapest first.
    PriceAscending,
    /// Dearest first.
    PriceDescending,
    /// By title.
    Name,
    /// Most sold first.
    BestSelling,
    /// Best rated first.
    Rating,
}

/// A lower and an upper bound, each with or without the bound itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range<T> {
    /// At least.
    pub gte: Option<T>,
    /// Above.
    pub gt: Option<T>,
    /// At most.
    pub lte: Option<T>,
    /// Below.
    pub lt: Option<T>,
}

/// What an attribute is tested for.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeTest {
    /// Contains one of these values (JSON containment: a list contains its items).
    AnyOf(Vec<Value>),
    /// Is a number within bounds.
    Within(Range<f64>),
}

/// One condition; all of them must hold. Option, price and stock conditions must hold for one and the same variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Price in minor units of the channel's currency.
    Price(Range<i64>),
    /// The option of this name (lower case) has one of these values (lower case).
    Option {
        /// Name in lower case.
        name: String,
        /// Values in lower case.
        values: Vec<String>,
    },
    /// The attribute at this path of keys.
    Attribute {
        /// Keys from the outside in; at least one.
        path: Vec<String>,
        /// What is tested.
        test: AttributeTest,
    },
    /// Whether a variant that meets the option and price conditions can be ordered: `true` wants one that can, `false`
    /// wants that none can, so that the two share no product and together leave none out.
    InStock(bool),
    /// Handle of the brand.
    Brand(Vec<String>),
    /// Handle of the product type.
    ProductType(Vec<String>),
    /// Tags, any of them.
    Tag(Vec<String>),
    /// Average rating in hundredths of a star.
    Rating(Range<i64>),
}

/// The value of the sort that the last hit of a page had.
#[derive(Debug, Clone, PartialEq)]
pub enum SortKey {
    /// A count or a price.
    Integer(i64),
    /// A score of relevance.
    Score(f32),
    /// A title.
    Text(String),
    /// A time.
    Time(Timestamp),
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Value of the sort.
    pub key: SortKey,
    /// Id, which breaks ties.
    pub id: ProductId,
}

impl Position {
    /// Before all hits of a list that goes down by score, or else by a number: where a page ended that showed none of them.
    pub fn before_all(by_score: bool) -> Self {
        let key = if by_score { SortKey::Score(f32::MAX) } else { SortKey::Integer(i64::MAX) };
        Self { key, id: ProductId::from_uuid(Uuid::max()) }
    }
}

/// A question for products.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductQuery {
    /// Channel whose products are wanted.
    pub channel_id: ChannelId,
    /// Locale of the texts.
    pub locale: Locale,
    /// Words.
    pub text: Option<String>,
    /// In this category or below it.
    pub category_id: Option<CategoryId>,
    /// In this collection.
    pub collection_id: Option<CollectionId>,
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
    /// Order.
    pub sort: Sort,
    /// Only what comes after this.
    pub after: Option<Position>,
    /// Hits at most.
    pub limit: u32,
    /// Whether to count all hits.
    pub count: bool,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProductHits {
    /// Ids in order.
    pub ids: Vec<ProductId>,
    /// Where the page ended, if there is more.
    pub next: Option<Position>,
    /// All hits, if they were to be counted.
    pub total: Option<u64>,
}
