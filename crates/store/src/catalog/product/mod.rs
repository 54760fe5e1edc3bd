//! Products as staff write them: loaded and saved as a whole, in a constant number of statements.
//!
//! `read` loads, `write` saves, `page` finds the ids of a list, `claim` holds what only one product can have: its row,
//! its handle, its SKUs.

mod claim;
mod page;
mod read;
mod write;

use std::collections::BTreeMap;

use tradepost_domain::catalog::{JsonMap, Product};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{CategoryId, ProductId};

use super::stock_level::StockLevel;
use crate::sql::Sql;

pub use claim::{
    LockedProduct, SkuHolder, find_by_handle, find_free_handle, find_handle_holder, find_sku_holders,
    lock_handle, lock_product,
};
pub use page::{PageKey, PageSort, ProductFilter, count, list_ids};
pub use read::{get, list};
pub use write::{delete, save};

/// Every statement on products.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [claim::STATEMENTS, page::STATEMENTS, read::STATEMENTS, write::STATEMENTS].into_iter().flatten().copied()
}

/// The id of a product, or the handle that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductKey {
    /// Id.
    Id(ProductId),
    /// Handle.
    Handle(Handle),
}

/// A product with what hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductRecord {
    /// The product.
    pub product: Product,
    /// Texts by locale: `{"de": {"title": ..., "description": ..., "seo_title": ..., "seo_description": ...}}`.
    pub translations: JsonMap,
    /// Sum of its approved ratings.
    pub rating_sum: i64,
    /// Number of its approved ratings.
    pub rating_count: i64,
    /// Name of its brand.
    pub brand: Option<String>,
    /// Name of its type.
    pub product_type: Option<String>,
    /// Its main category.
    pub category: Option<NamedCategory>,
    /// Further categories.
    pub categories: Vec<NamedCategory>,
    /// Narrower copies of its stored pictures: by the picture's blob, the blobs by width in pixels.
    pub renditions: BTreeMap<String, BTreeMap<String, String>>,
    /// Stock of its variants, a row for each location.
    pub stock: Vec<StockLevel>,
}

/// A category as a product names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCategory {
    /// Id.
    pub id: CategoryId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}
