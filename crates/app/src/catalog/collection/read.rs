//! Reads collections and their products.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{CollectionId, ProductId};
use tradepost_store::StoreError;
use tradepost_store::catalog::collection;

use super::is_manual;
use super::view::{CollectionProductView, CollectionView};
use crate::page::{ByNumber, Page, PageRequest};
use crate::shop::Shop;

/// A page of all collections, newest first.
pub async fn list_collections(
    shop: &Shop,
    page: &PageRequest<CollectionId>,
) -> Result<Page<CollectionView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = collection::list(&conn, page.after, page.rows()).await?;
    let total = if page.count { Some(collection::count(&conn).await?) } else { None };
    Ok(Page::new(page, rows, total, |row| row.id).map(CollectionView::from))
}

/// The collection with this id or this handle.
pub async fn find_collection(
    shop: &Shop,
    id: Option<CollectionId>,
    handle: Option<&Handle>,
) -> Result<Option<CollectionView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(collection::find(&conn, id, handle.map(Handle::as_str)).await?.map(CollectionView::from))
}

/// A page of a collection's products that is asked for.
pub type CollectionProductsPage = PageRequest<ByNumber<ProductId>>;

/// The products of a collection: those that staff have picked in their order, or those that shoppers see by its rule in
/// any channel. `None` when there is no such collection.
pub async fn list_collection_products(
    shop: &Shop,
    id: Option<CollectionId>,
    handle: Option<&Handle>,
    page: &CollectionProductsPage,
) -> Result<Option<Page<CollectionProductView>>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let Some(row) = collection::find(&conn, id, handle.map(Handle::as_str)).await? else { return Ok(None) };
    let rows = if is_manual(&row) {
        // A position beyond the column's numbers is behind all.
        let position = |number| i32::try_from(number).unwrap_or(i32::MAX);
        let after = page.after.map(|place| (position(place.number), place.id));
        collection::list_picked(&conn, row.id, after, page.rows()).await?
    } else {
        collection::list_shown(&conn, row.id, page.after.map(|place| place.id), page.rows()).await?
    };
    let total = if page.count { Some(collection::count_products(&conn, row.id).await?) } else { None };
    let place = |row: &collection::CollectionProductRow| ByNumber { number: row.position.into(), id: row.id };
    Ok(Some(Page::new(page, rows, total, place).map(CollectionProductView::from)))
}
