//! Reads product types.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ProductTypeId;
use tradepost_store::StoreError;
use tradepost_store::catalog::product_type;

use super::view::ProductTypeView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all product types, newest first.
pub async fn list_product_types(
    shop: &Shop,
    page: &PageRequest<ProductTypeId>,
) -> Result<Page<ProductTypeView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = product_type::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(product_type::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(ProductTypeView::from))
}

/// The product type with this id or this handle.
pub async fn find_product_type(
    shop: &Shop,
    id: Option<ProductTypeId>,
    handle: Option<&Handle>,
) -> Result<Option<ProductTypeView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(product_type::find(&conn, id, handle.map(Handle::as_str)).await?.map(ProductTypeView::from))
}
