//! What search indexes are made of: the rows of `product_view`, with the version that each has.
//!
//! A row's version grows with every change of it, so that an index that remembers the versions of what it holds knows by
//! them alone what it has missed.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{ChannelId, CollectionId, EntityId, ProductId};
use uuid::Uuid;

use super::fragment::View;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST_ROWS = "
        select channel_id, locale, product_id, version, title_sort, published_at, popularity, rating_hundredths,
               brand_handle, type_handle, collection_ids, page
          from product_view
         where channel_id = $1 and locale = $2 and ($3::uuid is null or product_id > $3)
         order by product_id
         limit $4";
    FIND_ROWS = "
        select channel_id, locale, product_id, version, title_sort, published_at, popularity, rating_hundredths,
               brand_handle, type_handle, collection_ids, page
          from product_view
         where product_id = any ($1) and ($2::uuid is null or channel_id = $2 and locale = $3)";
    LIST_VERSIONS = "
        select product_id, version
          from product_view
         where channel_id = $1 and locale = $2 and ($3::uuid is null or product_id > $3)
         order by product_id
         limit $4";
    COUNT = "
        select count(*) from product_view where channel_id = $1 and locale = $2";
}

/// What is known of a product in one view.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRow {
    /// Channel and locale.
    pub view: View,
    /// Product.
    pub product_id: ProductId,
    /// Grows with every change of the row.
    pub version: i64,
    /// What the sort by name compares.
    pub title_sort: String,
    /// When the product was first published.
    pub published_at: Timestamp,
    /// Units sold.
    pub popularity: i64,
    /// Average rating in hundredths of a star.
    pub rating_hundredths: i32,
    /// Handle of the brand, or empty.
    pub brand_handle: String,
    /// Handle of the product type, or empty.
    pub type_handle: String,
    /// All collections.
    pub collection_ids: Vec<CollectionId>,
    /// The JSON of the product's page.
    pub page: String,
}

/// Up to `limit` products of a view in the order of their ids, after one.
pub async fn list_rows(
    client: &Client,
    view: &View,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<IndexRow>, StoreError> {
    let (channel, after) = (view.channel_id.as_uuid(), after.map(|id| id.as_uuid()));
    let rows = client.query(LIST_ROWS, &[&channel, &view.locale.as_str(), &after, &limit]).await?;
    rows.iter().map(index_row).collect()
}

/// These products, in one view or in every one that shows them.
pub async fn find_rows(
    client: &Client,
    ids: &[ProductId],
    view: Option<&View>,
) -> Result<Vec<IndexRow>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let channel = view.map(|view| view.channel_id.as_uuid());
    let locale = view.map(|view| view.locale.as_str());
    client.query(FIND_ROWS, &[&ids, &channel, &locale]).await?.iter().map(index_row).collect()
}

/// The versions of up to `limit` products of a view in the order of their ids, after one.
pub async fn list_versions(
    client: &Client,
    view: &View,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<(ProductId, i64)>, StoreError> {
    let (channel, after) = (view.channel_id.as_uuid(), after.map(|id| id.as_uuid()));
    let rows = client.query(LIST_VERSIONS, &[&channel, &view.locale.as_str(), &after, &limit]).await?;
    Ok(rows.iter().map(|row| (ProductId::from_uuid(row.get(0)), row.get(1))).collect())
}

/// Products of a view.
pub async fn count(client: &Client, view: &View) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&view.channel_id.as_uuid(), &view.locale.as_str()]).await?.get(0))
}

fn index_row(row: &Row) -> Result<IndexRow, StoreError> {
    let locale: &str = row.get(1);
    let locale: Locale = locale.parse().map_err(|error| StoreError::inconsistent("product_view", error))?;
    let collections: Vec<Uuid> = row.get(10);
    Ok(IndexRow {
        view: View { channel_id: ChannelId::from_uuid(row.get(0)), locale },
        product_id: ProductId::from_uuid(row.get(2)),
        version: row.get(3),
        title_sort: row.get(4),
        published_at: row.get(5),
        popularity: row.get(6),
        rating_hundredths: row.get(7),
        brand_handle: row.get(8),
        type_handle: row.get(9),
        collection_ids: collections.into_iter().map(CollectionId::from_uuid).collect(),
        page: row.get(11),
    })
}
