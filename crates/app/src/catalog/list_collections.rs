//! Lists the collections that shoppers can browse by, page by page.

use serde::Serialize;
use tradepost_domain::catalog::product_query::SortKey;
use tradepost_domain::kernel::ids::{CollectionId, EntityId};
use tradepost_domain::kernel::limits::PAGE_LIMIT_MAX;
use tradepost_store::StoreError;
use tradepost_store::catalog::collection::{self, CollectionRow};

use super::cursor::{self, KeyKind, Place, Question};
use super::{Catalog, Document};
use crate::page::{Page, PageInfo};

/// A collection as shoppers see it. Its products are those of `GET /api/products?collection=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CollectionCard {
    /// Id, `col_…`.
    #[schema(value_type = String)]
    pub id: CollectionId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML, or empty.
    pub description: String,
}

impl From<CollectionRow> for CollectionCard {
    fn from(row: CollectionRow) -> Self {
        let CollectionRow { id, handle, title, description, .. } = row;
        Self { id, handle, title, description }
    }
}

/// Why collections could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListCollectionsError {
    /// The cursor is garbage or belongs to another list.
    #[error("the cursor is not one of this list")]
    InvalidCursor,
    /// The page cannot be written as JSON.
    #[error("the collections cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists collections by title: a [`Page`] of [`CollectionCard`]s. They are the same in every channel and locale.
pub async fn list_collections(
    catalog: &Catalog,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Document, ListCollectionsError> {
    let list = Question::of("collections");
    let after = match cursor {
        None => None,
        Some(text) => {
            let place = cursor::decode(text, list, KeyKind::Text);
            Some(place.map_err(|_| ListCollectionsError::InvalidCursor)?)
        }
    };
    let limit = limit.clamp(1, PAGE_LIMIT_MAX);
    let question = format!("collections {limit} {}", cursor.unwrap_or_default());
    let write = async |epoch| {
        let conn = catalog.store.storefront().conn().await?;
        let after = after.as_ref().and_then(|place| match &place.key {
            SortKey::Text(title) => Some((title.as_str(), CollectionId::from_uuid(place.id))),
            _ => None,
        });
        let rows = collection::list_by_title(&conn, after, i64::from(limit) + 1).await?;
        let body = serde_json::to_vec(&page(rows, limit, list))?.into();
        Ok::<_, ListCollectionsError>(Some(Document {
            body,
            epoch,
            surrogate_keys: "collections".into(),
            tag: None,
            degraded: false,
            searched: None,
        }))
    };
    let made = catalog.cache.document(&question, write).await?;
    made.ok_or_else(|| StoreError::inconsistent("collection", "no answer was made").into())
}

/// The page of rows of which there is one more when another page follows.
fn page(mut rows: Vec<CollectionRow>, limit: u32, list: Question) -> Page<CollectionCard> {
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let place = |row: &CollectionRow| Place { key: SortKey::Text(row.title.clone()), id: row.id.as_uuid() };
    let next = rows.last().filter(|_| has_more).map(|row| cursor::encode(&place(row), list));
    let data = rows.into_iter().map(CollectionCard::from).collect();
    Page { data, page: PageInfo { next, has_more, limit, total: None } }
}
