//! From what a file says to a checked product: texts become money, weights and statuses, HTML is cleaned, and the domain's
//! own rules are asked. All that is wrong with a product is told at once, each with its line and column.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{
    AttributeSchema, Issue, JsonMap, Media, Price, Product, ProductOption, ProductStatus, Seo, Variant,
};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_domain::kernel::limits::{
    CATEGORY_DEPTH_MAX, DESCRIPTION_BYTES_MAX, STOCK_QUANTITY_MAX, TITLE_LEN_MAX,
};
use tradepost_domain::kernel::{Currency, Handle, Locale, Money, MoneyError};
use tradepost_port::IdSource;
use tradepost_port::blob::is_blob_name;
use tradepost_store::catalog::staging::{ImportedProduct, ImportedStock};

use super::draft::{Draft, DraftVariant, Given, Named, patch_attributes, patch_metadata};
use super::record::{IMPORT_KEY, Labels, MediaRecord, ProductRecord, RowError, STORED_PREFIX, VariantRecord};
use super::weight::parse_grams;
use crate::html::Sanitizer;

/// Locales that a product can be translated to, as when staff write it.
const TRANSLATIONS_MAX: usize = 50;

/// Makes drafts of records.
pub struct Normaliser {
    ids: Arc<dyn IdSource>,
    currency: Currency,
    labels: Arc<dyn Labels>,
    sanitizer: Sanitizer,
    handles: Handles,
}

/// The handles that the file has used so far, as hashes: eight bytes a product however long they are.
#[derive(Debug, Default)]
struct Handles {
    used: HashSet<u64>,
    /// The number to try next for titles that came more than once.
    next_number: HashMap<u64, u32>,
}

impl Handles {
    fn hash(handle: &Handle) -> u64 {
        let mut hasher = DefaultHasher::new();
        handle.as_str().hash(&mut hasher);
        hasher.finish()
    }

    fn take(&mut self, handle: &Handle) -> bool {
        self.used.insert(Self::hash(handle))
    }

    /// The handle, or the first of `handle-2`, `handle-3`, … that is free in the file.
    fn take_free(&mut self, handle: Handle) -> Handle {
        if self.take(&handle) {
            return handle;
        }
        let mut number = self.next_number.get(&Self::hash(&handle)).copied().unwrap_or(2);
        loop {
            let candidate = handle.with_suffix(number);
            number = number.saturating_add(1);
            if self.take(&candidate) {
                self.next_number.insert(Self::hash(&handle), number);
                return candidate;
            }
        }
    }
}

/// The errors of one product while it is checked.
struct Findings<'a> {
    labels: &'a dyn Labels,
    line: u64,
    /// Whether the file lists variants; else their fields are the product's.
    listed: bool,
    errors: Vec<RowError>,
}

impl Findings<'_> {
    fn push(&mut self, field: &str, code: &'static str, message: impl Into<std::borrow::Cow<'static, str>>) {
        let label = self.labels.label(field, None);
        self.errors.push(RowError::new(self.line, Some(label), code, message));
    }

    fn push_variant(
        &mut self,
        (index, line): (usize, u64),
        field: &str,
        (code, message): (&'static str, impl Into<std::borrow::Cow<'static, str>>),
    ) {
        let label = variant_label(self.labels, field, self.listed.then_some(index));
        self.errors.push(RowError::new(line, Some(label), code, message));
    }
}

/// What the file calls a field of a variant; without an index the field stands at the product.
pub fn variant_label(labels: &dyn Labels, field: &str, index: Option<usize>) -> String {
    match index {
        Some(_) => labels.label(&format!("variants.{field}"), index),
        None => labels.label(field, None),
    }
}

/// Turns what the domain found into errors of rows.
pub fn row_errors(
    issues: Vec<Issue>,
    (line, variant_lines, listed): (u64, &[u64], bool),
    labels: &dyn Labels,
) -> Vec<RowError> {
    let to_error = |issue: Issue| {
        let path = issue.path.strip_prefix("$.").unwrap_or(&issue.path);
        let variant = path.strip_prefix("variants[").and_then(|rest| rest.split_once(']'));
        let Some((index, field)) = variant else {
            let field = path.split(['[', '.']).next().unwrap_or(path);
            let whole = if matches!(field, "seo" | "attributes" | "metadata") { path } else { field };
            return RowError::new(line, Some(labels.label(whole, None)), issue.code, issue.message);
        };
        let index: usize = index.parse().unwrap_or_default();
        let field = field.trim_start_matches('.').split(['[', '.']).next().unwrap_or_default();
        let field = if field == "prices" { "price" } else { field };
        let line = variant_lines.get(index).copied().unwrap_or(line);
        RowError::new(
            line,
            Some(variant_label(labels, field, listed.then_some(index))),
            issue.code,
            issue.message,
        )
    };
    issues.into_iter().map(to_error).collect()
}

impl Normaliser {
    /// For one run over one file.
    pub fn new(ids: Arc<dyn IdSource>, currency: Currency, labels: Arc<dyn Labels>) -> Self {
        Self { ids, currency, labels, sanitizer: Sanitizer::default(), handles: Handles::default() }
    }

    /// Remembers the handle of a product that an earlier run has dealt with.
    pub fn skip(&mut self, record: &ProductRecord) {
        let _ = self.handle(record);
    }

    /// The handle of a record, and whether it is the file's own.
    fn handle(&mut self, record: &ProductRecord) -> Result<(Handle, bool), (&'static str, String)> {
        let invalid = |error: &dyn std::fmt::Display| ("invalid_handle", error.to_string());
        if let Some(text) = &record.handle {
            // Handles of other shops may hold capitals or signs: they become what ours would be.
            let handle =
                text.parse().or_else(|_| Handle::from_title(text)).map_err(|error| invalid(&error))?;
            if !self.handles.take(&handle) {
                let message = format!("an earlier product of the file has the handle `{handle}`");
                return Err(("duplicate_handle", message));
            }
            return Ok((handle, true));
        }
        let title = record.title.as_deref().unwrap_or_default();
        let handle = Handle::from_title(title).map_err(|error| invalid(&error))?;
        Ok((self.handles.take_free(handle), false))
    }

    /// Checks a record.
    pub fn draft(&mut self, record: ProductRecord, now: Timestamp) -> Result<Draft, Vec<RowError>> {
        let handle = self.handle(&record);
        if !record.errors.is_empty() {
            return Err(record.errors);
        }
        let labels = Arc::clone(&self.labels);
        let mut findings = Findings {
            labels: labels.as_ref(),
            line: record.line,
            listed: record.lists_variants,
            errors: Vec::new(),
        };
        let title = record.title.as_deref().unwrap_or_default().trim().to_owned();
        let handle = match handle {
            Ok(handle) => Some(handle),
            // Without a title there is nothing to make a handle of: that is told once.
            Err(_) if title.is_empty() && record.handle.is_none() => None,
            Err((code, message)) => {
                findings.push("handle", code, message);
                None
            }
        };
        let given = given(&record);
        let brand = named(&mut findings, "brand", record.brand.as_deref());
        let product_type = named(&mut findings, "type", record.product_type.as_deref());
        let category = category(&mut findings, record.category.as_deref().unwrap_or_default());
        let status = status(&mut findings, &record);
        let popularity = popularity(&mut findings, record.popularity.as_deref());
        let options = options(&record);
        let mut metadata = record.metadata.clone();
        let media = self.media(&mut findings, &record, &mut metadata);
        let translations = self.translations(&mut findings, &record.translations);
        let published_at = published_at(&mut findings, record.published_at.as_deref());
        let (variants, stock, facts) = self.variants(&mut findings, &record, &media);
        let mut product = Product {
            id: self.ids.next::<ProductId>(),
            version: 1,
            handle: handle.as_ref().map_or_else(placeholder, |(handle, _)| Ok(handle.clone()))?,
            title,
            description: self.sanitizer.clean(record.description.as_deref().unwrap_or_default().trim()),
            status,
            publish_at: None,
            published_at: published_at.or((status == ProductStatus::Published).then_some(now)),
            brand_id: None,
            product_type_id: None,
            category_id: None,
            category_ids: Vec::new(),
            tags: tags(record.tags),
            attributes: JsonMap::new(),
            metadata: JsonMap::new(),
            seo: Seo { title: filled(record.seo_title), description: filled(record.seo_description) },
            options,
            variants,
            media,
            channel_ids: None,
            popularity,
            created_at: now,
            updated_at: now,
        };
        patch_attributes(&mut product.attributes, &record.attributes);
        patch_metadata(&mut product.metadata, &metadata, &[]);
        let mut texts = JsonMap::new();
        patch_attributes(&mut texts, &translations);
        let mut errors = findings.errors;
        if let Err(issues) = product.validate(&AttributeSchema::default()) {
            let lines: Vec<u64> = facts.iter().map(|facts| facts.line).collect();
            errors.extend(row_errors(issues, (record.line, &lines, record.lists_variants), labels.as_ref()));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Draft {
            line: record.line,
            imported: ImportedProduct { product, translations: texts, stock, event_id: self.ids.next() },
            has_handle: handle.is_some_and(|(_, own)| own),
            brand,
            product_type,
            category,
            given,
            attributes: record.attributes,
            metadata,
            translations,
            columns: Arc::clone(&record.columns),
            variants: facts,
        })
    }

    /// Pictures with an address; names of files are kept in the metadata, for which no picture can be shown.
    fn media(
        &self,
        findings: &mut Findings<'_>,
        record: &ProductRecord,
        metadata: &mut JsonMap,
    ) -> Vec<Media> {
        let Some(records) = &record.media else { return Vec::new() };
        let mut media: Vec<Media> = Vec::new();
        let mut files = Vec::new();
        let of_variants = record.variants.iter().filter_map(|variant| {
            let url = variant.image.as_deref().map(str::trim).filter(|url| !url.is_empty())?;
            Some(MediaRecord { line: variant.line, url: url.to_owned(), alt: String::new() })
        });
        for found in records.iter().cloned().chain(of_variants) {
            let url = found.url.trim();
            let known = media.iter().any(|media| is_at(media, url))
                || files.iter().any(|file: &Value| file.get("name").and_then(Value::as_str) == Some(url));
            if known || url.is_empty() {
                continue;
            }
            match address(url) {
                Address::Web | Address::Stored => media.push(Media {
                    id: self.ids.next(),
                    blob: stored_name(url).map(str::to_owned),
                    source_url: stored_name(url).is_none().then(|| url.to_owned()),
                    alt: found.alt,
                    width: None,
                    height: None,
                }),
                Address::File => files.push(json!({"name": url, "alt": found.alt})),
                Address::Invalid => {
                    findings.push(
                        "media",
                        "invalid_url",
                        "a picture has an address that begins with https:// or http://",
                    );
                }
            }
        }
        let kept = metadata.entry(IMPORT_KEY).or_insert_with(|| Value::Object(JsonMap::new()));
        if let Some(kept) = kept.as_object_mut() {
            kept.insert("files".to_owned(), Value::Array(files));
        }
        media
    }

    /// Texts by locale, checked as those of the product are; a locale without any is removed.
    fn translations(&self, findings: &mut Findings<'_>, given: &JsonMap) -> JsonMap {
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
                let text = if key == "description" { self.sanitizer.clean(text) } else { text.to_owned() };
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

    #[expect(clippy::type_complexity, reason = "three parallel lists that are taken apart at once")]
    fn variants(
        &self,
        findings: &mut Findings<'_>,
        record: &ProductRecord,
        media: &[Media],
    ) -> (Vec<Variant>, Vec<Option<ImportedStock>>, Vec<DraftVariant>) {
        let count = record.variants.len();
        let (mut variants, mut stock, mut facts) =
            (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
        for (index, variant) in record.variants.iter().enumerate() {
            let place = (index, variant.line);
            let on_hand = self.stock(findings, place, variant);
            let image = variant.image.as_deref().map(str::trim);
            let shown = media.iter().find(|media| image.is_some_and(|image| is_at(media, image)));
            let mut metadata = JsonMap::new();
            patch_metadata(&mut metadata, &variant.metadata, &[]);
            variants.push(Variant {
                id: self.ids.next(),
                sku: filled(variant.sku.clone()),
                barcode: filled(variant.barcode.clone()),
                options: variant.options.iter().cloned().collect::<BTreeMap<_, _>>(),
                prices: self.prices(findings, place, variant),
                weight_grams: weight(findings, place, variant),
                media_id: shown.map(|media| media.id),
                // What nobody counts can always be ordered.
                tracked: variant.tracked.unwrap_or(on_hand.is_some()),
                backorder: variant.backorder.unwrap_or(false),
                metadata,
            });
            stock.push(on_hand.map(|on_hand| ImportedStock { id: self.ids.next(), on_hand }));
            let given = Given::default()
                .and(Given::SKU, variant.sku.is_some())
                .and(Given::BARCODE, variant.barcode.is_some())
                .and(Given::WEIGHT, variant.weight.is_some())
                .and(Given::TRACKED, variant.tracked.is_some())
                .and(Given::BACKORDER, variant.backorder.is_some())
                .and(Given::COMPARE_AT, variant.compare_at.is_some())
                .and(Given::IMAGE, variant.image.is_some());
            facts.push(DraftVariant { line: variant.line, given, metadata: variant.metadata.clone() });
        }
        (variants, stock, facts)
    }

    fn stock(
        &self,
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

    fn prices(
        &self,
        findings: &mut Findings<'_>,
        place: (usize, u64),
        variant: &VariantRecord,
    ) -> Vec<Price> {
        let mut prices = Vec::with_capacity(1);
        match filled(variant.price.clone()) {
            None if !variant.prices.is_empty() => {}
            None => findings.push_variant(place, "price", ("price_required", "every variant needs a price")),
            Some(price) => {
                let compare_at = filled(variant.compare_at.clone());
                prices.extend(read_price(findings, place, self.currency, (&price, compare_at.as_deref())));
            }
        }
        for (code, price, compare_at) in &variant.prices {
            match code.parse::<Currency>() {
                Ok(currency) => {
                    prices.extend(read_price(findings, place, currency, (price, compare_at.as_deref())));
                }
                Err(error) => findings.push_variant(place, "prices", ("invalid_currency", error.to_string())),
            }
        }
        prices.sort_by_key(|price| price.price.currency());
        prices
    }
}

/// A handle for a product that is refused anyway, so that its other errors can be told.
fn placeholder() -> Result<Handle, Vec<RowError>> {
    Handle::from_title("none").map_err(|_| Vec::new())
}

fn given(record: &ProductRecord) -> Given {
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

fn filled(text: Option<String>) -> Option<String> {
    let text = text?;
    let trimmed = text.trim();
    if trimmed.is_empty() { None } else { Some(trimmed.to_owned()) }
}

fn tags(tags: Option<Vec<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let tags = tags.unwrap_or_default().into_iter().filter_map(|tag| filled(Some(tag)));
    tags.filter(|tag| seen.insert(tag.clone())).collect()
}

fn named(findings: &mut Findings<'_>, field: &'static str, name: Option<&str>) -> Option<Named> {
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

fn category(findings: &mut Findings<'_>, path: &[String]) -> Vec<String> {
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

fn status(findings: &mut Findings<'_>, record: &ProductRecord) -> ProductStatus {
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

fn popularity(findings: &mut Findings<'_>, text: Option<&str>) -> i64 {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return 0 };
    text.parse().ok().filter(|number| *number >= 0).unwrap_or_else(|| {
        findings.push("popularity", "invalid_number", "expected a whole number from 0");
        0
    })
}

/// The options as the file lists them, or as the variants use them, in the order of appearance.
fn options(record: &ProductRecord) -> Vec<ProductOption> {
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

fn weight(findings: &mut Findings<'_>, place: (usize, u64), variant: &VariantRecord) -> Option<u32> {
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

fn read_price(
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
fn stored_name(url: &str) -> Option<&str> {
    url.strip_prefix(STORED_PREFIX).filter(|name| is_blob_name(name))
}

fn is_at(media: &Media, url: &str) -> bool {
    match stored_name(url) {
        Some(name) => media.blob.as_deref() == Some(name),
        None => media.source_url.as_deref() == Some(url),
    }
}

fn published_at(findings: &mut Findings<'_>, text: Option<&str>) -> Option<Timestamp> {
    let time = text?.parse::<Timestamp>().ok();
    // PostgreSQL keeps microseconds: what is written must read back equal.
    let time = time.and_then(|time| Timestamp::from_microsecond(time.as_microsecond()).ok());
    if time.is_none() {
        findings.push("published_at", "invalid_time", "expected a time such as 2026-01-31T08:00:00Z");
    }
    time
}

enum Address {
    Stored,
    Web,
    File,
    Invalid,
}

fn address(url: &str) -> Address {
    if stored_name(url).is_some() {
        return Address::Stored;
    }
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let clean = url.len() <= 2_000 && !url.contains(|letter: char| letter.is_control() || letter == ' ');
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    match (web, clean) {
        (true, true) => Address::Web,
        (false, _) if url.len() <= 255 && !url.contains([':', '\\', '\0']) => Address::File,
        _ => Address::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_and_third_of_a_name_get_numbers_that_are_free() {
        let mut handles = Handles::default();
        let handle: Handle = "shoe".parse().unwrap();
        assert!(handles.take(&"shoe-2".parse().unwrap()));
        let taken: Vec<String> =
            (0..3).map(|_| handles.take_free(handle.clone()).as_str().to_owned()).collect();
        assert_eq!(taken, ["shoe", "shoe-3", "shoe-4"]);
        assert!(!handles.take(&handle));
    }
}
