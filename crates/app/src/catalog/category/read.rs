//! Reads categories.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_store::StoreError;
use tradepost_store::catalog::category_write;

use super::view::CategoryAdminView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all categories, newest first.
pub async fn list_categories(
    shop: &Shop,
    page: &PageRequest<CategoryId>,
) -> Result<Page<CategoryAdminView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = category_write::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(category_write::count(&conn).await?) } else { None };
    let views = rows.into_iter().map(CategoryAdminView::of).collect::<Result<_, _>>()?;
    Ok(Page::new(page, views, total, |view: &CategoryAdminView| view.id))
}

/// The category with this id or this handle.
pub async fn find_category(
    shop: &Shop,
    id: Option<CategoryId>,
    handle: Option<&Handle>,
) -> Result<Option<CategoryAdminView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let record = category_write::find(&conn, id, handle.map(Handle::as_str)).await?;
    record.map(CategoryAdminView::of).transpose()
}
