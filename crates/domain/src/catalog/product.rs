//! A product as staff write it: the aggregate that is loaded, changed, validated and saved as a whole.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::kernel::ids::{BrandId, CategoryId, ChannelId, MediaId, ProductId, ProductTypeId, VariantId};
use crate::kernel::{Currency, Handle, Money};

/// A JSON object, as attributes and metadata are.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;

/// Where a product stands between idea and shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being written; shoppers do not see it. With `publish_at` it publishes itself at that time.
    Draft,
    /// On the shelf.
    Published,
    /// Taken off the shelf and kept for the orders that mention it.
    Archived,
}

impl ProductStatus {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Draft, Self::Published, Self::Archived].into_iter().find(|status| status.as_str() == word)
    }
}

/// An option that shoppers choose by, such as colour, with its values in the order of display.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductOption {
    /// Name as shown: `Color`.
    pub name: String,
    /// Values as shown, in order: `Red`, `Blue`.
    pub values: Vec<String>,
}

/// Texts for search engines; empty means that title and description serve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seo {
    /// Title of the page.
    pub title: Option<String>,
    /// Description of the page.
    pub description: Option<String>,
}

/// A price in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What is paid.
    pub price: Money,
    /// What it cost before, or is recommended at; shown struck through when higher than the price.
    pub compare_at: Option<Money>,
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Id.
    pub id: MediaId,
    /// File name in the blob store (content hash and ending); `None` when the picture lives elsewhere.
    pub blob: Option<String>,
    /// Address of a picture that is not ours; `None` when it is stored.
    pub source_url: Option<String>,
    /// What the picture shows, for those who cannot see it.
    pub alt: String,
    /// Width in pixels, where known.
    pub width: Option<i32>,
    /// Height in pixels, where known.
    pub height: Option<i32>,
}

/// What is sold: one combination of option values, with a SKU, prices and stock.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Id.
    pub id: VariantId,
    /// Stock-keeping unit; unique in the shop where given.
    pub sku: Option<String>,
    /// Barcode (EAN, UPC, ISBN), not checked.
    pub barcode: Option<String>,
    /// Value of each option by the option's name.
    pub options: BTreeMap<String, String>,
    /// Prices, at most one a currency.
    pub prices: Vec<Price>,
    /// Weight of one unit in grams.
    pub weight_grams: Option<u32>,
    /// The picture among the product's that shows this variant.
    pub media_id: Option<MediaId>,
    /// Whether stock is counted; if not, it can always be ordered.
    pub tracked: bool,
    /// Whether it may be ordered when none is left.
    pub backorder: bool,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// Facts that the shop does not interpret.
    pub metadata: JsonMap,
}

impl Variant {
    /// The price in a currency, if it is offered in it.
    pub fn price_in(&self, currency: Currency) -> Option<&Price> {
        self.prices.iter().find(|price| price.price.currency() == currency)
    }
}

/// A product with everything that staff can write about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Id.
    pub id: ProductId,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// Name in URLs; unique in the shop.
    pub handle: Handle,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML.
    pub description: String,
    /// Where it stands.
    pub status: ProductStatus,
    /// When a draft publishes itself.
    pub publish_at: Option<Timestamp>,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// Brand.
    pub brand_id: Option<BrandId>,
    /// Product type, whose schema the attributes follow.
    pub product_type_id: Option<ProductTypeId>,
    /// Main category, of which the breadcrumb is made.
    pub category_id: Option<CategoryId>,
    /// Further categories.
    pub category_ids: Vec<CategoryId>,
    /// Tags in the order given.
    pub tags: Vec<String>,
    /// Attributes: typed by the product type's schema where it names them, free otherwise.
    pub attributes: JsonMap,
    /// Facts that the shop does not interpret.
    pub metadata: JsonMap,
    /// Texts for search engines.
    pub seo: Seo,
    /// Options.
    pub options: Vec<ProductOption>,
    /// Variants in the order of display; at least one.
    pub variants: Vec<Variant>,
    /// Pictures in the order of display.
    pub media: Vec<Media>,
    /// Channels that show it; `None` means all.
    pub channel_ids: Option<Vec<ChannelId>>,
    /// Units sold, or a prior for a new shop; listings sort by it.
    pub popularity: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Product {
    /// Puts the product on the shelf. Publishing twice changes nothing but clears a planned time.
    pub fn publish(&mut self, now: Timestamp) {
        self.status = ProductStatus::Published;
        self.publish_at = None;
        self.published_at.get_or_insert(now);
    }

    /// Takes the product off the shelf for good.
    pub fn archive(&mut self) {
        self.status = ProductStatus::Archived;
        self.publish_at = None;
    }
}
