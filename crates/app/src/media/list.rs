//! Reads what is known of stored pictures.

use jiff::Timestamp;
use tradepost_domain::kernel::ids::MediaId;
use tradepost_port::blob::is_blob_name;
use tradepost_store::StoreError;
use tradepost_store::catalog::media;

use super::MediaAssetView;
use crate::page::{ByNumber, CursorKey, Page, PageRequest};
use crate::shop::Shop;

/// Place of a picture in the list of all: when it was stored, ties by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPlace {
    created_at: Timestamp,
    blob: String,
}

impl CursorKey for MediaPlace {
    fn write(&self) -> String {
        format!("{} {}", self.created_at.as_microsecond(), self.blob)
    }

    fn read(text: &str) -> Option<Self> {
        let (number, blob) = text.split_once(' ')?;
        // The bounds of what the database can compare are those of every list by time.
        let any = MediaId::read("med_00000000000000000000000000")?;
        let place = ByNumber::<MediaId>::read(&ByNumber { number: number.parse().ok()?, id: any }.write())?;
        is_blob_name(blob).then(|| Self { created_at: place.timestamp(), blob: blob.to_owned() })
    }
}

/// A page of all stored pictures, newest first.
pub async fn list_media(
    shop: &Shop,
    page: &PageRequest<MediaPlace>,
) -> Result<Page<MediaAssetView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let after = page.after.as_ref().map(|place| (place.created_at, place.blob.as_str()));
    let rows = media::list(&conn, after, page.rows()).await?;
    let total = if page.count { Some(media::count(&conn).await?) } else { None };
    let place =
        |asset: &media::MediaAsset| MediaPlace { created_at: asset.created_at, blob: asset.blob.clone() };
    Ok(Page::new(page, rows, total, place).map(|asset| MediaAssetView::from(&asset)))
}

/// A stored picture by its name.
pub async fn find_media(shop: &Shop, blob: &str) -> Result<Option<MediaAssetView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(media::find(&conn, &[blob]).await?.first().map(MediaAssetView::from))
}
