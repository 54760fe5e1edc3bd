//! A product as a file tells it, before anything is checked: the form that all readers bring theirs to.
//!
//! `None` means that the file does not speak of it, so that an update leaves it as it is; an empty text clears it.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use tradepost_domain::catalog::JsonMap;

use crate::patch::Patch;

/// Key in metadata under which the columns of Shopify that the shop does not interpret are kept.
pub const SHOPIFY_KEY: &str = "shopify";
/// Key in metadata under which an import keeps what only a file knows: its id of the product, names of picture files
/// (`files`, each with its place among the pictures), and of a variant the name of its picture's file (`image`).
pub const IMPORT_KEY: &str = "import";

/// What stands before the name of a stored picture in its address on the shop.
pub const STORED_PREFIX: &str = "/media/";

/// What is wrong in a row of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowError {
    /// Line of the file, from 1.
    pub line: u64,
    /// Column, as the file names it, or field.
    pub column: Option<String>,
    /// Stable word in snake case.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: Cow<'static, str>,
}

impl RowError {
    /// Puts the parts together.
    pub fn new(
        line: u64,
        column: Option<String>,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { line, column, code, message: message.into() }
    }
}

/// Why a file could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The disk or the sender failed.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    /// It is not a file of the format.
    #[error("{0}")]
    Format(String),
}

/// A product as a file tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductRecord {
    /// Line where it begins.
    pub line: u64,
    /// Handle, or nothing where the file has none.
    pub handle: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Description in HTML, as it came.
    pub description: Option<String>,
    /// Brand.
    pub brand: Option<NameRecord>,
    /// Product type.
    pub product_type: Option<NameRecord>,
    /// The main category: its path from the root.
    pub category: Option<Vec<NameRecord>>,
    /// Further categories: their paths from the root.
    pub categories: Option<Vec<Vec<NameRecord>>>,
    /// Handles of the channels that show it; null means all.
    pub channels: Patch<Vec<String>>,
    /// Collections that it is picked for by hand.
    pub picks: Option<Vec<PickRecord>>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// `active`, `published`, `draft` or `archived` in any case.
    pub status: Option<String>,
    /// Yes or no in words.
    pub published: Option<String>,
    /// Names of the options in order, where the file gives one; else they follow from the variants.
    pub options: Option<Vec<(String, Vec<String>)>>,
    /// Variants; empty where the file gives none.
    pub variants: Vec<VariantRecord>,
    /// Whether the file lists variants, or only tells a price of the product as such.
    pub lists_variants: bool,
    /// Attributes.
    pub attributes: JsonMap,
    /// Metadata; its keys replace those of the same name.
    pub metadata: JsonMap,
    /// Columns that the file has and that are passed through.
    pub columns: Arc<[String]>,
    /// Pictures in order.
    pub media: Option<Vec<MediaRecord>>,
    /// Title for search engines.
    pub seo_title: Option<String>,
    /// Description for search engines.
    pub seo_description: Option<String>,
    /// Texts by locale: `title`, `description`, `seo_title`, `seo_description`; null removes a locale.
    pub translations: JsonMap,
    /// When it was first published, as RFC 3339 writes it.
    pub published_at: Option<String>,
    /// When a draft publishes itself, likewise; an empty text clears it.
    pub publish_at: Option<String>,
    /// Units sold, a whole number.
    pub popularity: Option<String>,
    /// What was wrong already when it was read; it is not imported then.
    pub errors: Vec<RowError>,
}

/// Something that a product refers to, as a file tells it: by the name that people read, or by its handle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameRecord {
    /// Name.
    pub name: String,
    /// Handle, where the name does not make it.
    pub handle: Option<String>,
}

impl From<String> for NameRecord {
    fn from(name: String) -> Self {
        Self { name, handle: None }
    }
}

/// A collection that a product is picked for, as a file tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PickRecord {
    /// The collection.
    pub collection: NameRecord,
    /// The product's place in it, a whole number.
    pub position: Option<String>,
}

/// A variant as a file tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantRecord {
    /// Line where it stands.
    pub line: u64,
    /// SKU.
    pub sku: Option<String>,
    /// Option values by name, in the file's order.
    pub options: Vec<(String, String)>,
    /// Price in the import's currency, in major units, as written.
    pub price: Option<String>,
    /// Compare-at price in the same.
    pub compare_at: Option<String>,
    /// Prices in other currencies: code, price, compare-at price.
    pub prices: Vec<(String, String, Option<String>)>,
    /// Units on hand.
    pub stock: Option<String>,
    /// Weight and its unit: `g`, `kg`, `oz`, `lb`.
    pub weight: Option<(String, String)>,
    /// Barcode.
    pub barcode: Option<String>,
    /// Whether stock is counted.
    pub tracked: Option<bool>,
    /// Whether it can be ordered when none is left.
    pub backorder: Option<bool>,
    /// Whether it has to be sent.
    pub requires_shipping: Option<bool>,
    /// Address of the picture that shows it.
    pub image: Option<String>,
    /// Metadata.
    pub metadata: JsonMap,
}

/// A picture as a file tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaRecord {
    /// Line where it stands.
    pub line: u64,
    /// Address, or the bare name of a file.
    pub url: String,
    /// What it shows.
    pub alt: String,
}

/// What a file calls the fields of a record.
pub trait Labels: Send + Sync + std::fmt::Debug {
    /// The file's name for a field such as `title` or `variants.sku`, of the variant at `index` where there is one.
    fn label(&self, field: &str, index: Option<usize>) -> String;
}

/// Reads products one after another, holding one at a time.
pub trait RecordReader {
    /// What the file calls its fields.
    fn labels(&self) -> Arc<dyn Labels>;
    /// The next product; `None` at the end.
    fn next_record(&mut self) -> Result<Option<ProductRecord>, ReadError>;
    /// Bytes up to the end of the last product that was given out.
    fn byte_offset(&self) -> u64;
}
