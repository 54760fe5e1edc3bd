//! The fields of a record one by one: texts become names, statuses, weights, prices, times and addresses.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{JsonMap, Media, Price, ProductOption, ProductStatus};
use tradepost_domain::kernel::ids::{BrandId, CategoryId, CollectionId, EntityId, ProductTypeId};
use tradepost_domain::kernel::limits::{
    CATEGORIES_MAX, CATEGORY_DEPTH_MAX, DESCRIPTION_BYTES_MAX, POPULARITY_MAX, STOCK_QUANTITY_MAX,
    TITLE_LEN_MAX,
};
use tradepost_domain::kernel::{Currency, Handle, Locale, Money, MoneyError};
use tradepost_port::blob::is_blob_name;

use super::draft::{DraftPick, Given, Named, References};
use super::findings::Findings;
use super::record::{NameRecord, PickRecord, ProductRecord, STORED_PREFIX, VariantRecord};
use super::weight::parse_grams;
use crate::catalog::product::is_picture_url;
use crate::change::is_handle_of;
use crate::html::Sanitizer;
use crate::patch::Patch;

/// Locales that a product can be translated to, as when staff write it.
const TRANSLATIONS_MAX: usize = 50;

pub(super) fn given(record: &ProductRecord) -> Given {
    Given::default()
        .and(Given::DESCRIPTION, record.description.is_some())
        .and(Given::BRAND, record.brand.is_some())
        .and(Given::TYPE, record.product_type.is_some())
        .and(Given::CATEGORY, record.category.is_some())
        .and(Given::TAGS, record.tags.is_some())
        .and(Given::STATUS, record.status.is_some() || record.published.is_some())
        .and(Given::MEDIA, record.media.is_some())
        .and(Given::SEO_TITLE, record.seo_title.is_some())
        .and(Given::SEO_DESCRIPTION, record.seo_description.is_some())
        .and(Given::POPULARITY, record.popularity.is_some())
        .and(Given::PUBLISHED_AT, record.published_at.is_some())
        .and(Given::PUBLISH_AT, record.publish_at.is_some())
        .and(Given::CATEGORIES, record.categories.is_some())
        .and(Given::CHANNELS, record.channels != Patch::Absent)
        .and(Given::PICKS, record.picks.is_some())
        .and(Given::VARIANTS, record.lists_variants)
}

pub(super) fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    match text.trim() {
        "" => None,
        trimmed if trimmed.len() == text.len() => Some(text),
        trimmed => Some(trimmed.to_owned()),
    }
}

/// Cleaned HTML. What is too long even if half of it fell away is spared the parser, whose time grows with the square of
/// the depth: it is refused for its length.
pub(super) fn cleaned(sanitizer: &Sanitizer, html: &str) -> String {
    if html.len() > DESCRIPTION_BYTES_MAX.saturating_mul(2) { html.to_owned() } else { sanitizer.clean(html) }
}

pub(super) fn tags(tags: Option<Vec<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let tags = tags.unwrap_or_default().into_iter().filter_map(|tag| filled(Some(tag)));
    tags.filter(|tag| seen.insert(tag.clone())).collect()
}

fn named<T: EntityId>(findings: &mut Findings<'_>, field: &str, record: &NameRecord) -> Option<Named> {
    let name = record.name.trim();
    let given = record.handle.as_deref();
    let name = if name.is_empty() { given? } else { name };
    if let Some(issue) = check_text(field, name, TITLE_LEN_MAX, true) {
        findings.push(field, issue.code, issue.message);
        return None;
    }
    let handle = match given {
        Some(handle) => handle.parse::<Handle>().map_err(|error| ("invalid_handle", error)),
        None => Handle::from_title(name).map_err(|error| ("invalid_name", error)),
    };
    match handle {
        Ok(handle) if is_handle_of::<T>(&handle) => Some(Named {
            handle: handle.as_str().to_owned(),
            name: name.to_owned(),
            by_handle: given.is_some(),
        }),
        Ok(_) => {
            findings.push(field, "invalid_handle", "a handle does not begin as ids do");
            None
        }
        Err((code, error)) => {
            findings.push(field, code, error.to_string());
            None
        }
    }
}

pub(super) fn references(findings: &mut Findings<'_>, record: &ProductRecord) -> References {
    let brand = record.brand.as_ref().and_then(|name| named::<BrandId>(findings, "brand", name));
    let product_type = record.product_type.as_ref();
    let product_type = product_type.and_then(|name| named::<ProductTypeId>(findings, "type", name));
    References {
        brand,
        product_type,
        category: category(findings, "category", record.category.as_deref().unwrap_or_default()),
        categories: categories(findings, record),
        channels: record.channels.value().cloned(),
        picks: picks(findings, record),
    }
}

/// The path of a category from the root.
fn category(findings: &mut Findings<'_>, field: &str, path: &[NameRecord]) -> Vec<Named> {
    if path.len() > CATEGORY_DEPTH_MAX {
        findings.push(field, "too_deep", format!("at most {CATEGORY_DEPTH_MAX} levels"));
    }
    let mut names = Vec::with_capacity(path.len());
    for step in path {
        if step.name.trim().is_empty() && step.handle.is_none() {
            findings.push(field, "required", "must not be empty");
        }
        names.extend(named::<CategoryId>(findings, field, step));
    }
    names
}

/// The paths of further categories.
fn categories(findings: &mut Findings<'_>, record: &ProductRecord) -> Vec<Vec<Named>> {
    let paths = record.categories.as_deref().unwrap_or_default();
    if paths.len() > CATEGORIES_MAX {
        findings.push("categories", "too_many", format!("at most {CATEGORIES_MAX}"));
    }
    paths.iter().map(|path| category(findings, "categories", path)).filter(|path| !path.is_empty()).collect()
}

/// The collections that it is picked for, each once.
fn picks(findings: &mut Findings<'_>, record: &ProductRecord) -> Vec<DraftPick> {
    let mut picks: Vec<DraftPick> = Vec::new();
    for PickRecord { collection, position } in record.picks.iter().flatten() {
        let Some(collection) = named::<CollectionId>(findings, "collections", collection) else { continue };
        let place = position.as_deref().map(|text| text.trim().parse().ok().filter(|place| *place >= 0));
        if place == Some(None) {
            findings.push("collections", "invalid_number", "a position is a whole number from 0");
        }
        if picks.iter().all(|other| other.collection.handle != collection.handle) {
            picks.push(DraftPick { collection, position: place.flatten() });
        }
    }
    picks
}

pub(super) fn status(findings: &mut Findings<'_>, record: &ProductRecord) -> ProductStatus {
    let published = match record.published.as_deref().unwrap_or_default().trim().to_lowercase().as_str() {
        "" | "true" | "yes" | "1" => true,
        "false" | "no" | "0" => false,
        _ => {
            findings.push("published", "invalid_boolean", "expected TRUE or FALSE");
            true
        }
    };
    match record.status.as_deref().unwrap_or_default().trim().to_lowercase().as_str() {
        "archived" => ProductStatus::Archived,
        "draft" => ProductStatus::Draft,
        // Active and not on the shelf is what we call a draft.
        "" | "active" | "published" if !published => ProductStatus::Draft,
        // What is yet to publish itself is a draft, said or not.
        "" if time_text(record.publish_at.as_deref()).is_some() => ProductStatus::Draft,
        "" | "active" | "published" => ProductStatus::Published,
        _ => {
            findings.push("status", "unknown_status", "one of: active, draft, archived");
            ProductStatus::Draft
        }
    }
}

pub(super) fn popularity(findings: &mut Findings<'_>, text: Option<&str>) -> i64 {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return 0 };
    text.parse().ok().filter(|number| (0..=POPULARITY_MAX).contains(number)).unwrap_or_else(|| {
        let message = format!("expected a whole number from 0 to {POPULARITY_MAX}");
        findings.push("popularity", "invalid_number", message);
        0
    })
}

/// The options as the file lists them, or as the variants use them, in the order of appearance.
pub(super) fn options(record: &ProductRecord) -> Vec<ProductOption> {
    if let Some(options) = &record.options {
        let listed =
            options.iter().map(|(name, values)| ProductOption { name: name.clone(), values: values.clone() });
        return listed.collect();
    }
    let mut options: Vec<ProductOption> = Vec::new();
    for (name, value) in record.variants.iter().flat_map(|variant| &variant.options) {
        match options.iter_mut().find(|option| option.name == *name) {
            Some(option) if option.values.contains(value) => {}
            Some(option) => option.values.push(value.clone()),
            None => options.push(ProductOption { name: name.clone(), values: vec![value.clone()] }),
        }
    }
    options
}

pub(super) fn weight(
    findings: &mut Findings<'_>,
    place: (usize, u64),
    variant: &VariantRecord,
) -> Option<u32> {
    let (text, unit) = variant.weight.as_ref()?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let grams = parse_grams(text, unit);
    if grams.is_none() {
        let message = "expected a weight such as 250, in g, kg, oz or lb";
        findings.push_variant(place, "weight_grams", ("invalid_weight", message));
    }
    grams
}

pub(super) fn read_price(
    findings: &mut Findings<'_>,
    place: (usize, u64),
    currency: Currency,
    (price, compare_at): (&str, Option<&str>),
) -> Option<Price> {
    let mut read = |field: &str, text: &str| match Money::parse_major(text.trim(), currency) {
        Ok(money) => Some(money),
        Err(error) => {
            let code = match error {
                MoneyError::TooPrecise { .. } => "too_precise",
                MoneyError::TooLarge => "too_large",
                _ => "invalid_price",
            };
            findings.push_variant(place, field, (code, error.to_string()));
            None
        }
    };
    let price = read("price", price);
    let compare_at = match compare_at {
        None => None,
        Some(text) => Some(read("compare_at", text)?),
    };
    Some(Price { price: price?, compare_at })
}

/// The name of a stored picture in its address on the shop.
pub(super) fn stored_name(url: &str) -> Option<&str> {
    url.strip_prefix(STORED_PREFIX).filter(|name| is_blob_name(name))
}

pub(super) fn is_at(media: &Media, url: &str) -> bool {
    match &media.blob {
        // Nothing but names of stored pictures stands there.
        Some(blob) => url.strip_prefix(STORED_PREFIX) == Some(blob),
        None => media.source_url.as_deref() == Some(url),
    }
}

fn time_text(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

pub(super) fn time(findings: &mut Findings<'_>, field: &str, text: Option<&str>) -> Option<Timestamp> {
    let time = time_text(text)?.parse::<Timestamp>().ok();
    // PostgreSQL keeps microseconds: what is written must read back equal.
    let time = time.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok());
    // Before 1970 nothing was published on the web, and PostgreSQL's time begins later than the calendar's.
    let time = time.filter(|time| *time >= Timestamp::UNIX_EPOCH);
    if time.is_none() {
        findings.push(field, "invalid_time", "expected a time such as 2026-01-31T08:00:00Z");
    }
    time
}

/// Where a picture lies.
pub(super) enum Address {
    Stored,
    Web,
    File,
    Invalid,
}

pub(super) fn address(url: &str) -> Address {
    if stored_name(url).is_some() {
        return Address::Stored;
    }
    let web = url.contains("://");
    match (web, is_picture_url(url)) {
        (true, true) => Address::Web,
        (false, _) if url.len() <= 255 && !url.contains([':', '\\', '\0']) => Address::File,
        _ => Address::Invalid,
    }
}

/// Texts by locale, checked as those of the product are; a locale without any is removed.
pub(super) fn translations(findings: &mut Findings<'_>, sanitizer: &Sanitizer, given: &JsonMap) -> JsonMap {
    let mut translations = JsonMap::new();
    for (locale, texts) in given {
        let field = format!("translations.{locale}");
        if let Err(error) = locale.parse::<Locale>() {
            findings.push(&field, "invalid_locale", error.to_string());
        }
        let mut kept = JsonMap::new();
        let empty = JsonMap::new();
        let texts = if texts.is_null() { Some(&empty) } else { texts.as_object() };
        for (key, text) in texts.into_iter().flatten() {
            let len_max = match key.as_str() {
                "title" => TITLE_LEN_MAX,
                "description" => DESCRIPTION_BYTES_MAX,
                "seo_title" | "seo_description" => 1_000,
                _ => 0,
            };
            let path = format!("{field}.{key}");
            let Some(text) = text.as_str().filter(|_| len_max > 0) else {
                let message = "expected title, description, seo_title and seo_description";
                findings.push(&path, "invalid_type", message);
                continue;
            };
            let text = if key == "description" { cleaned(sanitizer, text) } else { text.to_owned() };
            if let Some(issue) = check_text(&path, &text, len_max, false) {
                findings.push(&path, issue.code, issue.message);
            }
            if !text.trim().is_empty() {
                kept.insert(key.clone(), Value::String(text));
            }
        }
        if texts.is_none() {
            findings.push(&field, "invalid_type", "expected an object or null");
        }
        let value = if kept.is_empty() { Value::Null } else { Value::Object(kept) };
        translations.insert(locale.clone(), value);
    }
    if translations.len() > TRANSLATIONS_MAX {
        findings.push("translations", "too_many", "at most 50 locales");
    }
    translations
}

/// Units on hand.
pub(super) fn units(
    findings: &mut Findings<'_>,
    place: (usize, u64),
    variant: &VariantRecord,
) -> Option<i64> {
    let text = variant.stock.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
    let units = text.parse().ok().filter(|units| (0..=STOCK_QUANTITY_MAX).contains(units));
    if units.is_none() {
        let message = format!("a quantity is a whole number from 0 to {STOCK_QUANTITY_MAX}");
        findings.push_variant(place, "stock", ("invalid_quantity", message));
    }
    units
}
