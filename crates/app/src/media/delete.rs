//! Deletes a stored picture that nothing shows.

use serde_json::json;
use tradepost_store::StoreError;
use tradepost_store::catalog::media::{self, MediaAsset};

use super::audited;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::shop::Shop;
use crate::work::StaffContext;

/// Products that are named when they stand in the way.
const USES_NAMED: i64 = 10;

/// Deletes the picture and its narrower copies, unless products show it.
///
/// The row goes first and the files after: a crash in between leaves files that nobody knows, never a row without its
/// file. Whoever uploads the same picture in the very moment between may have to do so again.
pub async fn delete_media(context: &StaffContext, blob: &str) -> Result<Answer, WriteError> {
    let mut work = context.begin("delete_media").await?;
    let missing = WriteError::NotFound { kind: "media" };
    let asset = media::get_for_update(&work.tx, blob).await?.ok_or(missing)?;
    let uses = media::list_uses(&work.tx, blob, USES_NAMED).await?;
    if !uses.is_empty() {
        let detail = "products show this picture: take it from them first";
        return Err(
            WriteError::conflict("media_in_use", detail, Some("blob")).with_fact("product_ids", json!(uses))
        );
    }
    media::delete(&work.tx, blob).await?;
    let before = json!({"blob": asset.blob, "size_bytes": asset.size_bytes});
    work.audit("media.delete", audited(blob), Some(before), None);
    let answer = work.finish(Answer::deleted()).await?;
    if let Err(error) = remove_files(&context.shop, &asset).await {
        tracing::warn!(blob, %error, "files of a deleted picture could not be removed");
    }
    Ok(answer)
}

/// Removes the files that no other picture is made of.
async fn remove_files(shop: &Shop, asset: &MediaAsset) -> Result<(), WriteError> {
    let blobs: Vec<&str> = asset.renditions.values().chain([&asset.blob]).map(String::as_str).collect();
    let unused = async { media::find_unused(&*shop.store.admin().conn().await?, &blobs).await };
    for blob in unused.await.map_err(|error: StoreError| WriteError::from(error))? {
        shop.blobs.delete(blob).await?;
    }
    Ok(())
}
