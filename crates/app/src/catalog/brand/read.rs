//! Reads brands.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::BrandId;
use tradepost_store::StoreError;
use tradepost_store::catalog::brand;

use super::view::BrandView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all brands, newest first.
pub async fn list_brands(shop: &Shop, page: &PageRequest<BrandId>) -> Result<Page<BrandView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = brand::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(brand::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(BrandView::from))
}

/// The brand with this id or this handle.
pub async fn find_brand(
    shop: &Shop,
    id: Option<BrandId>,
    handle: Option<&Handle>,
) -> Result<Option<BrandView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(brand::find(&conn, id, handle.map(Handle::as_str)).await?.map(BrandView::from))
}
