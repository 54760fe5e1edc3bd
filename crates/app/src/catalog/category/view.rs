//! A category as staff see it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_domain::kernel::limits::{DESCRIPTION_BYTES_MAX, TITLE_LEN_MAX, TRANSLATIONS_MAX};
use tradepost_store::StoreError;
use tradepost_store::catalog::category_write::CategoryRecord;
use utoipa::ToSchema;

use crate::change::resource;
use crate::html::Sanitizer;

/// A category's texts in one locale; what is missing falls back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryTexts {
    /// Name as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// HTML, which is sanitised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Texts by locale.
pub(super) type Translations = BTreeMap<Locale, CategoryTexts>;

/// A node of the category tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryAdminView {
    /// Id.
    #[schema(value_type = String)]
    pub id: CategoryId,
    /// The category above it; null at the root.
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<CategoryId>,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Sanitised HTML.
    pub description: String,
    /// Place among those of the same parent.
    pub position: i32,
    /// Texts by locale.
    #[schema(value_type = BTreeMap<String, CategoryTexts>)]
    pub translations: Translations,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(CategoryAdminView, CategoryId, "category", "/api/admin/categories");

impl CategoryAdminView {
    /// Of the stored category.
    pub(super) fn of(record: CategoryRecord) -> Result<Self, StoreError> {
        let translations = serde_json::from_value(record.translations);
        Ok(Self {
            id: record.id,
            parent_id: record.parent_id,
            handle: record.handle,
            name: record.name,
            description: record.description,
            position: record.position,
            translations: translations.map_err(|error| StoreError::inconsistent("category", error))?,
            version: record.version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        })
    }

    /// As it is stored.
    pub(super) fn record(&self) -> Result<CategoryRecord, serde_json::Error> {
        Ok(CategoryRecord {
            id: self.id,
            parent_id: self.parent_id,
            handle: self.handle.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            position: self.position,
            translations: serde_json::to_value(&self.translations)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    /// Cleans all HTML of it.
    pub(super) fn sanitise(&mut self) {
        let sanitizer = Sanitizer::default();
        self.description = sanitizer.clean(&self.description);
        for description in self.translations.values_mut().filter_map(|texts| texts.description.as_mut()) {
            *description = sanitizer.clean(description);
        }
    }

    /// What is wrong with it, where it hangs apart.
    pub(super) fn issues(&self) -> Vec<Issue> {
        let mut issues = Vec::from_iter(check_text("$.name", &self.name, TITLE_LEN_MAX, true));
        issues.extend(too_large("$.description", &self.description));
        if self.position < 0 {
            issues.push(Issue::new("$.position", "out_of_range", "a position is not below zero"));
        }
        if self.translations.len() > TRANSLATIONS_MAX {
            issues.push(Issue::new("$.translations", "too_many", format!("at most {TRANSLATIONS_MAX}")));
        }
        for (locale, texts) in &self.translations {
            let path = |field: &str| format!("$.translations.{locale}.{field}");
            let name = texts.name.as_deref();
            issues.extend(name.and_then(|name| check_text(&path("name"), name, TITLE_LEN_MAX, true)));
            let description = texts.description.as_deref();
            issues.extend(description.and_then(|text| too_large(&path("description"), text)));
        }
        issues
    }
}

fn too_large(path: &str, text: &str) -> Option<Issue> {
    let message = || format!("at most {DESCRIPTION_BYTES_MAX} bytes");
    (text.len() > DESCRIPTION_BYTES_MAX).then(|| Issue::new(path, "too_long", message()))
}
