//! Stored pictures: what is known of a blob that was uploaded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::types::Json;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    INSERT = "
        insert into media_asset (blob, content_type, width, height, size_bytes, renditions, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (blob) do nothing";
    FIND = "
        select blob, content_type, width, height, size_bytes, renditions from media_asset where blob = any ($1)";
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
}

/// Stores what is known of a blob; one that is known already stays as it is, for its name is its content.
pub async fn insert(tx: &Tx, asset: &MediaAsset, now: Timestamp) -> Result<(), StoreError> {
    let MediaAsset { blob, content_type, width, height, size_bytes, renditions } = asset;
    let params: crate::db::Params<'_> =
        &[blob, content_type, width, height, size_bytes, &Json(renditions), &now];
    tx.execute(INSERT, params).await.map(drop)
}

/// Those of the blobs that are known.
pub async fn find(client: &Client, blobs: &[&str]) -> Result<Vec<MediaAsset>, StoreError> {
    let rows = client.query(FIND, &[&blobs]).await?;
    let asset = |row: &tokio_postgres::Row| MediaAsset {
        blob: row.get(0),
        content_type: row.get(1),
        width: row.get(2),
        height: row.get(3),
        size_bytes: row.get(4),
        renditions: row.get::<_, Json<BTreeMap<String, String>>>(5).0,
    };
    Ok(rows.iter().map(asset).collect())
}
