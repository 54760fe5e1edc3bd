//! What can be changed about a product. Absent (`None`) leaves a field as it is; an inner `None` clears it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tradepost_domain::catalog::{JsonMap, Price, ProductStatus};
use tradepost_domain::kernel::ids::{MediaId, VariantId};
use tradepost_domain::kernel::{Handle, Locale};

/// A field that can be left, cleared or set.
pub type Clearable<T> = Option<Option<T>>;

/// A change of a product. A new product is a change of one that has nothing.
#[derive(Debug, Clone, Default)]
pub struct ProductChanges {
    /// Name as shown.
    pub title: Option<String>,
    /// Name in URLs; cleared, it is made of the title.
    pub handle: Clearable<Handle>,
    /// HTML, sanitised when it is applied.
    pub description: Clearable<String>,
    /// Id, handle or name of the brand; an unknown name makes a new one.
    pub brand: Clearable<String>,
    /// Id, handle or name of the type; an unknown name makes a new one without a schema.
    pub product_type: Clearable<String>,
    /// Id or handle of the main category.
    pub category: Clearable<String>,
    /// Ids or handles of further categories.
    pub categories: Option<Vec<String>>,
    /// Where it stands.
    pub status: Option<ProductStatus>,
    /// When a draft publishes itself.
    pub publish_at: Clearable<Timestamp>,
    /// Options in the order of display.
    pub options: Option<Vec<OptionChange>>,
    /// Variants.
    pub variants: VariantsChange,
    /// Merged by key; null removes one.
    pub attributes: Clearable<JsonMap>,
    /// Merged by key; null removes one.
    pub metadata: Clearable<JsonMap>,
    /// Pictures.
    pub media: MediaChange,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Texts for search engines.
    pub seo: Clearable<SeoChange>,
    /// Texts by locale; null removes a locale.
    pub translations: Clearable<BTreeMap<Locale, Option<TextsChange>>>,
    /// Ids or handles of the channels that show it; cleared, all do.
    pub channels: Clearable<Vec<String>>,
    /// Units sold, or a prior for a new shop.
    pub popularity: Option<i64>,
}

/// An option as it is to be.
#[derive(Debug, Clone, Default)]
pub struct OptionChange {
    /// Name as shown.
    pub name: String,
    /// Values as shown, in order.
    pub values: Vec<String>,
    /// The name it had, when it is renamed: variants keep their values.
    pub renamed_from: Option<String>,
    /// New names of values by their old ones: variants follow.
    pub renamed_values: BTreeMap<String, String>,
}

/// Texts for search engines.
#[derive(Debug, Clone, Default)]
pub struct SeoChange {
    /// Title of the page.
    pub title: Clearable<String>,
    /// Description of the page.
    pub description: Clearable<String>,
}

/// Texts in one locale.
#[derive(Debug, Clone, Default)]
pub struct TextsChange {
    /// Name as shown.
    pub title: Clearable<String>,
    /// HTML, sanitised when it is applied.
    pub description: Clearable<String>,
    /// Texts for search engines.
    pub seo: SeoChange,
}

/// A change of a product's variants.
#[derive(Debug, Clone, Default)]
pub enum VariantsChange {
    /// Leave them.
    #[default]
    Keep,
    /// These and no others; each is found by id, else SKU, else options.
    Replace(Vec<VariantChanges>),
    /// The only variant, given beside the product's own fields.
    Single(Box<VariantChanges>),
    /// One more.
    Add(Box<VariantChanges>),
    /// One of them.
    Patch(VariantId, Box<VariantChanges>),
    /// One less.
    Remove(VariantId),
}

/// A change of a variant.
#[derive(Debug, Clone, Default)]
pub struct VariantChanges {
    /// Which one, in a list.
    pub id: Option<VariantId>,
    /// Stock-keeping unit.
    pub sku: Clearable<String>,
    /// Barcode.
    pub barcode: Clearable<String>,
    /// Value of each option by the option's name.
    pub options: Option<BTreeMap<String, String>>,
    /// All its prices.
    pub prices: Option<Vec<Price>>,
    /// Its price in one currency; those in others stay.
    pub price: Option<Price>,
    /// Weight of one unit in grams.
    pub weight_grams: Clearable<u32>,
    /// Units on hand at the default location.
    pub stock: Option<i64>,
    /// Whether stock is counted.
    pub tracked: Option<bool>,
    /// Whether it may be ordered when none is left.
    pub backorder: Option<bool>,
    /// Whether it has to be sent.
    pub requires_shipping: Option<bool>,
    /// Id, blob or address of the picture among the product's that shows it.
    pub image: Clearable<String>,
    /// Merged by key; null removes one.
    pub metadata: Clearable<JsonMap>,
}

/// A change of a product's pictures.
#[derive(Debug, Clone, Default)]
pub enum MediaChange {
    /// Leave them.
    #[default]
    Keep,
    /// These and no others; each is found by id, else by what it shows.
    Replace(Vec<MediaChanges>),
    /// One more.
    Add(Box<MediaChanges>),
    /// One of them.
    Patch(MediaId, Box<MediaChanges>),
    /// One less.
    Remove(MediaId),
}

/// A change of a picture.
#[derive(Debug, Clone, Default)]
pub struct MediaChanges {
    /// Which one, in a list.
    pub id: Option<MediaId>,
    /// Where the picture is.
    pub source: Option<MediaSource>,
    /// What it shows, for those who cannot see it.
    pub alt: Clearable<String>,
    /// Place among the pictures, from 0; absent, the last one, or that in the list.
    pub position: Option<usize>,
}

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Stored here, under this name.
    Blob(String),
    /// Elsewhere.
    Url(String),
}
