//! Products in pages, as staff see them: a constant number of statements, however long the page.

use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use tradepost_store::StoreError;
use tradepost_store::catalog::{product, reference};

use super::view::ProductAdminView;
use crate::shop::Shop;

pub use tradepost_store::catalog::product::{PageKey, PageSort, ProductFilter};

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListProducts {
    /// Which products; its category is set from the one below.
    pub filter: ProductFilter,
    /// Id or handle of a category.
    pub category: Option<String>,
    /// In which order.
    pub sort: PageSort,
    /// Behind which product.
    pub after: Option<PageKey>,
    /// How many at most.
    pub limit: u32,
    /// Whether to count all of them.
    pub with_total: bool,
}

/// A page of products.
#[derive(Debug)]
pub struct ProductPage {
    /// The products.
    pub products: Vec<ProductAdminView>,
    /// Where the next page begins, if there is one.
    pub next: Option<PageKey>,
    /// All that the filter lets through, if asked for.
    pub total: Option<i64>,
}

/// A page; `None` when there is no such category.
pub async fn list_products(shop: &Shop, mut wanted: ListProducts) -> Result<Option<ProductPage>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    if let Some(text) = &wanted.category {
        let ids: Vec<CategoryId> = text.parse().into_iter().collect();
        let found = reference::find_categories(&conn, &ids, &[text]).await?;
        let Some(category) = found.into_iter().next() else { return Ok(None) };
        wanted.filter.category = Some(category.id.as_uuid());
    }
    let ListProducts { filter, sort, after, limit, with_total, .. } = wanted;
    // One more than asked for tells whether there is a next page.
    let mut keys = product::list_ids(&conn, &filter, sort, after.as_ref(), i64::from(limit) + 1).await?;
    let has_more = keys.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        keys.pop();
    }
    let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
    let records = product::list(&conn, &ids).await?;
    let total = if with_total { Some(product::count(&conn, &filter).await?) } else { None };
    Ok(Some(ProductPage {
        products: records.iter().map(ProductAdminView::from).collect(),
        next: keys.pop().filter(|_| has_more),
        total,
    }))
}
