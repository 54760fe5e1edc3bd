//! From what a file says to a checked product: texts become money, weights and statuses, HTML is cleaned, and the domain's
//! own rules are asked. All that is wrong with a product is told at once, each with its line and column.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use tradepost_domain::catalog::{
    AttributeSchema, JsonMap, Media, Price, Product, ProductStatus, Seo, Variant,
};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_domain::kernel::{Currency, Handle};
use tradepost_port::IdSource;
use tradepost_store::catalog::staging::{ImportedProduct, ImportedStock};

use super::draft::{Draft, DraftVariant, Given, of_patch, patch_metadata};
use super::fields::{
    Address, address, cleaned, filled, given, is_at, options, popularity, read_price, references, status,
    stored_name, tags, time, translations, units, weight,
};
use super::findings::{Findings, row_errors};
use super::handles::Handles;
use super::pictures;
use super::record::{Labels, MediaRecord, ProductRecord, RowError, VariantRecord};
use crate::html::Sanitizer;

/// Code of a handle that an earlier product of the file has.
const DUPLICATE_HANDLE: &str = "duplicate_handle";

/// Makes drafts of records.
pub struct Normaliser {
    ids: Arc<dyn IdSource>,
    currency: Currency,
    labels: Arc<dyn Labels>,
    sanitizer: Sanitizer,
    handles: Handles,
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
                text.parse().or_else(|_| Handle::from_foreign(text)).map_err(|error| invalid(&error))?;
            // A path that begins like an id is read as one: the product could not be reached by its handle.
            if handle.as_str().starts_with("prod_") {
                return Err(("invalid_handle", "a handle does not begin with `prod_`, as ids do".to_owned()));
            }
            if !self.handles.take(&handle) {
                // Without a title it is no second product.
                let apart = record.title.as_deref().unwrap_or_default().trim().is_empty();
                let message = if apart {
                    format!("the rows of `{handle}` begin further above: put all rows of a product together")
                } else {
                    format!("an earlier product of the file has the handle `{handle}`")
                };
                return Err((DUPLICATE_HANDLE, message));
            }
            return Ok((handle, true));
        }
        let title = record.title.as_deref().unwrap_or_default();
        let handle = Handle::from_title(title).map_err(|error| invalid(&error))?;
        Ok((self.handles.take_free(handle), false))
    }

    /// Checks a record.
    pub fn draft(&mut self, mut record: ProductRecord, now: Timestamp) -> Result<Draft, Vec<RowError>> {
        let handle = self.handle(&record);
        let labels = Arc::clone(&self.labels);
        if let Err((DUPLICATE_HANDLE, message)) = handle {
            // What else is missing in it follows from that.
            let label = labels.label("handle", None);
            return Err(vec![RowError::new(record.line, Some(label), DUPLICATE_HANDLE, message)]);
        }
        if !record.errors.is_empty() {
            return Err(record.errors);
        }
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
        let references = references(&mut findings, &record);
        let texts_alone = self.of_texts(&mut findings, &record, now)?;
        let mut metadata = std::mem::take(&mut record.metadata);
        let media = self.media(&mut findings, &record, &mut metadata);
        let translations = translations(&mut findings, &self.sanitizer, &record.translations);
        let (variants, stock, facts) = self.variants(&mut findings, &mut record, &media);
        let has_handle = handle.as_ref().is_some_and(|(_, own)| *own);
        let handle = handle.map_or_else(placeholder, |(handle, _)| Ok(handle))?;
        let (attributes, cleared_attributes) = of_patch(std::mem::take(&mut record.attributes));
        let (translations, cleared_translations) = of_patch(translations);
        let mut product = Product { handle, title, variants, media, attributes, ..texts_alone };
        patch_metadata(&mut product.metadata, &metadata, &[]);
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
            imported: ImportedProduct {
                product,
                translations,
                picks: None,
                stock,
                rating: (0, 0),
                event_id: self.ids.next(),
            },
            has_handle,
            references,
            given,
            attributes: cleared_attributes,
            metadata,
            translations: cleared_translations,
            columns: Arc::clone(&record.columns),
            variants: facts,
        })
    }

    /// A product of the fields that stand for themselves.
    fn of_texts(
        &self,
        findings: &mut Findings<'_>,
        record: &ProductRecord,
        now: Timestamp,
    ) -> Result<Product, Vec<RowError>> {
        let status = status(findings, record);
        let published_at = time(findings, "published_at", record.published_at.as_deref());
        Ok(Product {
            id: self.ids.next::<ProductId>(),
            version: 1,
            handle: placeholder()?,
            title: String::new(),
            description: cleaned(&self.sanitizer, record.description.as_deref().unwrap_or_default()),
            status,
            publish_at: time(findings, "publish_at", record.publish_at.as_deref()),
            published_at: published_at.or((status == ProductStatus::Published).then_some(now)),
            brand_id: None,
            product_type_id: None,
            category_id: None,
            category_ids: Vec::new(),
            tags: tags(record.tags.clone()),
            attributes: JsonMap::new(),
            metadata: JsonMap::new(),
            seo: Seo {
                title: filled(record.seo_title.clone()),
                description: filled(record.seo_description.clone()),
            },
            options: options(record),
            variants: Vec::new(),
            media: Vec::new(),
            channel_ids: None,
            popularity: popularity(findings, record.popularity.as_deref()),
            created_at: now,
            updated_at: now,
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
                Address::File => {
                    let place = media.len().saturating_add(files.len());
                    files.push(pictures::file(url, &found.alt, place));
                }
                Address::Invalid => {
                    findings.push(
                        "media",
                        "invalid_url",
                        "a picture has an address that begins with https:// or http://",
                    );
                }
            }
        }
        pictures::remember(metadata, "files", Value::Array(files));
        media
    }

    fn variants(
        &self,
        findings: &mut Findings<'_>,
        record: &mut ProductRecord,
        media: &[Media],
    ) -> (Vec<Variant>, Vec<Option<ImportedStock>>, Vec<DraftVariant>) {
        let count = record.variants.len();
        let (mut variants, mut stock, mut facts) =
            (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
        for (index, variant) in record.variants.iter_mut().enumerate() {
            let place = (index, variant.line);
            let on_hand = units(findings, place, variant);
            let image = variant.image.as_deref().map(str::trim);
            let shown = media.iter().find(|media| image.is_some_and(|image| is_at(media, image)));
            // A picture of which there is only the name is remembered by it.
            let is_name = |image: &&str| shown.is_none() && matches!(address(image), Address::File);
            let image = image.map(|image| Some(image).filter(is_name).unwrap_or_default().to_owned());
            let told = DraftVariant {
                line: variant.line,
                given: given_of_variant(variant),
                metadata: std::mem::take(&mut variant.metadata),
                image,
            };
            let mut metadata = JsonMap::new();
            told.patch_metadata(&mut metadata, &[]);
            variants.push(Variant {
                id: self.ids.next(),
                sku: filled(variant.sku.take()),
                barcode: filled(variant.barcode.take()),
                options: std::mem::take(&mut variant.options).into_iter().collect::<BTreeMap<_, _>>(),
                prices: self.prices(findings, place, variant),
                weight_grams: weight(findings, place, variant),
                media_id: shown.map(|media| media.id),
                // What nobody counts can always be ordered.
                tracked: variant.tracked.unwrap_or(on_hand.is_some()),
                backorder: variant.backorder.unwrap_or(false),
                requires_shipping: variant.requires_shipping.unwrap_or(true),
                metadata,
            });
            stock.push(on_hand.map(|on_hand| ImportedStock { id: self.ids.next(), on_hand }));
            facts.push(told);
        }
        (variants, stock, facts)
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

/// Which fields of a variant the file speaks of.
fn given_of_variant(variant: &VariantRecord) -> Given {
    Given::default()
        .and(Given::SKU, variant.sku.is_some())
        .and(Given::BARCODE, variant.barcode.is_some())
        .and(Given::WEIGHT, variant.weight.is_some())
        .and(Given::TRACKED, variant.tracked.is_some())
        .and(Given::BACKORDER, variant.backorder.is_some())
        .and(Given::REQUIRES_SHIPPING, variant.requires_shipping.is_some())
        .and(Given::COMPARE_AT, variant.compare_at.is_some())
        .and(Given::IMAGE, variant.image.is_some())
}

/// A handle for a product that is refused anyway, so that its other errors can be told.
fn placeholder() -> Result<Handle, Vec<RowError>> {
    Handle::from_title("none").map_err(|_| Vec::new())
}
