//! Export of products in the formats that imports read: what goes out comes back the same.
//!
//! Products are read in batches by handle, so that the order does not depend on when they were made, and written as they
//! come: an export of any size takes the memory of one batch.

pub mod formula;
mod jsonl;
mod shopify_csv;

use std::collections::HashMap;
use std::io::Write;

use serde_json::Value;
use tradepost_domain::catalog::{JsonMap, Media, Product};
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_domain::kernel::limits::CATEGORY_DEPTH_MAX;
use tradepost_store::catalog::export::{self, StoredProduct};
use tradepost_store::catalog::staging_refs;
use tradepost_store::{Client, Store, StoreError, channel};

use crate::import::Format;
use crate::import::record::{IMPORT_KEY, SHOPIFY_KEY, STORED_PREFIX};

/// Products read at once.
const BATCH: i64 = 500;

/// How to export.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Format.
    pub format: Format,
    /// Currency of the prices; the default channel's when absent.
    pub currency: Option<Currency>,
    /// What stands in front of the names of stored pictures in a CSV, for readers elsewhere; without it, and in JSON
    /// lines, pictures stand as the shop itself names them, so that an import finds them again.
    pub media_base_url: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Products.
    pub products: u64,
    /// Handles of products that the format cannot hold: Shopify's CSV knows three options.
    pub left_out: Vec<String>,
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody takes what is written.
    #[error("the export could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// No currency was given, and there is no default channel that has one.
    #[error("no currency for the prices of the file: give one, or make a default channel")]
    NoCurrency,
}

/// What all products of an export have in common.
struct Surroundings {
    currency: Currency,
    categories: HashMap<CategoryId, (Option<CategoryId>, String)>,
    media_base_url: String,
}

impl Surroundings {
    async fn load(client: &Client, options: &ExportOptions) -> Result<Self, ExportError> {
        let currency = if let Some(currency) = options.currency {
            currency
        } else {
            let channels = channel::list(client).await?;
            let default = channels.into_iter().find(|channel| channel.is_default);
            default.ok_or(ExportError::NoCurrency)?.currency
        };
        let categories = staging_refs::list_categories(client).await?;
        let categories = categories.into_iter().map(|row| (row.id, (row.parent_id, row.name))).collect();
        let base = options.media_base_url.as_deref().filter(|_| options.format == Format::ShopifyCsv);
        Ok(Self { currency, categories, media_base_url: base.unwrap_or(STORED_PREFIX).to_owned() })
    }

    /// Names from the root to a category.
    fn path(&self, category: Option<CategoryId>) -> Vec<&str> {
        let mut path = Vec::new();
        let mut next = category;
        while let Some((parent, name)) = next.and_then(|id| self.categories.get(&id)) {
            if path.len() >= CATEGORY_DEPTH_MAX {
                break;
            }
            path.push(name.as_str());
            next = *parent;
        }
        path.reverse();
        path
    }

    /// Where a picture is to be found, for others.
    fn address(&self, media: &Media) -> String {
        let blob = media.blob.as_deref().unwrap_or_default();
        let stored = || format!("{}{blob}", self.media_base_url);
        media.source_url.clone().unwrap_or_else(stored)
    }

    /// Addresses and descriptions of all pictures, those among them of which only the name of a file is known.
    fn pictures(&self, product: &Product) -> Vec<(String, String)> {
        let text =
            |file: &Value, key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let files = part(&product.metadata, IMPORT_KEY).and_then(|kept| kept.get("files"));
        let files = files.and_then(Value::as_array).into_iter().flatten();
        let known = product.media.iter().map(|media| (self.address(media), media.alt.clone()));
        known.chain(files.map(|file| (text(file, "name"), text(file, "alt")))).collect()
    }
}

/// An object within metadata.
fn part<'a>(metadata: &'a JsonMap, key: &str) -> Option<&'a JsonMap> {
    metadata.get(key).and_then(Value::as_object)
}

/// Writes all products of the shop.
pub async fn export_products(
    store: &Store,
    options: &ExportOptions,
    out: &mut (dyn Write + Send),
) -> Result<ExportReport, ExportError> {
    let conn = store.worker().conn().await?;
    let surroundings = Surroundings::load(&conn, options).await?;
    let location = staging_refs::find_default_location(&conn).await?;
    let columns = match options.format {
        Format::ShopifyCsv => {
            let passed_through = export::list_metadata_columns(&conn, SHOPIFY_KEY).await?;
            let attributes = export::list_attribute_keys(&conn).await?;
            let columns = shopify_csv::columns(&passed_through, &attributes);
            out.write_all(&shopify_csv::header(&columns)?)?;
            columns
        }
        Format::JsonLines => Vec::new(),
    };
    let mut report = ExportReport::default();
    let mut after: Option<String> = None;
    loop {
        let batch = export::list_ids(&conn, after.as_deref(), BATCH).await?;
        let Some((_, last)) = batch.last() else { break };
        after = Some(last.clone());
        let ids: Vec<_> = batch.iter().map(|(id, _)| *id).collect();
        let stored = export::get_products(&conn, &ids, location).await?;
        let stored: HashMap<_, StoredProduct> =
            stored.into_iter().map(|stored| (stored.product.id, stored)).collect();
        // A product that was deleted between the two looks is not in the shop any more.
        for stored in ids.iter().filter_map(|id| stored.get(id)) {
            let written = match options.format {
                Format::ShopifyCsv => shopify_csv::write(stored, &columns, &surroundings)?,
                Format::JsonLines => Some(jsonl::write(stored, &surroundings)),
            };
            match written {
                Some(bytes) => {
                    out.write_all(&bytes)?;
                    report.products = report.products.saturating_add(1);
                }
                None => report.left_out.push(stored.product.handle.as_str().to_owned()),
            }
        }
    }
    out.flush()?;
    Ok(report)
}
