//! Applies a change to a product in memory. Nothing is read or written here; what does not fit becomes an issue.

use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{Issue, JsonMap, Product, ProductStatus, Seo};
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::VariantId;
use tradepost_domain::kernel::limits::{DESCRIPTION_BYTES_MAX, TITLE_LEN_MAX};
use tradepost_port::IdSource;
use tradepost_store::catalog::product::ProductRecord;

use super::changes::{ProductChanges, SeoChange, TextsChange};
use super::resolve::Resolved;
use super::{media, variants};
use crate::html::Sanitizer;

/// Locales that a product's texts can be in.
const TRANSLATIONS_MAX: usize = 50;

/// A product while it is changed.
pub(super) struct Draft<'a> {
    pub record: ProductRecord,
    /// Units on hand that the change gives, at the default location.
    pub stock: BTreeMap<VariantId, i64>,
    pub issues: Vec<Issue>,
    pub ids: &'a dyn IdSource,
}

impl Draft<'_> {
    pub(super) fn issue(&mut self, path: impl Into<String>, code: &'static str, message: &'static str) {
        self.issues.push(Issue::new(path, code, message));
    }
}

/// Applies everything but the handle, which depends on what other products have.
pub(super) fn apply(draft: &mut Draft<'_>, changes: &ProductChanges, resolved: &Resolved, now: Timestamp) {
    let product = &mut draft.record.product;
    if let Some(title) = &changes.title {
        title.trim().clone_into(&mut product.title);
    }
    if let Some(description) = &changes.description {
        product.description =
            description.as_ref().map(|html| Sanitizer::default().clean(html)).unwrap_or_default();
    }
    set(&mut product.brand_id, resolved.brand);
    set(&mut product.product_type_id, resolved.product_type);
    set(&mut product.category_id, resolved.category);
    set(&mut product.category_ids, resolved.categories.clone());
    set(&mut product.channel_ids, resolved.channels.clone());
    if let Some(tags) = &changes.tags {
        product.tags = unique(tags);
    }
    merge(&mut product.attributes, changes.attributes.as_ref());
    merge(&mut product.metadata, changes.metadata.as_ref());
    match &changes.seo {
        None => {}
        Some(None) => product.seo = Seo::default(),
        Some(Some(seo)) => {
            set_text(&mut product.seo.title, seo.title.as_ref());
            set_text(&mut product.seo.description, seo.description.as_ref());
        }
    }
    set_status(product, changes, now);
    if let Some(popularity) = changes.popularity {
        product.popularity = popularity;
    }
    translate(draft, changes);
    media::apply(draft, &changes.media, &resolved.assets);
    variants::apply(draft, changes);
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Sets or clears a text, without the spaces around it, as imports read it; one without a letter counts as none.
pub(super) fn set_text(field: &mut Option<String>, value: Option<&Option<String>>) {
    if let Some(value) = value {
        *field = value.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    }
}

fn unique(tags: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags.iter().map(|tag| tag.trim()) {
        if !kept.iter().any(|other| other == tag) {
            kept.push(tag.to_owned());
        }
    }
    kept
}

/// Merges by key, as RFC 7396 does on the first level: null removes a key, null for the whole removes all.
pub(super) fn merge(map: &mut JsonMap, change: Option<&Option<JsonMap>>) {
    match change {
        None => {}
        Some(None) => map.clear(),
        Some(Some(change)) => {
            for (key, value) in change {
                if value.is_null() {
                    map.remove(key);
                } else {
                    map.insert(key.clone(), value.clone());
                }
            }
        }
    }
}

fn set_status(product: &mut Product, changes: &ProductChanges, now: Timestamp) {
    match changes.status {
        None => {}
        Some(ProductStatus::Published) => product.publish(now),
        Some(ProductStatus::Archived) => product.archive(),
        Some(ProductStatus::Draft) => product.status = ProductStatus::Draft,
    }
    set(&mut product.publish_at, changes.publish_at);
}

fn translate(draft: &mut Draft<'_>, changes: &ProductChanges) {
    match &changes.translations {
        None => {}
        Some(None) => draft.record.translations.clear(),
        Some(Some(locales)) => {
            for (locale, texts) in locales {
                match texts {
                    None => drop(draft.record.translations.remove(locale.as_str())),
                    Some(texts) => translate_one(draft, locale, texts),
                }
            }
        }
    }
    if draft.record.translations.len() > TRANSLATIONS_MAX {
        draft.issue("$.translations", "too_many", "at most 50 locales");
    }
}

fn translate_one(draft: &mut Draft<'_>, locale: &Locale, texts: &TextsChange) {
    let stored = draft.record.translations.remove(locale.as_str());
    let mut stored = stored.and_then(|value| value.as_object().cloned()).unwrap_or_default();
    let path = format!("$.translations.{locale}");
    let clean = |html: &Option<String>| html.as_ref().map(|html| Sanitizer::default().clean(html));
    let description = texts.description.as_ref().map(clean);
    let SeoChange { title: seo_title, description: seo_description } = &texts.seo;
    let fields = [
        ("title", "title", &texts.title, TITLE_LEN_MAX),
        ("description", "description", &description, DESCRIPTION_BYTES_MAX),
        ("seo_title", "seo.title", seo_title, 1_000),
        ("seo_description", "seo.description", seo_description, 1_000),
    ];
    for (key, field, value, len_max) in fields {
        let Some(value) = value else { continue };
        match value.as_deref().filter(|text| !text.trim().is_empty()) {
            None => drop(stored.remove(key)),
            Some(text) => {
                draft.issues.extend(check_text(&format!("{path}.{field}"), text, len_max, false));
                stored.insert(key.to_owned(), Value::String(text.to_owned()));
            }
        }
    }
    if !stored.is_empty() {
        draft.record.translations.insert(locale.to_string(), Value::Object(stored));
    }
}
