//! `GET /api/admin/collections/{collection}/products`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionProductView, list_collection_products};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, ListParams, PageQuery, Path, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the products of a collection: those that were picked by hand in their order, or those that shoppers see by its
/// rule in any channel at this moment.
#[utoipa::path(
    get,
    path = "/api/admin/collections/{collection}/products",
    operation_id = "list_collection_products",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection"), PageQuery),
    responses((status = 200, body = Page<CollectionProductView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    let found = list_collection_products(&staff.context.shop, key.id(), key.handle(), &page).await?;
    respond::read(&found.ok_or_else(|| Problem::missing("collection"))?, None)
}
