//! Names that are or were: handles and ids of categories and collections, and handles that moved.

use tradepost_domain::kernel::ids::{CategoryId, CollectionId, EntityId};
use uuid::Uuid;

use crate::catalog::fragment::View;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    /// An old handle leads to the product only where the view shows it: a draft that has it stands in nobody's way.
    FIND_MOVED_PRODUCT = "
        select v.handle
          from handle_history h
          join product_view v on v.product_id = h.target_id and v.channel_id = $1 and v.locale = $2
         where h.kind = 'product' and h.handle = $3
         order by h.created_at desc, h.target_id desc
         limit 1";
    FIND_MOVED_CATEGORY = "
        select c.handle
          from handle_history h
          join category c on c.id = h.target_id
         where h.kind = 'category' and h.handle = $1
         order by h.created_at desc, h.target_id desc
         limit 1";
    FIND_MOVED_COLLECTION = "
        select c.handle
          from handle_history h
          join collection c on c.id = h.target_id
         where h.kind = 'collection' and h.handle = $1
         order by h.created_at desc, h.target_id desc
         limit 1";
    /// Present names before former ones: a handle may have gone from one to another.
    RESOLVE = "
        select coalesce((select id from category where id = $1),
                        (select id from category where handle = $2),
                        (select c.id from handle_history h join category c on c.id = h.target_id
                          where h.kind = 'category' and h.handle = $2
                          order by h.created_at desc, h.target_id desc
                          limit 1)),
               coalesce((select id from collection where id = $3),
                        (select id from collection where handle = $4),
                        (select c.id from handle_history h join collection c on c.id = h.target_id
                          where h.kind = 'collection' and h.handle = $4
                          order by h.created_at desc, h.target_id desc
                          limit 1))";
}

/// A thing by its id or by its handle.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference<Id> {
    /// By id.
    Id(Id),
    /// By its present handle; shoppers are led from a former one, too.
    Handle(String),
}

impl<Id: EntityId> Reference<Id> {
    /// As two parameters of a statement, one of which is null.
    pub fn parts(&self) -> (Option<Uuid>, Option<&str>) {
        match self {
            Self::Id(id) => (Some(id.as_uuid()), None),
            Self::Handle(handle) => (None, Some(handle)),
        }
    }
}

/// The ids of a category and a collection that exist under these names, each `None` where there is none.
pub async fn resolve(
    client: &Client,
    category: Option<&Reference<CategoryId>>,
    collection: Option<&Reference<CollectionId>>,
) -> Result<(Option<CategoryId>, Option<CollectionId>), StoreError> {
    let (category_id, category_handle) = category.map(Reference::parts).unwrap_or_default();
    let (collection_id, collection_handle) = collection.map(Reference::parts).unwrap_or_default();
    let params: crate::db::Params<'_> = &[&category_id, &category_handle, &collection_id, &collection_handle];
    let row = client.query_one(RESOLVE, params).await?;
    let category = row.get::<_, Option<Uuid>>(0).map(CategoryId::from_uuid);
    Ok((category, row.get::<_, Option<Uuid>>(1).map(CollectionId::from_uuid)))
}

/// The present handle of the product that once had this one, if the view shows it.
pub async fn find_moved_product(
    client: &Client,
    view: &View,
    handle: &str,
) -> Result<Option<String>, StoreError> {
    let params: crate::db::Params<'_> = &[&view.channel_id.as_uuid(), &view.locale.as_str(), &handle];
    Ok(client.query_opt(FIND_MOVED_PRODUCT, params).await?.map(|row| row.get(0)))
}

/// The present handle of the category that once had this one.
pub async fn find_moved_category(client: &Client, handle: &str) -> Result<Option<String>, StoreError> {
    Ok(client.query_opt(FIND_MOVED_CATEGORY, &[&handle]).await?.map(|row| row.get(0)))
}

/// The present handle of the collection that once had this one.
pub async fn find_moved_collection(client: &Client, handle: &str) -> Result<Option<String>, StoreError> {
    Ok(client.query_opt(FIND_MOVED_COLLECTION, &[&handle]).await?.map(|row| row.get(0)))
}
