//! The fields of a record one by one: texts become names, statuses, weights, prices, times and addresses.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{JsonMap, Media, Price, ProductOption, ProductStatus};
use tradepost_domain::kernel::limits::{
    CATEGORY_DEPTH_MAX, DESCRIPTION_BYTES_MAX, POPULARITY_MAX, STOCK_QUANTITY_MAX, TITLE_LEN_MAX,
};
use tradepost_domain::kernel::{Currency, Handle, Locale, Money, MoneyError};
use tradepost_port::blob::is_blob_name;

use super::draft::{Given, Named};
use super::findings::Findings;
use super::record::{ProductRecord, STORED_PREFIX, VariantRecord};
use super::weight::parse_grams;
use crate::catalog::product::is_picture_url;
use crate::html::Sanitizer;

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
        .and(Given::VARIANTS, record.lists_variants)
}

pub(super) fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
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

pub(super) fn named(findings: &mut Findings<'_>, field: &'static str, name: Option<&str>) -> Option<Named> {
    let name = name?.trim();
    if name.is_empty() {
        return None;
    }
    if let Some(issue) = check_text(field, name, TITLE_LEN_MAX, true) {
        findings.push(field, issue.code, issue.message);
        return None;
    }
    match Handle::from_title(name) {
        Ok(handle) => Some(Named { handle: handle.as_str().to_owned(), name: name.to_owned() }),
        Err(error) => {
            findings.push(field, "invalid_name", error.to_string());
            None
        }
    }
}

pub(super) fn category(findings: &mut Findings<'_>, path: &[String]) -> Vec<String> {
    if path.len() > CATEGORY_DEPTH_MAX {
        findings.push("category", "too_deep", format!("at most {CATEGORY_DEPTH_MAX} levels"));
    }
    let names: Vec<String> = path.iter().map(|name| name.trim().to_owned()).collect();
    for name in &names {
        let issue = check_text("category", name, TITLE_LEN_MAX, true);
        if let Some(issue) = issue {
            findings.push("category", issue.code, issue.message);
        } else if let Err(error) = Handle::from_title(name) {
            findings.push("category", "invalid_name", error.to_string());
        }
    }
    names
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
    match stored_name(url) {
        Some(name) => media.blob.as_deref() == Some(name),
        None => media.source_url.as_deref() == Some(url),
    }
}

pub(super) fn published_at(findings: &mut Findings<'_>, text: Option<&str>) -> Option<Timestamp> {
    let time = text?.parse::<Timestamp>().ok();
    // PostgreSQL keeps microseconds: what is written must read back equal.
    let time = time.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok());
    // Before 1970 nothing was published on the web, and PostgreSQL's time begins later than the calendar's.
    let time = time.filter(|time| *time >= Timestamp::UNIX_EPOCH);
    if time.is_none() {
        findings.push("published_at", "invalid_time", "expected a time such as 2026-01-31T08:00:00Z");
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
