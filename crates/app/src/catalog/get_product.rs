//! One product's page: a look-up by id or handle, or the way to where the product has moved.

use std::sync::Arc;

use bytes::Bytes;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_store::StoreError;
use tradepost_store::catalog::fragment::{self, PageRow, View};
use tradepost_store::catalog::redirect;

use super::projection::{CARD_FIELDS, ObjectWriter, PAGE_FIELDS};
use super::{Catalog, Reference, Shopper};

/// Which product, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetProduct {
    /// The product.
    pub product: Reference<ProductId>,
    /// Only these fields.
    pub fields: Option<Vec<String>>,
}

/// A product's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPage {
    /// Id.
    pub id: ProductId,
    /// JSON object.
    pub body: Bytes,
    /// Changes with every rendering, also when only stock or a rating did: what an `ETag` is made of.
    pub revision: Arc<str>,
}

/// What became of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductAnswer {
    /// The page.
    Found(ProductPage),
    /// The product has another handle now.
    Moved {
        /// The present handle.
        handle: String,
    },
    /// The shopper's channel shows no such product.
    NotFound,
}

/// Why a product could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetProductError {
    /// A page has no such field.
    #[error("products have no field `{name}`")]
    UnknownField {
        /// The name.
        name: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The product that a path names: an id where it reads as one, else a handle; `None` for what can be neither.
pub fn product_reference(text: &str) -> Option<Reference<ProductId>> {
    match text.parse() {
        Ok(id) => Some(Reference::Id(id)),
        Err(_) => text.parse::<Handle>().ok().map(|handle| Reference::Handle(handle.as_str().to_owned())),
    }
}

/// Reads a product's page.
pub async fn get_product(
    catalog: &Catalog,
    shopper: &Shopper,
    command: GetProduct,
) -> Result<ProductAnswer, GetProductError> {
    let known = |name: &String| CARD_FIELDS.contains(&name.as_str()) || PAGE_FIELDS.contains(&name.as_str());
    if let Some(name) = command.fields.iter().flatten().find(|name| !known(name)) {
        return Err(GetProductError::UnknownField { name: name.clone() });
    }
    let view = shopper.view();
    let Some(page) = find_page(catalog, &view, &command.product).await? else {
        let moved = Box::pin(find_moved(catalog, &view, &command.product)).await?;
        return Ok(moved.map_or(ProductAnswer::NotFound, |handle| ProductAnswer::Moved { handle }));
    };
    let Some(fields) = command.fields else { return Ok(ProductAnswer::Found(page)) };
    let mut writer = ObjectWriter::new();
    writer.take(&page.body, |name| fields.iter().any(|field| field == name))?;
    Ok(ProductAnswer::Found(ProductPage { body: writer.finish().into(), ..page }))
}

/// What a product is called in a view, among the names that nothing has.
fn name(view: &View, product: &Reference<ProductId>) -> String {
    format!("product {} {} {product:?}", view.channel_id, view.locale)
}

/// The present handle of the product that once had this one, if the view shows it.
pub(super) async fn find_moved(
    catalog: &Catalog,
    view: &View,
    product: &Reference<ProductId>,
) -> Result<Option<String>, StoreError> {
    match catalog.cache.missing(&name(view, product)) {
        Some(missing) => Ok(missing.moved_to),
        None => read_moved(catalog, view, product).await,
    }
}

async fn read_moved(
    catalog: &Catalog,
    view: &View,
    product: &Reference<ProductId>,
) -> Result<Option<String>, StoreError> {
    let Reference::Handle(handle) = product else { return Ok(None) };
    let conn = catalog.store.storefront().conn().await?;
    redirect::find_moved_product(&conn, view, handle).await
}

/// The page of a product by either of its names, if the view shows it.
pub(crate) async fn find_page(
    catalog: &Catalog,
    view: &View,
    product: &Reference<ProductId>,
) -> Result<Option<ProductPage>, StoreError> {
    let cache = &catalog.cache;
    let moved = || read_moved(catalog, view, product);
    // Nothing of a look-up is made before it is needed: most pages are kept.
    let handle = match product {
        Reference::Id(id) => {
            let load = async || {
                let find = load_page(catalog, view, *id);
                cache.present(&name(view, product), find, moved()).await
            };
            return cache.page(view, *id, load).await;
        }
        Reference::Handle(handle) => handle,
    };
    let load = async || {
        let find = async {
            let conn = catalog.store.storefront().conn().await?;
            Ok(fragment::find_page_by_handle(&conn, view, handle).await?.map(product_page))
        };
        cache.present(&name(view, product), find, moved()).await
    };
    let id = cache.product_by_handle(view, handle, load).await?;
    let Some(id) = id else { return Ok(None) };
    cache.page(view, id, async || load_page(catalog, view, id).await).await
}

async fn load_page(catalog: &Catalog, view: &View, id: ProductId) -> Result<Option<ProductPage>, StoreError> {
    let conn = catalog.store.storefront().conn().await?;
    Ok(fragment::get_page(&conn, view, id).await?.map(product_page))
}

fn product_page(row: PageRow) -> ProductPage {
    // The epoch alone is not enough: two renderings that began together name the same one.
    let revision = format!("{}-{:x}", row.version, row.rendered_at.as_microsecond());
    ProductPage { id: row.product_id, body: row.page, revision: revision.into() }
}
