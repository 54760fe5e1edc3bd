//! Takes in a picture: re-encoded, copied narrower, stored by its content.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::json;
use tradepost_port::image::EncodedImage;
use tradepost_store::catalog::media::{self, MediaAsset};
use utoipa::ToSchema;

use super::{audited, blob_url};
use crate::answer::{Answer, Outcome};
use crate::catalog::product::view::{RenditionView, renditions};
use crate::error::WriteError;
use crate::shop::Shop;
use crate::work::StaffContext;

/// A stored picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct MediaAssetView {
    /// Its name, by which products refer to it.
    pub blob: String,
    /// Where it can be loaded from.
    pub url: String,
    /// Media type, which may differ from that of what was uploaded.
    pub content_type: String,
    /// Width in pixels.
    pub width: Option<i32>,
    /// Height in pixels.
    pub height: Option<i32>,
    /// Bytes.
    pub size_bytes: i64,
    /// Narrower copies.
    pub renditions: Vec<RenditionView>,
    /// When it was first stored.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<&MediaAsset> for MediaAssetView {
    fn from(asset: &MediaAsset) -> Self {
        Self {
            blob: asset.blob.clone(),
            url: blob_url(&asset.blob),
            content_type: asset.content_type.clone(),
            width: asset.width,
            height: asset.height,
            size_bytes: asset.size_bytes,
            renditions: renditions(&asset.renditions),
            created_at: asset.created_at,
        }
    }
}

/// Stores a picture. The files come first and the row that names them after: a crash in between leaves files that
/// nobody knows, never a row without its file.
pub async fn upload_media(context: &StaffContext, picture: Bytes) -> Result<Answer, WriteError> {
    let shop = &context.shop;
    let processed = shop.images.process(picture).await?;
    let mut renditions = BTreeMap::new();
    for copy in processed.renditions {
        let width = copy.width.to_string();
        renditions.insert(width, keep(shop, &copy).await?);
    }
    let original = processed.original;
    let mut asset = MediaAsset {
        blob: keep(shop, &original).await?,
        content_type: content_type(original.ending).to_owned(),
        width: i32::try_from(original.width).ok(),
        height: i32::try_from(original.height).ok(),
        size_bytes: i64::try_from(original.content.len()).unwrap_or(i64::MAX),
        renditions,
        created_at: context.now(),
    };
    let mut work = context.begin("upload_media").await?;
    asset.created_at = media::insert(&work.tx, &asset).await?;
    let view = MediaAssetView::from(&asset);
    let after = json!({"blob": view.blob, "size_bytes": view.size_bytes});
    work.audit("media.upload", audited(&view.blob), None, Some(after));
    let answer = Answer::new(Outcome::Created, &view, None)?.at(view.url.clone());
    work.finish(answer).await
}

async fn keep(shop: &Shop, image: &EncodedImage) -> Result<String, WriteError> {
    let mut name = String::with_capacity(70);
    for byte in digest(&SHA256, &image.content).as_ref() {
        let _ = write!(name, "{byte:02x}");
    }
    name.push('.');
    name.push_str(image.ending);
    shop.blobs.put(name.clone(), image.content.clone()).await?;
    Ok(name)
}

fn content_type(ending: &str) -> &'static str {
    match ending {
        "jpg" => "image/jpeg",
        "webp" => "image/webp",
        _ => "image/png",
    }
}
