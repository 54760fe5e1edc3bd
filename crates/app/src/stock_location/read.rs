//! Reads stock locations.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_store::StoreError;
use tradepost_store::stock_location;

use super::view::StockLocationView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all stock locations, newest first.
pub async fn list_stock_locations(
    shop: &Shop,
    page: &PageRequest<StockLocationId>,
) -> Result<Page<StockLocationView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = stock_location::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(stock_location::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(StockLocationView::from))
}

/// The stock location with this id or this handle.
pub async fn find_stock_location(
    shop: &Shop,
    id: Option<StockLocationId>,
    handle: Option<&Handle>,
) -> Result<Option<StockLocationView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(stock_location::find(&conn, id, handle.map(Handle::as_str)).await?.map(StockLocationView::from))
}
