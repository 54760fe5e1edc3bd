//! A product of a file that has passed every check which needs no database: ready to be written if it is new, ready to
//! be laid over the one that is there if it is not.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::catalog::{JsonMap, Media, Price, Product, ProductStatus, Variant};
use tradepost_domain::kernel::ids::MediaId;
use tradepost_store::catalog::export::{StoredPick, StoredProduct};
use tradepost_store::catalog::staging::{ImportedPick, ImportedProduct, ImportedStock};

use super::pictures;
use super::record::{IMPORT_KEY, SHOPIFY_KEY};

/// Which fields a file speaks of; an update leaves the others as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Given(u32);

impl Given {
    /// Description.
    pub const DESCRIPTION: Self = Self(1);
    /// Brand.
    pub const BRAND: Self = Self(1 << 1);
    /// Product type.
    pub const TYPE: Self = Self(1 << 2);
    /// Category.
    pub const CATEGORY: Self = Self(1 << 3);
    /// Tags.
    pub const TAGS: Self = Self(1 << 4);
    /// Status.
    pub const STATUS: Self = Self(1 << 5);
    /// Pictures.
    pub const MEDIA: Self = Self(1 << 6);
    /// Title for search engines.
    pub const SEO_TITLE: Self = Self(1 << 7);
    /// Description for search engines.
    pub const SEO_DESCRIPTION: Self = Self(1 << 8);
    /// Popularity.
    pub const POPULARITY: Self = Self(1 << 9);
    /// List of variants.
    pub const VARIANTS: Self = Self(1 << 10);
    /// Time of the first publication.
    pub const PUBLISHED_AT: Self = Self(1 << 18);
    /// Time at which a draft publishes itself.
    pub const PUBLISH_AT: Self = Self(1 << 19);
    /// Further categories.
    pub const CATEGORIES: Self = Self(1 << 20);
    /// Channels.
    pub const CHANNELS: Self = Self(1 << 21);
    /// Collections that it is picked for by hand.
    pub const PICKS: Self = Self(1 << 22);
    /// Of a variant: SKU.
    pub const SKU: Self = Self(1 << 11);
    /// Of a variant: barcode.
    pub const BARCODE: Self = Self(1 << 12);
    /// Of a variant: weight.
    pub const WEIGHT: Self = Self(1 << 13);
    /// Of a variant: whether stock is counted.
    pub const TRACKED: Self = Self(1 << 14);
    /// Of a variant: whether it can be ordered when none is left.
    pub const BACKORDER: Self = Self(1 << 15);
    /// Of a variant: whether it has to be sent.
    pub const REQUIRES_SHIPPING: Self = Self(1 << 23);
    /// Of a variant: picture.
    pub const IMAGE: Self = Self(1 << 16);
    /// Of a variant: compare-at price.
    pub const COMPARE_AT: Self = Self(1 << 17);

    /// With a field, if it is there.
    #[must_use]
    pub fn and(self, field: Self, there: bool) -> Self {
        if there { Self(self.0 | field.0) } else { self }
    }

    /// Whether a field is there.
    pub fn has(self, field: Self) -> bool {
        self.0 & field.0 != 0
    }
}

/// Something that a product refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Handle, as the file has it or as the name makes it.
    pub handle: String,
    /// Name as the file has it.
    pub name: String,
    /// Whether the handle alone says what is meant; else the name may, too.
    pub by_handle: bool,
}

/// A collection that a product is to be picked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftPick {
    /// The collection.
    pub collection: Named,
    /// The product's place in it.
    pub position: Option<i32>,
}

/// What a product refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Brand.
    pub brand: Option<Named>,
    /// Product type.
    pub product_type: Option<Named>,
    /// The main category: its path from the root.
    pub category: Vec<Named>,
    /// Further categories: their paths from the root.
    pub categories: Vec<Vec<Named>>,
    /// Handles of the channels that show it; `None` means all.
    pub channels: Option<Vec<String>>,
    /// Collections that it is to be picked for.
    pub picks: Vec<DraftPick>,
}

/// A checked product.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Line where it begins.
    pub line: u64,
    /// The product as it is to be when it is new, ids drawn; brand, type and category are filled in when they are found.
    pub imported: ImportedProduct,
    /// Whether the file names the handle; else the SKU may say which product is meant.
    pub has_handle: bool,
    /// What it refers to.
    pub references: References,
    /// Fields that the file speaks of.
    pub given: Given,
    /// Attributes as the file has them, where it removes one by null; else they are those of the product, and not kept
    /// twice. [`Draft::attributes`] gives them.
    pub attributes: Option<JsonMap>,
    /// Metadata as the file has it.
    pub metadata: JsonMap,
    /// Texts by locale as the file has them, where it removes a locale by null; else they are those of the product.
    pub translations: Option<JsonMap>,
    /// Columns of the file that are passed through.
    pub columns: Arc<[String]>,
    /// For each variant its line, its fields and its metadata.
    pub variants: Vec<DraftVariant>,
}

/// What a file says of a variant besides what stands in the product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftVariant {
    /// Line where it stands.
    pub line: u64,
    /// Fields that the file speaks of.
    pub given: Given,
    /// Metadata as the file has it.
    pub metadata: JsonMap,
    /// Name of a picture that cannot be shown and is kept in the metadata; an empty one forgets another.
    pub image: Option<String>,
}

impl DraftVariant {
    /// Lays what the file says over metadata.
    pub(super) fn patch_metadata(&self, target: &mut JsonMap, columns: &[String]) {
        patch_metadata(target, &self.metadata, columns);
        match self.image.as_deref() {
            None => {}
            Some("") => pictures::forget(target, "image"),
            Some(name) => pictures::remember(target, "image", Value::from(name)),
        }
    }
}

/// Why a product cannot be laid over the one that is there.
#[derive(Debug, PartialEq, Eq)]
pub enum MergeError {
    /// The file tells one price, and the product has several variants.
    VariantsRequired,
    /// The file leaves out a variant of which carts or orders hold units.
    VariantInUse(String),
    /// Orders hold more units of a variant than would lie there.
    StockPromised(String),
}

/// What people call a variant: its SKU, else its options.
fn name(variant: &Variant) -> String {
    let values: Vec<&str> = variant.options.values().map(String::as_str).collect();
    variant.sku.clone().unwrap_or_else(|| values.join(" / "))
}

/// Lays attributes over others: null removes.
pub fn patch_attributes(target: &mut JsonMap, patch: &JsonMap) {
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            target.insert(key.clone(), value.clone());
        }
    }
}

/// What attributes that are laid over none make, and themselves if that is less than they say.
pub(super) fn of_patch(patch: JsonMap) -> (JsonMap, Option<JsonMap>) {
    if !patch.values().any(Value::is_null) {
        return (patch, None);
    }
    let mut made = JsonMap::new();
    patch_attributes(&mut made, &patch);
    (made, Some(patch))
}

/// Lays metadata over other metadata. What imports keep for themselves is laid over key by key, an empty list removing;
/// of the columns that are passed through those are replaced that the file has.
pub fn patch_metadata(target: &mut JsonMap, patch: &JsonMap, columns: &[String]) {
    for (key, value) in patch {
        let inner = match value {
            Value::Object(inner) if matches!(key.as_str(), IMPORT_KEY | SHOPIFY_KEY) => inner,
            _ => {
                target.insert(key.clone(), value.clone());
                continue;
            }
        };
        let mut merged = match target.remove(key) {
            Some(Value::Object(mut old)) => {
                if key == SHOPIFY_KEY {
                    old.retain(|name, _| !columns.contains(name));
                }
                old.extend(inner.clone());
                old
            }
            _ => inner.clone(),
        };
        merged.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        if !merged.is_empty() {
            target.insert(key.clone(), Value::Object(merged));
        }
    }
}

impl Draft {
    /// Attributes as the file has them; null removes.
    pub fn attributes(&self) -> &JsonMap {
        self.attributes.as_ref().unwrap_or(&self.imported.product.attributes)
    }

    /// The product that is there with everything that the file says of it, and whether that changes anything.
    pub fn lay_over(
        &self,
        stored: &StoredProduct,
        now: Timestamp,
    ) -> Result<(ImportedProduct, bool), MergeError> {
        let new = &self.imported.product;
        let mut product = stored.product.clone();
        product.title.clone_from(&new.title);
        if self.given.has(Given::DESCRIPTION) {
            product.description.clone_from(&new.description);
        }
        if self.given.has(Given::BRAND) {
            product.brand_id = new.brand_id;
        }
        if self.given.has(Given::TYPE) {
            product.product_type_id = new.product_type_id;
        }
        if self.given.has(Given::CATEGORY) {
            product.category_id = new.category_id;
        }
        if self.given.has(Given::CATEGORIES) {
            product.category_ids.clone_from(&new.category_ids);
        }
        if self.given.has(Given::CHANNELS) {
            product.channel_ids.clone_from(&new.channel_ids);
        }
        if self.given.has(Given::TAGS) {
            product.tags.clone_from(&new.tags);
        }
        if self.given.has(Given::SEO_TITLE) {
            product.seo.title.clone_from(&new.seo.title);
        }
        if self.given.has(Given::SEO_DESCRIPTION) {
            product.seo.description.clone_from(&new.seo.description);
        }
        if self.given.has(Given::POPULARITY) {
            product.popularity = new.popularity;
        }
        if self.given.has(Given::STATUS) {
            set_status(&mut product, new.status, now);
        }
        if self.given.has(Given::PUBLISHED_AT) {
            product.published_at = new.published_at;
        }
        if self.given.has(Given::PUBLISH_AT) {
            product.publish_at = new.publish_at;
        }
        let mut translations = stored.translations.clone();
        patch_attributes(
            &mut translations,
            self.translations.as_ref().unwrap_or(&self.imported.translations),
        );
        patch_attributes(&mut product.attributes, self.attributes());
        patch_metadata(&mut product.metadata, &self.metadata, &self.columns);
        let media_ids = self.lay_media(&mut product);
        let stock = self.lay_variants(&mut product, stored, &media_ids)?;
        let restocked =
            stock.iter().any(|(stock, on_hand)| stock.is_some_and(|stock| Some(stock.on_hand) != *on_hand));
        let picks = self.imported.picks.clone().filter(|picks| differ(picks, &stored.picks));
        let changed =
            restocked || product != stored.product || translations != stored.translations || picks.is_some();
        if changed {
            product.version = product.version.saturating_add(1);
            product.updated_at = now;
        }
        let stock = stock.into_iter().map(|(stock, _)| stock).collect();
        Ok((ImportedProduct { product, translations, picks, stock, ..self.imported }, changed))
    }

    /// Pictures: those of the same address stay, those that are stored with us too. Answers which of the draft became
    /// which.
    fn lay_media(&self, product: &mut Product) -> BTreeMap<MediaId, MediaId> {
        let mut ids = BTreeMap::new();
        if !self.given.has(Given::MEDIA) {
            return ids;
        }
        let mut old = mem::take(&mut product.media);
        for media in &self.imported.product.media {
            let same = old
                .iter()
                .position(|other| (&other.source_url, &other.blob) == (&media.source_url, &media.blob));
            let kept = same.map(|place| Media { alt: media.alt.clone(), ..old.remove(place) });
            let kept = kept.unwrap_or_else(|| media.clone());
            ids.insert(media.id, kept.id);
            product.media.push(kept);
        }
        product.media.extend(old.into_iter().filter(|media| media.blob.is_some()));
        ids
    }

    /// Variants, each with the stock that it is to have and has.
    #[expect(clippy::type_complexity, reason = "the pair of what is to be and what is, used once")]
    fn lay_variants(
        &self,
        product: &mut Product,
        stored: &StoredProduct,
        media_ids: &BTreeMap<MediaId, MediaId>,
    ) -> Result<Vec<(Option<ImportedStock>, Option<i64>)>, MergeError> {
        let new = &self.imported;
        let listed = self.given.has(Given::VARIANTS);
        if !listed && stored.product.variants.len() > 1 {
            return Err(MergeError::VariantsRequired);
        }
        if listed {
            product.options.clone_from(&new.product.options);
        }
        let mut left: Vec<usize> = (0..stored.product.variants.len()).collect();
        let matches = match_variants(&stored.product.variants, &new.product.variants, &mut left, listed);
        let in_use = left.iter().find(|place| stored.held.get(**place).is_some_and(|held| *held > 0));
        if let Some(variant) = in_use.and_then(|place| stored.product.variants.get(*place)) {
            return Err(MergeError::VariantInUse(name(variant)));
        }
        let media: Vec<MediaId> = product.media.iter().map(|media| media.id).collect();
        let mut stock = Vec::with_capacity(matches.len());
        product.variants.clear();
        for ((variant, facts), (units, matched)) in
            new.product.variants.iter().zip(&self.variants).zip(new.stock.iter().zip(matches))
        {
            let old = matched.and_then(|place| stored.product.variants.get(place));
            let mut merged =
                old.map_or_else(|| variant.clone(), |old| lay_variant(old, (variant, facts), &self.columns));
            if old.is_none() || facts.given.has(Given::IMAGE) {
                merged.media_id = variant.media_id.and_then(|id| media_ids.get(&id).copied());
            }
            merged.media_id = merged.media_id.filter(|id| media.contains(id));
            if !listed && let Some(old) = old {
                merged.options.clone_from(&old.options);
            }
            let on_hand = matched.and_then(|place| stored.on_hand.get(place).copied().flatten());
            let least = matched.and_then(|place| stored.least.get(place).copied()).unwrap_or(0);
            let lies = units.map_or(on_hand.unwrap_or(0), |units| units.on_hand);
            if merged.tracked && !merged.backorder && lies < least {
                return Err(MergeError::StockPromised(name(&merged)));
            }
            stock.push((*units, on_hand));
            product.variants.push(merged);
        }
        Ok(stock)
    }
}

/// Whether the collections that a file names are others than those that a product is in, or have it elsewhere.
fn differ(picks: &[ImportedPick], stored: &[StoredPick]) -> bool {
    let there = |pick: &ImportedPick| {
        stored.iter().any(|stored| {
            stored.collection_id == pick.collection_id
                && pick.position.is_none_or(|position| position == stored.position)
        })
    };
    picks.len() != stored.len() || !picks.iter().all(there)
}

/// For each new variant the stored one that it is: by SKU, else by option values. What no one is stays in `left`.
fn match_variants(
    stored: &[Variant],
    new: &[Variant],
    left: &mut Vec<usize>,
    listed: bool,
) -> Vec<Option<usize>> {
    let mut take = |fits: &dyn Fn(&Variant) -> bool| {
        let found = left.iter().position(|place| stored.get(*place).is_some_and(fits))?;
        Some(left.swap_remove(found))
    };
    let mut matches = Vec::with_capacity(new.len());
    for variant in new {
        let sku = variant.sku.as_ref();
        matches.push(sku.and_then(|sku| take(&|other| other.sku.as_ref() == Some(sku))));
    }
    for (variant, matched) in new.iter().zip(&mut matches) {
        if matched.is_none() {
            *matched = take(&|other| !listed || other.options == variant.options);
        }
    }
    matches
}

fn lay_variant(old: &Variant, (new, facts): (&Variant, &DraftVariant), columns: &[String]) -> Variant {
    let mut merged = old.clone();
    let given = facts.given;
    if given.has(Given::SKU) {
        merged.sku.clone_from(&new.sku);
    }
    if given.has(Given::BARCODE) {
        merged.barcode.clone_from(&new.barcode);
    }
    if given.has(Given::WEIGHT) {
        merged.weight_grams = new.weight_grams;
    }
    if given.has(Given::TRACKED) {
        merged.tracked = new.tracked;
    }
    if given.has(Given::BACKORDER) {
        merged.backorder = new.backorder;
    }
    if given.has(Given::REQUIRES_SHIPPING) {
        merged.requires_shipping = new.requires_shipping;
    }
    merged.options.clone_from(&new.options);
    for price in &new.prices {
        let same = merged.prices.iter_mut().find(|old| old.price.currency() == price.price.currency());
        match same {
            Some(old) if given.has(Given::COMPARE_AT) => *old = *price,
            Some(old) => *old = Price { price: price.price, compare_at: old.compare_at },
            None => merged.prices.push(*price),
        }
    }
    merged.prices.sort_by_key(|price| price.price.currency());
    facts.patch_metadata(&mut merged.metadata, columns);
    merged
}

fn set_status(product: &mut Product, status: ProductStatus, now: Timestamp) {
    match status {
        _ if product.status == status => {}
        ProductStatus::Published => product.publish(now),
        ProductStatus::Archived => product.archive(),
        ProductStatus::Draft => product.status = ProductStatus::Draft,
    }
}
