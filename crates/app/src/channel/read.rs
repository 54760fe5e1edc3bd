//! Reads channels.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ChannelId;
use tradepost_store::{StoreError, channel};

use super::view::ChannelView;
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all channels, newest first.
pub async fn list_channels(
    shop: &Shop,
    page: &PageRequest<ChannelId>,
) -> Result<Page<ChannelView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = channel::list_page(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(channel::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(ChannelView::from))
}

/// The channel with this id or this handle.
pub async fn find_channel(
    shop: &Shop,
    id: Option<ChannelId>,
    handle: Option<&Handle>,
) -> Result<Option<ChannelView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(channel::find(&conn, id, handle.map(Handle::as_str)).await?.map(ChannelView::from))
}
