//! Deletes a collection; its products stay.

use tradepost_domain::kernel::ids::{CollectionId, EntityId};
use tradepost_store::catalog::{collection, handle_history};

use super::view::CollectionView;
use super::{payload, picked};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the collection with its list of products.
pub async fn delete_collection(
    context: &StaffContext,
    wanted: &Reference<CollectionId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_collection").await?;
    let row = collection::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<CollectionView>)?;
    check_version(version, row.version)?;
    let payload = payload(&picked(&work.tx, &row).await?);
    handle_history::forget(&work.tx, "collection", row.id.as_uuid()).await?;
    collection::delete(&work.tx, row.id).await?;
    work.finish_deleted(&CollectionView::from(row), payload).await
}
