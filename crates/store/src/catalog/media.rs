//! Stored pictures: what is known of a blob that was uploaded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use tradepost_domain::kernel::ids::{EntityId, ProductId};

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into media_asset (blob, content_type, width, height, size_bytes, renditions, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (blob) do update set blob = excluded.blob
        returning created_at";
    FIND = "
        select blob, content_type, width, height, size_bytes, renditions, created_at
          from media_asset
         where blob = any ($1)";
    LIST = "
        select blob, content_type, width, height, size_bytes, renditions, created_at
          from media_asset
         where ($1::timestamptz is null or (created_at, blob) < ($1, $2))
         order by created_at desc, blob desc
         limit $3";
    COUNT = "
        select count(*) from media_asset";
    GET_FOR_UPDATE = "
        select blob, content_type, width, height, size_bytes, renditions, created_at
          from media_asset
         where blob = $1
           for update";
    LIST_USES = "
        select product_id from product_media where blob = $1 group by product_id order by product_id limit $2";
    DELETE = "
        delete from media_asset where blob = $1";
    /// A narrower copy of one picture may be, byte by byte, what was uploaded as another.
    UNUSED = "
        select u.blob
          from unnest($1::text[]) as u (blob)
         where not exists (select 1 from media_asset a where a.blob = u.blob)
           and not exists (select 1 from media_asset a, jsonb_each_text(a.renditions) as r (width, blob) where r.blob = u.blob)";
}

/// A stored picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaAsset {
    /// Its name in the blob store.
    pub blob: String,
    /// Media type.
    pub content_type: String,
    /// Width in pixels; unknown for drawings.
    pub width: Option<i32>,
    /// Height in pixels; unknown for drawings.
    pub height: Option<i32>,
    /// Bytes.
    pub size_bytes: i64,
    /// Narrower copies: blobs by width in pixels.
    pub renditions: BTreeMap<String, String>,
    /// When it was first stored.
    pub created_at: Timestamp,
}

/// Stores what is known of a blob; one that is known already stays as it is, for its name is its content. Answers when
/// it was first stored.
pub async fn insert(tx: &Tx, asset: &MediaAsset) -> Result<Timestamp, StoreError> {
    let MediaAsset { blob, content_type, width, height, size_bytes, renditions, created_at } = asset;
    let params: crate::db::Params<'_> =
        &[blob, content_type, width, height, size_bytes, &Json(renditions), created_at];
    Ok(tx.query_one(INSERT, params).await?.get(0))
}

/// Those of the blobs that are known.
pub async fn find(client: &Client, blobs: &[&str]) -> Result<Vec<MediaAsset>, StoreError> {
    Ok(client.query(FIND, &[&blobs]).await?.iter().map(from_row).collect())
}

/// Pictures stored before `after` (its time and blob), newest first.
pub async fn list(
    client: &Client,
    after: Option<(Timestamp, &str)>,
    limit: i64,
) -> Result<Vec<MediaAsset>, StoreError> {
    let (at, blob) = after.unzip();
    Ok(client.query(LIST, &[&at, &blob, &limit]).await?.iter().map(from_row).collect())
}

/// How many there are.
pub async fn count(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[]).await?.get(0))
}

/// One picture; no product can begin to show it before the transaction ends.
pub async fn get_for_update(tx: &Tx, blob: &str) -> Result<Option<MediaAsset>, StoreError> {
    Ok(tx.query_opt(GET_FOR_UPDATE, &[&blob]).await?.as_ref().map(from_row))
}

/// Products that show it, at most `limit`.
pub async fn list_uses(tx: &Tx, blob: &str, limit: i64) -> Result<Vec<ProductId>, StoreError> {
    let rows = tx.query(LIST_USES, &[&blob, &limit]).await?;
    Ok(rows.iter().map(|row| ProductId::from_uuid(row.get(0))).collect())
}

/// Forgets a picture that no product shows.
pub async fn delete(tx: &Tx, blob: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&blob]).await.map(drop)
}

/// Those of the blobs that no picture is made of.
pub async fn find_unused(client: &Client, blobs: &[&str]) -> Result<Vec<String>, StoreError> {
    Ok(client.query(UNUSED, &[&blobs]).await?.iter().map(|row| row.get(0)).collect())
}

fn from_row(row: &Row) -> MediaAsset {
    MediaAsset {
        blob: row.get(0),
        content_type: row.get(1),
        width: row.get(2),
        height: row.get(3),
        size_bytes: row.get(4),
        renditions: row.get::<_, Json<BTreeMap<String, String>>>(5).0,
        created_at: row.get(6),
    }
}
