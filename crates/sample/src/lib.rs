//! The demo shop's own catalogue: a generator that gives, for a seed and a number of products, always the same
//! shop, and one that reads like a shop: invented brands with their model lines, some sixty product types with
//! their own attributes, prices around a median, best-sellers and slow sellers, reviews, drawn pictures.
//!
//! Product `i` is a function of the seed, of `i` and of the number of products alone. Nothing is kept while
//! iterating: a million products take the memory of one. What has to be unique (handles, SKUs, model numbers,
//! barcodes) is a permutation of the ordinal.
//!
//! The words are in `data/*.toml`; this code only puts them together. No input or output, clock or randomness
//! from outside: whoever fills a shop decides what "today" is.

mod attribute;
mod code;
mod generate;
mod model;
mod picture;
mod review;
mod rng;
mod template;
mod text;
mod variant;
mod vocabulary;

pub use model::{
    AttributeKind, AttributeValue, ReviewStatus, SampleAttribute, SampleBrand, SampleCategory,
    SampleCollection, SampleProduct, SampleReview, SampleRule, SampleType, SampleVariant,
};
pub use picture::PictureKey;

use vocabulary::VOCABULARY;

/// Number of products of a demo shop when nobody says otherwise.
pub const DEFAULT_PRODUCTS: u64 = 2_000;

/// Most products of one catalogue: what the ten free digits of a barcode leave room for, with a margin.
pub const MAX_PRODUCTS: u64 = 100_000_000;

/// A catalogue: a seed and how many products there are. Cheap to make and to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleCatalog {
    seed: u64,
    products: u64,
}

impl SampleCatalog {
    /// The catalogue of the seed with so many products (at most [`MAX_PRODUCTS`]).
    pub fn new(seed: u64, products: u64) -> Self {
        Self { seed, products: products.min(MAX_PRODUCTS) }
    }

    /// How many products there are.
    pub fn len(&self) -> u64 {
        self.products
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.products == 0
    }

    /// The product at the place `ordinal`, from 0. Beyond the end it gives a product too, one that nobody buys.
    pub fn product(&self, ordinal: u64) -> SampleProduct {
        generate::product(self.seed, self.products, ordinal)
    }

    /// All products in their order, made one at a time.
    pub fn iter(&self) -> impl Iterator<Item = SampleProduct> + '_ {
        (0..self.products).map(|ordinal| self.product(ordinal))
    }

    /// All product types with the schemas of their attributes.
    pub fn product_types() -> &'static [SampleType] {
        &VOCABULARY.schemas
    }

    /// The category tree; a parent comes before its children.
    pub fn categories() -> &'static [SampleCategory] {
        &VOCABULARY.categories
    }

    /// The collections, by hand and by rule.
    pub fn collections() -> &'static [SampleCollection] {
        &VOCABULARY.collections
    }

    /// The invented brands.
    pub fn brands() -> &'static [SampleBrand] {
        &VOCABULARY.brands
    }

    /// The German name of a colour in the options, as `Navy`: for showing option values in German.
    pub fn color_name_de(name: &str) -> Option<&'static str> {
        VOCABULARY.color(name).map(|color| color.name_de.as_str())
    }

    /// The hex value `#rrggbb` of a colour in the options: for swatches.
    pub fn color_hex(name: &str) -> Option<String> {
        VOCABULARY.color(name).map(|color| format!("#{}", color.hex))
    }
}
