//! What products must meet, and what is counted of those that do.

use serde_json::Value;
use tradepost_domain::kernel::ids::{CategoryId, CollectionId, ProductId};

use super::{Filter, Range};

/// One condition on a product. Those on options, price and stock are about its variants: all of a plan must hold for one and
/// the same variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// What a shopper filters by.
    Is(Filter),
    /// In one of these categories or below it.
    Category(Vec<CategoryId>),
    /// In one of these collections.
    Collection(Vec<CollectionId>),
    /// One of these products.
    Product(Vec<ProductId>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

impl Condition {
    /// Its opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether it is about variants.
    pub fn is_about_variants(&self) -> bool {
        match self {
            Self::Is(Filter::Option { .. } | Filter::Price(_) | Filter::InStock(_)) => true,
            Self::Is(_) | Self::Category(_) | Self::Collection(_) | Self::Product(_) => false,
            Self::Any(all) => all.iter().any(Self::is_about_variants),
            Self::Not(inner) => inner.is_about_variants(),
        }
    }

    /// The facet that it is a choice of; it does not narrow what that facet counts.
    pub fn facet(&self) -> Option<FacetKey> {
        Some(match self {
            Self::Is(Filter::Brand(_)) => FacetKey::Brand,
            Self::Is(Filter::ProductType(_)) => FacetKey::ProductType,
            Self::Is(Filter::Tag(_)) => FacetKey::Tag,
            Self::Is(Filter::Option { name, .. }) => FacetKey::Option(name.clone()),
            Self::Is(Filter::Attribute { path, .. }) => FacetKey::Attribute(path.clone()),
            Self::Is(Filter::Price(_)) => FacetKey::Price,
            Self::Is(Filter::InStock(_)) => FacetKey::InStock,
            Self::Is(Filter::Rating(_)) => FacetKey::Rating,
            Self::Category(_) => FacetKey::Category,
            Self::Collection(_) => FacetKey::Collection,
            Self::Any(all) => all.first()?.facet()?,
            Self::Product(_) | Self::Not(_) => return None,
        })
    }
}

/// What products are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FacetKey {
    /// The brand.
    Brand,
    /// The product type.
    ProductType,
    /// Categories, at all levels.
    Category,
    /// Collections.
    Collection,
    /// Tags.
    Tag,
    /// The option of this name, in lower case.
    Option(String),
    /// The attribute at this path of keys.
    Attribute(Vec<String>),
    /// Prices of variants.
    Price,
    /// Whether a variant can be ordered.
    InStock,
    /// The average rating.
    Rating,
}

/// What is to be counted. Counts are of products: one that has two variants of a size counts once for it.
#[derive(Debug, Clone, PartialEq)]
pub enum FacetRequest {
    /// Values of a key, the most frequent first, those of the same count by their label. Price and rating have no values;
    /// they have ranges.
    Values {
        /// The key.
        key: FacetKey,
        /// Values at most.
        limit: usize,
    },
    /// The categories right below one, or the roots.
    Categories {
        /// The category above; none for the roots.
        below: Option<CategoryId>,
        /// Categories at most.
        limit: usize,
    },
    /// Products with a variant in each of these ranges of minor units, in their order.
    PriceRanges(Vec<Range<i64>>),
    /// Prices in so many equal steps (at least one) from the lowest to the highest.
    PriceHistogram {
        /// Steps at most: there are fewer where prices are nearer together.
        steps: u16,
    },
    /// Products rated within each of these ranges of hundredths of a star, in their order.
    RatingRanges(Vec<Range<i64>>),
}

impl FacetRequest {
    /// What is counted by.
    pub fn key(&self) -> FacetKey {
        match self {
            Self::Values { key, .. } => key.clone(),
            Self::Categories { .. } => FacetKey::Category,
            Self::PriceRanges(_) | Self::PriceHistogram { .. } => FacetKey::Price,
            Self::RatingRanges(_) => FacetKey::Rating,
        }
    }
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq)]
pub enum FacetValue {
    /// A handle (brand, product type), a tag, a value of an option in lower case, or a scalar of an attribute.
    Scalar(Value),
    /// A category.
    Category(CategoryId),
    /// A collection.
    Collection(CollectionId),
    /// A range of prices or ratings.
    Range(Range<i64>),
}

/// How many products have a value.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetCount {
    /// The value, as filters take it.
    pub value: FacetValue,
    /// What it is called. Ranges and collections have no name.
    pub label: String,
    /// Products that would be found if this were the only choice of its facet.
    pub count: u64,
}

/// The answer to a request for a facet.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    /// What is counted by.
    pub key: FacetKey,
    /// Values with at least one product; ranges also without.
    pub counts: Vec<FacetCount>,
    /// How many values there are beside those.
    pub more: u64,
}
