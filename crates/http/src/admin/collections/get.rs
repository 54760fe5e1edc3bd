//! `GET /api/admin/collections/{collection}`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionView, find_collection};
use tradepost_domain::kernel::ids::CollectionId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one collection.
#[utoipa::path(
    get,
    path = "/api/admin/collections/{collection}",
    operation_id = "get_admin_collection",
    tag = "collections",
    params(("collection" = String, Path, description = "Id or handle of the collection")),
    responses((status = 200, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<CollectionId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_collection(&staff.context.shop, key.id(), key.handle()).await?;
    let collection = found.ok_or_else(|| Problem::missing("collection"))?;
    respond::read(&collection, Some(collection.version))
}
