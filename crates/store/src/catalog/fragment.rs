//! Finished fragments: the JSON of cards and pages as the projector left it in `product_view`.

use bytes::Bytes;
use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{ChannelId, EntityId, ProductId};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST_CARDS = "
        select product_id, card
          from product_view
         where channel_id = $1 and locale = $2 and product_id = any ($3)";
    LIST_CARDS_AND_PAGES = "
        select product_id, card, page
          from product_view
         where channel_id = $1 and locale = $2 and product_id = any ($3)";
    GET_PAGE = "
        select product_id, version, rendered_at, page
          from product_view
         where channel_id = $1 and locale = $2 and product_id = $3";
    FIND_PAGE_BY_HANDLE = "
        select product_id, version, rendered_at, page
          from product_view
         where channel_id = $1 and locale = $2 and handle = $3";
}

/// What one shopper sees: the rows of one channel in one locale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    /// Channel.
    pub channel_id: ChannelId,
    /// Locale of the texts.
    pub locale: Locale,
}

/// A product's card, and its page where that was asked too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRow {
    /// Product.
    pub product_id: ProductId,
    /// JSON object.
    pub card: Bytes,
    /// JSON object.
    pub page: Option<Bytes>,
}

/// A product's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow {
    /// Product.
    pub product_id: ProductId,
    /// Epoch that its rendering began.
    pub version: i64,
    /// When it was rendered.
    pub rendered_at: Timestamp,
    /// JSON object.
    pub page: Bytes,
}

/// Cards of products, in no order; products that the view does not show are left out.
pub async fn list_cards(client: &Client, view: &View, ids: &[ProductId]) -> Result<Vec<CardRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let rows = client.query(LIST_CARDS, &[&view.channel_id.as_uuid(), &view.locale.as_str(), &ids]).await?;
    let card =
        |row: &Row| CardRow { product_id: ProductId::from_uuid(row.get(0)), card: bytes(row, 1), page: None };
    Ok(rows.iter().map(card).collect())
}

/// As [`list_cards`], with the pages.
pub async fn list_cards_and_pages(
    client: &Client,
    view: &View,
    ids: &[ProductId],
) -> Result<Vec<CardRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let params: crate::db::Params<'_> = &[&view.channel_id.as_uuid(), &view.locale.as_str(), &ids];
    let rows = client.query(LIST_CARDS_AND_PAGES, params).await?;
    let both = |row: &Row| CardRow {
        product_id: ProductId::from_uuid(row.get(0)),
        card: bytes(row, 1),
        page: Some(bytes(row, 2)),
    };
    Ok(rows.iter().map(both).collect())
}

/// The page of a product, if the view shows it.
pub async fn get_page(client: &Client, view: &View, id: ProductId) -> Result<Option<PageRow>, StoreError> {
    let params: crate::db::Params<'_> = &[&view.channel_id.as_uuid(), &view.locale.as_str(), &id.as_uuid()];
    Ok(client.query_opt(GET_PAGE, params).await?.as_ref().map(page_row))
}

/// The page of the product with this handle, if the view shows it.
pub async fn find_page_by_handle(
    client: &Client,
    view: &View,
    handle: &str,
) -> Result<Option<PageRow>, StoreError> {
    let params: crate::db::Params<'_> = &[&view.channel_id.as_uuid(), &view.locale.as_str(), &handle];
    Ok(client.query_opt(FIND_PAGE_BY_HANDLE, params).await?.as_ref().map(page_row))
}

fn page_row(row: &Row) -> PageRow {
    PageRow {
        product_id: ProductId::from_uuid(row.get(0)),
        version: row.get(1),
        rendered_at: row.get(2),
        page: bytes(row, 3),
    }
}

fn bytes(row: &Row, column: usize) -> Bytes {
    Bytes::copy_from_slice(row.get::<_, &str>(column).as_bytes())
}
