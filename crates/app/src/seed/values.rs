//! What a shop is filled with: plain values that refer to each other by handle.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use tradepost_domain::catalog::{AttributeSchema, Channel, CollectionRule, JsonMap, ProductOption};
use tradepost_domain::kernel::Money;

/// What products refer to.
#[derive(Debug, Clone, Default)]
pub struct SeedShop {
    /// Channels beside those that are there; their ids are drawn anew.
    pub channels: Vec<Channel>,
    /// Categories, a parent before its children.
    pub categories: Vec<SeedCategory>,
    /// Handle and name of brands.
    pub brands: Vec<(String, String)>,
    /// Product types.
    pub types: Vec<SeedType>,
    /// Collections.
    pub collections: Vec<SeedCollection>,
}

/// A category.
#[derive(Debug, Clone)]
pub struct SeedCategory {
    /// Handle.
    pub handle: String,
    /// Name.
    pub name: String,
    /// Handle of its parent.
    pub parent: Option<String>,
    /// Texts by locale.
    pub translations: JsonMap,
}

/// A product type.
#[derive(Debug, Clone)]
pub struct SeedType {
    /// Handle.
    pub handle: String,
    /// Name.
    pub name: String,
    /// Schema of its attributes.
    pub attributes: AttributeSchema,
}

/// A collection.
#[derive(Debug, Clone)]
pub struct SeedCollection {
    /// Handle.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Its rule; `None` when it is picked by hand.
    pub rule: Option<CollectionRule>,
}

/// A picture with its file.
#[derive(Debug, Clone)]
pub struct SeedPicture {
    /// Name of the file, made of its content's hash.
    pub blob: String,
    /// Its content.
    pub content: Bytes,
    /// Media type.
    pub content_type: &'static str,
    /// What it shows.
    pub alt: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// A published product.
#[derive(Debug, Clone)]
pub struct SeedProduct {
    /// Handle.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Clean HTML.
    pub description: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// Handle of its brand.
    pub brand: String,
    /// Handle of its type.
    pub product_type: String,
    /// Handle of its category.
    pub category: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes.
    pub attributes: JsonMap,
    /// Options.
    pub options: Vec<ProductOption>,
    /// Title and description for search engines.
    pub seo: (String, String),
    /// Units sold.
    pub popularity: u64,
    /// Texts by locale.
    pub translations: JsonMap,
    /// Pictures, the main one first.
    pub pictures: Vec<SeedPicture>,
    /// Variants.
    pub variants: Vec<SeedVariant>,
    /// Reviews.
    pub reviews: Vec<SeedReview>,
    /// Handles of collections picked by hand that have it.
    pub collections: Vec<String>,
}

/// A variant.
#[derive(Debug, Clone)]
pub struct SeedVariant {
    /// SKU.
    pub sku: String,
    /// Barcode.
    pub barcode: String,
    /// Value of each option.
    pub options: BTreeMap<String, String>,
    /// Prices with what they were before.
    pub prices: Vec<(Money, Option<Money>)>,
    /// Units at hand.
    pub on_hand: u32,
    /// Weight in grams.
    pub weight_grams: u32,
    /// Name of the file of its picture.
    pub picture: String,
}

/// A review.
#[derive(Debug, Clone)]
pub struct SeedReview {
    /// Who wrote it.
    pub author: String,
    /// 1 to 5.
    pub rating: u8,
    /// Title.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Whether it is shown; else it waits for a moderator.
    pub approved: bool,
}
