//! Reads keys.

use tradepost_domain::kernel::ids::ApiKeyId;
use tradepost_store::{StoreError, api_key};

use super::view::ApiKeyView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all keys, live or not, newest first.
pub async fn list_api_keys(
    shop: &Shop,
    page: &PageRequest<ApiKeyId>,
) -> Result<Page<ApiKeyView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = api_key::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(api_key::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(ApiKeyView::from))
}

/// One key, live or not.
pub async fn find_api_key(shop: &Shop, id: ApiKeyId) -> Result<Option<ApiKeyView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(api_key::get(&conn, id).await?.map(ApiKeyView::from))
}
