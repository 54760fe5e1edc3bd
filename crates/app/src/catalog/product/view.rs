//! A product as staff see it: everything that can be written, and what follows from it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Number, Value};
use tradepost_domain::catalog::review::average_hundredths;
use tradepost_domain::catalog::{JsonMap, Media, Price, ProductOption, ProductStatus, Variant};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::VariantId;
use tradepost_store::catalog::product::{NamedCategory, ProductRecord};
use utoipa::ToSchema;

use crate::media::blob_url;

/// A product as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductAdminView {
    /// Id.
    #[schema(example = "prod_01000000000000000000000010")]
    pub id: String,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML.
    pub description: String,
    /// Where it stands.
    #[schema(value_type = String, example = "draft")]
    pub status: ProductStatus,
    /// When a draft publishes itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub publish_at: Option<Timestamp>,
    /// When it was first published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Timestamp>,
    /// Name of its brand.
    pub brand: Option<String>,
    /// Id of its brand.
    pub brand_id: Option<String>,
    /// Name of its type.
    #[serde(rename = "type")]
    pub product_type: Option<String>,
    /// Id of its type.
    pub type_id: Option<String>,
    /// Its main category.
    pub category: Option<ProductCategoryAdminView>,
    /// Further categories.
    pub categories: Vec<ProductCategoryAdminView>,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub attributes: JsonMap,
    /// Facts that the shop does not interpret.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub metadata: JsonMap,
    /// Texts for search engines.
    pub seo: ProductSeoAdminView,
    /// Texts by locale.
    pub translations: BTreeMap<String, ProductTextsAdminView>,
    /// Options in the order of display.
    pub options: Vec<ProductOptionAdminView>,
    /// Variants in the order of display.
    pub variants: Vec<VariantAdminView>,
    /// Pictures in the order of display.
    pub media: Vec<ProductMediaAdminView>,
    /// Ids of the channels that show it; null means all.
    pub channels: Option<Vec<String>>,
    /// Units sold, or a prior for a new shop.
    pub popularity: i64,
    /// Its approved ratings.
    pub rating: ProductRatingAdminView,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Names of the view's fields, which `fields=` picks from.
pub const PRODUCT_FIELDS: [&str; 27] = [
    "id",
    "version",
    "handle",
    "title",
    "description",
    "status",
    "publish_at",
    "published_at",
    "brand",
    "brand_id",
    "type",
    "type_id",
    "category",
    "categories",
    "tags",
    "attributes",
    "metadata",
    "seo",
    "translations",
    "options",
    "variants",
    "media",
    "channels",
    "popularity",
    "rating",
    "created_at",
    "updated_at",
];

/// A category as a product names it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductCategoryAdminView {
    /// Id.
    pub id: String,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}

/// Texts for search engines.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ProductSeoAdminView {
    /// Title of the page.
    pub title: Option<String>,
    /// Description of the page.
    pub description: Option<String>,
}

/// Texts in one locale.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductTextsAdminView {
    /// Name as shown.
    pub title: Option<String>,
    /// Sanitised HTML.
    pub description: Option<String>,
    /// Texts for search engines.
    pub seo: ProductSeoAdminView,
}

/// An option with its values in the order of display.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductOptionAdminView {
    /// Name as shown.
    pub name: String,
    /// Values as shown.
    pub values: Vec<String>,
}

/// What customers think of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductRatingAdminView {
    /// Average in stars with at most two decimal places; 0 without any rating.
    #[schema(value_type = f64)]
    pub average: Number,
    /// Number of ratings.
    pub count: i64,
}

/// A price in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceAdminView {
    /// Minor units.
    pub amount: i64,
    /// Code of ISO 4217.
    #[schema(example = "EUR")]
    pub currency: &'static str,
    /// What it cost before, in minor units.
    pub compare_at: Option<i64>,
}

/// Stock of a variant over all locations.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct VariantStockAdminView {
    /// Units that lie there.
    pub on_hand: i64,
    /// Units that are held for checkouts.
    pub reserved: i64,
    /// Units that belong to orders.
    pub allocated: i64,
    /// Units that can still be sold.
    pub available: i64,
}

/// A variant as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantAdminView {
    /// Id.
    #[schema(example = "var_01000000000000000000000010")]
    pub id: String,
    /// Stock-keeping unit.
    pub sku: Option<String>,
    /// Barcode.
    pub barcode: Option<String>,
    /// Its option values in the order of the options: `Red / M`.
    pub title: String,
    /// Value of each option by the option's name.
    pub options: BTreeMap<String, String>,
    /// Prices in all currencies.
    pub prices: Vec<PriceAdminView>,
    /// Weight of one unit in grams.
    pub weight_grams: Option<u32>,
    /// Id of the picture among the product's that shows it.
    pub image: Option<String>,
    /// Whether stock is counted.
    pub tracked: bool,
    /// Whether it may be ordered when none is left.
    pub backorder: bool,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// Stock over all locations.
    pub stock: VariantStockAdminView,
    /// Facts that the shop does not interpret.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub metadata: JsonMap,
}

/// A picture of a product as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductMediaAdminView {
    /// Id.
    pub id: String,
    /// Where it can be loaded from.
    pub url: String,
    /// Its name, when it is stored here.
    pub blob: Option<String>,
    /// Its address, when it is elsewhere.
    pub source_url: Option<String>,
    /// What it shows, for those who cannot see it.
    pub alt: String,
    /// Width in pixels, where known.
    pub width: Option<i32>,
    /// Height in pixels, where known.
    pub height: Option<i32>,
    /// Narrower copies.
    pub renditions: Vec<RenditionView>,
}

/// A narrower copy of a stored picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenditionView {
    /// Width in pixels.
    pub width: u32,
    /// Where it can be loaded from.
    pub url: String,
}

/// Copies by width, the narrowest first.
pub(crate) fn renditions(blobs: &BTreeMap<String, String>) -> Vec<RenditionView> {
    let view = |(width, blob): (&String, &String)| {
        width.parse().ok().map(|width| RenditionView { width, url: blob_url(blob) })
    };
    let mut views: Vec<RenditionView> = blobs.iter().filter_map(view).collect();
    views.sort_by_key(|rendition| rendition.width);
    views
}

impl From<&ProductRecord> for ProductAdminView {
    fn from(record: &ProductRecord) -> Self {
        let product = &record.product;
        let count = record.rating_count;
        Self {
            id: product.id.to_string(),
            version: product.version,
            handle: product.handle.to_string(),
            title: product.title.clone(),
            description: product.description.clone(),
            status: product.status,
            publish_at: product.publish_at,
            published_at: product.published_at,
            brand: record.brand.clone(),
            brand_id: product.brand_id.map(|id| id.to_string()),
            product_type: record.product_type.clone(),
            type_id: product.product_type_id.map(|id| id.to_string()),
            category: record.category.as_ref().map(category),
            categories: record.categories.iter().map(category).collect(),
            tags: product.tags.clone(),
            attributes: product.attributes.clone(),
            metadata: product.metadata.clone(),
            seo: ProductSeoAdminView {
                title: product.seo.title.clone(),
                description: product.seo.description.clone(),
            },
            translations: translations(&record.translations),
            options: product.options.iter().map(option).collect(),
            variants: product.variants.iter().map(|variant| variant_view(record, variant)).collect(),
            media: product.media.iter().map(|media| media_view(record, media)).collect(),
            channels: product.channel_ids.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect()),
            popularity: product.popularity,
            rating: ProductRatingAdminView {
                average: stars(average_hundredths(record.rating_sum, count)),
                count,
            },
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// Hundredths as a decimal number, written without any arithmetic of floats.
fn stars(hundredths: i64) -> Number {
    let text = format!("{}.{:02}", hundredths.div_euclid(100), hundredths.rem_euclid(100));
    text.parse().unwrap_or_else(|_| Number::from(0))
}

fn category(category: &NamedCategory) -> ProductCategoryAdminView {
    ProductCategoryAdminView {
        id: category.id.to_string(),
        handle: category.handle.clone(),
        name: category.name.clone(),
    }
}

fn option(option: &ProductOption) -> ProductOptionAdminView {
    ProductOptionAdminView { name: option.name.clone(), values: option.values.clone() }
}

fn translations(stored: &JsonMap) -> BTreeMap<String, ProductTextsAdminView> {
    let texts = |value: &Value| {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        ProductTextsAdminView {
            title: text("title"),
            description: text("description"),
            seo: ProductSeoAdminView { title: text("seo_title"), description: text("seo_description") },
        }
    };
    stored.iter().map(|(locale, value)| (locale.clone(), texts(value))).collect()
}

fn stock(record: &ProductRecord, variant: VariantId) -> VariantStockAdminView {
    let levels = record.stock.iter().filter(|level| level.variant_id == variant);
    levels.fold(VariantStockAdminView::default(), |sum, level| VariantStockAdminView {
        on_hand: sum.on_hand.saturating_add(level.on_hand),
        reserved: sum.reserved.saturating_add(level.reserved),
        allocated: sum.allocated.saturating_add(level.allocated),
        available: sum.available.saturating_add(level.available()),
    })
}

fn price(price: &Price) -> PriceAdminView {
    PriceAdminView {
        amount: price.price.amount(),
        currency: price.price.currency().code(),
        compare_at: price.compare_at.map(Money::amount),
    }
}

/// One variant of a product.
pub(crate) fn variant_view(record: &ProductRecord, variant: &Variant) -> VariantAdminView {
    let values = record.product.options.iter().filter_map(|option| variant.options.get(&option.name));
    VariantAdminView {
        id: variant.id.to_string(),
        sku: variant.sku.clone(),
        barcode: variant.barcode.clone(),
        title: values.map(String::as_str).collect::<Vec<_>>().join(" / "),
        options: variant.options.clone(),
        prices: variant.prices.iter().map(price).collect(),
        weight_grams: variant.weight_grams,
        image: variant.media_id.map(|id| id.to_string()),
        tracked: variant.tracked,
        backorder: variant.backorder,
        requires_shipping: variant.requires_shipping,
        stock: stock(record, variant.id),
        metadata: variant.metadata.clone(),
    }
}

/// One picture of a product.
pub(crate) fn media_view(record: &ProductRecord, media: &Media) -> ProductMediaAdminView {
    let url = match (&media.blob, &media.source_url) {
        (Some(blob), _) => blob_url(blob),
        (None, Some(url)) => url.clone(),
        (None, None) => String::new(),
    };
    let copies = media.blob.as_ref().and_then(|blob| record.renditions.get(blob));
    ProductMediaAdminView {
        id: media.id.to_string(),
        url,
        blob: media.blob.clone(),
        source_url: media.source_url.clone(),
        alt: media.alt.clone(),
        width: media.width,
        height: media.height,
        renditions: copies.map(renditions).unwrap_or_default(),
    }
}
