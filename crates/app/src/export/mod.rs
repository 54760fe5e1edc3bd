//! Export of products in the formats that imports read: what goes out comes back the same.
//!
//! Products are read in batches by handle, so that the order does not depend on when they were made, and written as they
//! come: an export of any size takes the memory of one batch. What is asked for through the API is a run ([`request`]),
//! which the [`worker`] writes to a file.

mod fields;
mod file;
pub mod formula;
mod jsonl;
pub mod request;
mod shopify_csv;
pub mod view;
pub mod worker;

use std::collections::HashMap;
use std::io::Write;

use serde_json::Value;
use tradepost_domain::catalog::{JsonMap, Media, Product, Variant};
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{CategoryId, ChannelId, StockLocationId};
use tradepost_domain::kernel::limits::CATEGORY_DEPTH_MAX;
use tradepost_store::catalog::export::{self, StoredProduct};
use tradepost_store::catalog::staging_refs::{self, CategoryRow};
use tradepost_store::{Client, Store, StoreError, channel};

use crate::import::Format;
use crate::import::pictures::in_order;
use crate::import::record::{IMPORT_KEY, SHOPIFY_KEY, STORED_PREFIX};

pub use file::{ExportFile, open_export};
pub use request::{ExportCreate, ExportFilterView, create_export, delete_export};
pub use tradepost_store::catalog::export::ExportFilter;
pub use view::{ExportView, find_export, list_exports};
pub use worker::ExportWorker;

/// Products read at once.
const BATCH: i64 = 500;
/// Handles of products left out that are told.
const LEFT_OUT_MAX: usize = 100;

/// How to export.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Format.
    pub format: Format,
    /// Which products; nothing means all.
    pub filter: ExportFilter,
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
    /// Products that the format cannot hold: Shopify's CSV knows three options.
    pub products_left_out: u64,
    /// Handles of the first of them.
    pub left_out: Vec<String>,
}

impl ExportReport {
    fn leave_out(&mut self, handle: &str) {
        self.products_left_out = self.products_left_out.saturating_add(1);
        if self.left_out.len() < LEFT_OUT_MAX {
            self.left_out.push(handle.to_owned());
        }
    }
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
    categories: HashMap<CategoryId, CategoryRow>,
    /// How many categories have a parent and, in lower case, a name.
    siblings: HashMap<(Option<CategoryId>, String), u32>,
    channels: HashMap<ChannelId, String>,
    media_base_url: String,
}

impl Surroundings {
    async fn load(client: &Client, options: &ExportOptions) -> Result<Self, ExportError> {
        let channels = channel::list(client).await?;
        let default = channels.iter().find(|channel| channel.is_default).map(|channel| channel.currency);
        let currency = options.currency.or(default).ok_or(ExportError::NoCurrency)?;
        let rows = staging_refs::list_categories(client).await?;
        let mut siblings: HashMap<_, u32> = HashMap::new();
        for row in &rows {
            let count = siblings.entry((row.parent_id, row.name.to_lowercase())).or_default();
            *count = count.saturating_add(1);
        }
        let categories = rows.into_iter().map(|row| (row.id, row)).collect();
        let channels =
            channels.into_iter().map(|channel| (channel.id, channel.handle.as_str().to_owned())).collect();
        let base = options.media_base_url.as_deref().filter(|_| options.format == Format::ShopifyCsv);
        let media_base_url = base.unwrap_or(STORED_PREFIX).to_owned();
        Ok(Self { currency, categories, siblings, channels, media_base_url })
    }

    /// From the root to a category.
    fn path(&self, category: Option<CategoryId>) -> Vec<&CategoryRow> {
        let row = |id: CategoryId| self.categories.get(&id);
        let above = |below: &&CategoryRow| below.parent_id.and_then(row);
        let path = std::iter::successors(category.and_then(row), above).take(CATEGORY_DEPTH_MAX);
        let mut path: Vec<_> = path.collect();
        path.reverse();
        path
    }

    /// Whether a sibling has the same name, as an import reads it.
    fn is_shared(&self, row: &CategoryRow) -> bool {
        self.siblings.get(&(row.parent_id, row.name.to_lowercase())).is_some_and(|count| *count > 1)
    }

    /// Handles of channels.
    fn channels(&self, ids: &[ChannelId]) -> Vec<&str> {
        ids.iter().filter_map(|id| self.channels.get(id)).map(String::as_str).collect()
    }

    /// Where the picture of a variant is to be found.
    fn picture_of(&self, product: &Product, variant: &Variant) -> Option<String> {
        let media = product.media.iter().find(|media| Some(media.id) == variant.media_id);
        let by_name = || {
            let name = part(&variant.metadata, IMPORT_KEY).and_then(|kept| kept.get("image"));
            name.and_then(Value::as_str).map(str::to_owned)
        };
        media.map(|media| self.address(media)).or_else(by_name)
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
        let files = files.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let known = product.media.iter().map(|media| (self.address(media), media.alt.clone())).collect();
        in_order(known, files, |file| (text(file, "name"), text(file, "alt")))
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
    let mut exporter = Exporter::begin(store, options.clone()).await?;
    let mut buffer = Vec::new();
    loop {
        let more = exporter.batch(&mut buffer).await?;
        out.write_all(&buffer)?;
        buffer.clear();
        if !more {
            out.flush()?;
            return Ok(exporter.report);
        }
    }
}

/// An export in the making.
pub(crate) struct Exporter<'a> {
    store: &'a Store,
    options: ExportOptions,
    surroundings: Surroundings,
    location: Option<StockLocationId>,
    columns: Vec<shopify_csv::OutColumn>,
    /// Handle of the last product; nothing before the first batch.
    after: Option<String>,
    begun: bool,
    /// What was written so far.
    pub(crate) report: ExportReport,
}

impl<'a> Exporter<'a> {
    pub(crate) async fn begin(store: &'a Store, options: ExportOptions) -> Result<Self, ExportError> {
        let conn = store.worker().conn().await?;
        let surroundings = Surroundings::load(&conn, &options).await?;
        let location = staging_refs::find_default_location(&conn).await?;
        let columns = match options.format {
            Format::ShopifyCsv => {
                let passed_through = export::list_metadata_columns(&conn, SHOPIFY_KEY).await?;
                let attributes = export::list_attribute_keys(&conn).await?;
                shopify_csv::columns(&passed_through, &attributes)
            }
            Format::JsonLines => Vec::new(),
        };
        let report = ExportReport::default();
        Ok(Self { store, options, surroundings, location, columns, after: None, begun: false, report })
    }

    /// Adds the next products; `false` after the last ones.
    pub(crate) async fn batch(&mut self, out: &mut Vec<u8>) -> Result<bool, ExportError> {
        if !self.begun && self.options.format == Format::ShopifyCsv {
            out.extend(shopify_csv::header(&self.columns)?);
        }
        self.begun = true;
        let conn = self.store.worker().conn().await?;
        let batch = export::list_ids(&conn, &self.options.filter, self.after.as_deref(), BATCH).await?;
        let Some((_, last)) = batch.last() else { return Ok(false) };
        self.after = Some(last.clone());
        let ids: Vec<_> = batch.iter().map(|(id, _)| *id).collect();
        let stored = export::get_products(&conn, &ids, self.location).await?;
        let stored: HashMap<_, StoredProduct> =
            stored.into_iter().map(|stored| (stored.product.id, stored)).collect();
        // A product that was deleted between the two looks is not in the shop any more.
        for stored in ids.iter().filter_map(|id| stored.get(id)) {
            let written = match self.options.format {
                Format::ShopifyCsv => shopify_csv::write(stored, &self.columns, &self.surroundings)?,
                Format::JsonLines => Some(jsonl::write(stored, &self.surroundings)),
            };
            match written {
                Some(bytes) => {
                    out.extend(bytes);
                    self.report.products = self.report.products.saturating_add(1);
                }
                None => self.report.leave_out(stored.product.handle.as_str()),
            }
        }
        Ok(true)
    }
}
