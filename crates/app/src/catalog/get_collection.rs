//! One collection, or the way to where it has moved.

use tradepost_domain::kernel::ids::CollectionId;
use tradepost_store::StoreError;
use tradepost_store::catalog::{collection, redirect};

use super::list_collections::CollectionCard;
use super::{Catalog, Document, Reference};

/// What became of the question.
#[derive(Debug, Clone, PartialEq)]
pub enum CollectionAnswer {
    /// The collection, a [`CollectionCard`] as JSON.
    Found(Document),
    /// The collection has another handle now.
    Moved {
        /// The present handle.
        handle: String,
    },
    /// There is no such collection.
    NotFound,
}

/// Why a collection could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetCollectionError {
    /// The collection cannot be written as JSON.
    #[error("the collection cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a collection.
pub async fn get_collection(
    catalog: &Catalog,
    wanted: &Reference<CollectionId>,
) -> Result<CollectionAnswer, GetCollectionError> {
    let (id, handle) = match wanted {
        Reference::Id(id) => (Some(*id), None),
        Reference::Handle(handle) => (None, Some(handle.as_str())),
    };
    let write = async |epoch| {
        let conn = catalog.store.storefront().conn().await?;
        let Some(row) = collection::find(&conn, id, handle).await? else { return Ok(None) };
        let surrogate_keys = format!("collections {}", row.id).into();
        let body = serde_json::to_vec(&CollectionCard::from(row))?.into();
        Ok::<_, GetCollectionError>(Some(Document {
            body,
            epoch,
            surrogate_keys,
            tag: None,
            degraded: false,
            searched: None,
        }))
    };
    if let Some(document) = catalog.cache.document(&format!("collection {wanted:?}"), write).await? {
        return Ok(CollectionAnswer::Found(document));
    }
    let Some(handle) = handle else { return Ok(CollectionAnswer::NotFound) };
    let conn = catalog.store.storefront().conn().await?;
    let moved = redirect::find_moved_collection(&conn, handle).await?;
    Ok(moved.map_or(CollectionAnswer::NotFound, |handle| CollectionAnswer::Moved { handle }))
}
