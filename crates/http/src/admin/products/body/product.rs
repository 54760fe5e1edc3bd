//! Products in bodies.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tradepost_app::catalog::product::changes::{
    Clearable, MediaChange, OptionChange, ProductChanges, SeoChange, TextsChange, VariantChanges,
    VariantsChange,
};
use tradepost_domain::catalog::{Issue, JsonMap, ProductStatus};
use tradepost_domain::kernel::{Handle, Locale, MoneyError};
use utoipa::ToSchema;

use super::media::ProductMediaWrite;
use super::variant::{PriceWrite, VariantWrite, prices};
use super::{clearable, list};
use crate::extract::patch::{Patch, present};
use crate::problem::Problem;

/// An option with its values.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductOptionWrite {
    /// Name as shown.
    #[schema(example = "Color")]
    name: String,
    /// Values as shown, in order.
    values: Vec<String>,
    /// The name it had, when it is renamed: variants keep their values.
    #[serde(default)]
    renamed_from: Option<String>,
    /// New names of values by their old ones: variants follow.
    #[serde(default)]
    renamed_values: BTreeMap<String, String>,
}

/// Texts for search engines.
#[derive(Debug, Default, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductSeoWrite {
    /// Title of the page.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title: Patch<String>,
    /// Description of the page.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
}

/// Texts in one locale.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductTextsWrite {
    /// Name as shown.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    title: Patch<String>,
    /// HTML; what could run is removed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// Texts for search engines.
    #[serde(default)]
    #[schema(value_type = Option<ProductSeoWrite>)]
    seo: Patch<ProductSeoWrite>,
}

/// Where a product stands.
#[derive(Debug, Clone, Copy, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatusWrite {
    /// Being written.
    Draft,
    /// On the shelf.
    Published,
    /// Off the shelf for good.
    Archived,
}

/// The fields that both bodies of a product have.
macro_rules! product_body {
    ($(#[$doc:meta])* $name:ident { $(#[$title_attribute:meta])* $title:ty, $(#[$handle_attribute:meta])* $handle:ident }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Name as shown.
            $(#[$title_attribute])*
            title: $title,
            /// Name in URLs; made of the title when a new product has none. A product's old handles answer with a redirect.
            #[serde(default)]
            $(#[$handle_attribute])*
            handle: Patch<Handle>,
            /// HTML; what could run is removed.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            description: Patch<String>,
            /// Name, handle or id of the brand; an unknown name makes a new one.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            brand: Patch<String>,
            /// Name, handle or id of the type; an unknown name makes a new one without a schema.
            #[serde(default, rename = "type")]
            #[schema(value_type = Option<String>)]
            product_type: Patch<String>,
            /// Handle or id of the main category.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            category: Patch<String>,
            /// Handles or ids of further categories.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>)]
            categories: Patch<Vec<String>>,
            /// Where it stands; a new product is a draft when it is not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = ProductStatusWrite, required = false)]
            status: Option<ProductStatusWrite>,
            /// When a draft publishes itself.
            #[serde(default)]
            #[schema(value_type = Option<String>, format = DateTime)]
            publish_at: Patch<Timestamp>,
            /// Options in the order of display; made of the variants when they are not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Vec<ProductOptionWrite>, required = false)]
            options: Option<Vec<ProductOptionWrite>>,
            /// Variants in the order of display; a list replaces all of them.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Vec<VariantWrite>, required = false)]
            variants: Option<Vec<VariantWrite>>,
            /// All prices of the only variant, in short.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = Vec<PriceWrite>, required = false)]
            prices: Option<Vec<PriceWrite>>,
            /// Price of the only variant, in short.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = PriceWrite, required = false)]
            price: Option<PriceWrite>,
            /// SKU of the only variant, in short.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            sku: Patch<String>,
            /// Barcode of the only variant, in short.
            #[serde(default)]
            #[schema(value_type = Option<String>)]
            barcode: Patch<String>,
            /// Stock of the only variant at the default location, in short.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = i64, required = false, minimum = 0, maximum = 1_000_000_000)]
            stock: Option<i64>,
            /// Weight of the only variant in grams, in short.
            #[serde(default)]
            #[schema(value_type = Option<u32>, maximum = 100_000_000)]
            weight_grams: Patch<u32>,
            /// Whether the only variant has to be sent, in short; true when it is not said.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = bool, required = false)]
            requires_shipping: Option<bool>,
            /// Merged by key, null removes one; checked against the schema of the type where that names a key.
            /// At most 64 KiB as JSON.
            #[serde(default)]
            #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
            attributes: Patch<JsonMap>,
            /// Facts that the shop does not interpret: merged by key, null removes one. At most 64 KiB as JSON.
            #[serde(default)]
            #[schema(value_type = Option<BTreeMap<String, serde_json::Value>>)]
            metadata: Patch<JsonMap>,
            /// Pictures in the order of display; a list replaces all of them.
            #[serde(default)]
            #[schema(value_type = Option<Vec<ProductMediaWrite>>)]
            media: Patch<Vec<ProductMediaWrite>>,
            /// Tags.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>)]
            tags: Patch<Vec<String>>,
            /// Texts for search engines.
            #[serde(default)]
            #[schema(value_type = Option<ProductSeoWrite>)]
            seo: Patch<ProductSeoWrite>,
            /// Texts by locale; null removes a locale.
            #[serde(default)]
            #[schema(value_type = Option<BTreeMap<String, ProductTextsWrite>>)]
            translations: Patch<BTreeMap<Locale, Option<ProductTextsWrite>>>,
            /// Handles or ids of the channels that show it; null means all.
            #[serde(default)]
            #[schema(value_type = Option<Vec<String>>)]
            channels: Patch<Vec<String>>,
            /// Units sold, or a prior for a new shop.
            #[serde(default, deserialize_with = "present")]
            #[schema(value_type = i64, required = false, minimum = 0)]
            popularity: Option<i64>,
        }

        impl $name {
            /// What it changes; `at` is its own path in the body.
            pub fn into_changes(self, at: &str) -> Result<ProductChanges, Problem> {
                let single = VariantChanges {
                    sku: clearable(self.sku),
                    barcode: clearable(self.barcode),
                    prices: prices(self.prices).map_err(|error| misfit(at, &error))?,
                    price: self.price.map(PriceWrite::price).transpose().map_err(|error| misfit(at, &error))?,
                    weight_grams: clearable(self.weight_grams),
                    requires_shipping: self.requires_shipping,
                    stock: self.stock,
                    ..VariantChanges::default()
                };
                Ok(ProductChanges {
                    title: self.title.into(),
                    handle: $handle(self.handle, at)?,
                    description: clearable(self.description),
                    brand: clearable(self.brand),
                    product_type: clearable(self.product_type),
                    category: clearable(self.category),
                    categories: list(self.categories),
                    status: self.status.map(status),
                    publish_at: publish_at(self.publish_at, at)?,
                    options: self.options.map(|options| options.into_iter().map(option).collect()),
                    variants: variants(self.variants, single, at)?,
                    attributes: clearable(self.attributes),
                    metadata: clearable(self.metadata),
                    media: media(self.media, at)?,
                    tags: list(self.tags),
                    seo: clearable(self.seo).map(|seo| seo.map(seo_change)),
                    translations: clearable(self.translations).map(|locales| locales.map(translations)),
                    channels: clearable(self.channels),
                    popularity: self.popularity,
                })
            }
        }
    };
}

product_body!(
    /// A new product. A title and the price of its only variant suffice.
    ProductCreate {
        #[schema(min_length = 1, max_length = 255, example = "Trail boot")]
        String,
        #[schema(value_type = Option<String>, max_length = 200)]
        new_handle
    }
);
product_body!(
    /// What changes of a product: absent stays, null clears what it can be without, a value sets.
    ProductPatch {
        #[serde(default, deserialize_with = "present")]
        #[schema(value_type = String, required = false, min_length = 1, max_length = 255, example = "Trail boot")]
        Option<String>,
        #[schema(value_type = String, required = false, max_length = 200)]
        changed_handle
    }
);

fn misfit(at: &str, error: &MoneyError) -> Problem {
    Problem::invalid(vec![Issue::new(format!("{at}.price"), "invalid_value", error.to_string())])
}

#[expect(clippy::unnecessary_wraps, reason = "stands where the handle of a change is refused")]
fn new_handle(handle: Patch<Handle>, _: &str) -> Result<Clearable<Handle>, Problem> {
    Ok(clearable(handle))
}

/// A product that is there has an address: what null would make of it, nobody has said.
fn changed_handle(handle: Patch<Handle>, at: &str) -> Result<Clearable<Handle>, Problem> {
    if matches!(handle, Patch::Null) {
        let detail = "a product has a handle: leave it out to keep the one it has";
        return Err(Problem::malformed("invalid_type", &format!("{at}.handle"), detail));
    }
    Ok(clearable(handle))
}

fn status(status: ProductStatusWrite) -> ProductStatus {
    match status {
        ProductStatusWrite::Draft => ProductStatus::Draft,
        ProductStatusWrite::Published => ProductStatus::Published,
        ProductStatusWrite::Archived => ProductStatus::Archived,
    }
}

/// A time as the database keeps it: whole microseconds, and none before there were shops like this.
pub(crate) fn stored_time(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(at.as_microsecond()).ok().filter(|at| *at >= Timestamp::UNIX_EPOCH)
}

/// The problem of a time that no shop like this can have meant.
pub(crate) fn too_early(at: &str) -> Problem {
    Problem::invalid(vec![Issue::new(
        format!("{at}.publish_at"),
        "invalid_value",
        "expected a time after 1970",
    )])
}

fn publish_at(patch: Patch<Timestamp>, at: &str) -> Result<Clearable<Timestamp>, Problem> {
    let Some(Some(time)) = clearable(patch) else { return Ok(clearable(patch)) };
    stored_time(time).map(|time| Some(Some(time))).ok_or_else(|| too_early(at))
}

fn option(option: ProductOptionWrite) -> OptionChange {
    OptionChange {
        name: option.name,
        values: option.values,
        renamed_from: option.renamed_from,
        renamed_values: option.renamed_values,
    }
}

fn variants(
    variants: Option<Vec<VariantWrite>>,
    single: VariantChanges,
    at: &str,
) -> Result<VariantsChange, Problem> {
    let is_empty = single.sku.is_none()
        && single.barcode.is_none()
        && single.prices.is_none()
        && single.price.is_none()
        && single.weight_grams.is_none()
        && single.requires_shipping.is_none()
        && single.stock.is_none();
    match variants {
        None if is_empty => Ok(VariantsChange::Keep),
        None => Ok(VariantsChange::Single(Box::new(single))),
        Some(items) if is_empty => {
            let changes = items.into_iter().map(VariantWrite::into_changes).collect::<Result<_, _>>();
            changes.map(VariantsChange::Replace).map_err(|error| misfit(at, &error))
        }
        Some(_) => {
            let detail = "give the only variant's fields in short, or `variants`, not both";
            Err(Problem::invalid(vec![Issue::new(format!("{at}.variants"), "conflicting_fields", detail)]))
        }
    }
}

fn media(media: Patch<Vec<ProductMediaWrite>>, at: &str) -> Result<MediaChange, Problem> {
    let Some(items) = list(media) else { return Ok(MediaChange::Keep) };
    let items = items.into_iter().enumerate();
    let changes = items.map(|(index, item)| item.into_changes(&format!("{at}.media[{index}]")));
    changes.collect::<Result<_, _>>().map(MediaChange::Replace)
}

fn seo_change(seo: ProductSeoWrite) -> SeoChange {
    SeoChange { title: clearable(seo.title), description: clearable(seo.description) }
}

fn translations(
    locales: BTreeMap<Locale, Option<ProductTextsWrite>>,
) -> BTreeMap<Locale, Option<TextsChange>> {
    let texts = |texts: ProductTextsWrite| TextsChange {
        title: clearable(texts.title),
        description: clearable(texts.description),
        seo: match texts.seo {
            Patch::Absent => SeoChange::default(),
            Patch::Null => SeoChange { title: Some(None), description: Some(None) },
            Patch::Value(seo) => seo_change(seo),
        },
    };
    locales.into_iter().map(|(locale, given)| (locale, given.map(texts))).collect()
}
