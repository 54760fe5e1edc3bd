//! `GET /api/admin/brands/{brand}`.

use axum::response::Response;
use tradepost_app::catalog::brand::{BrandView, find_brand};
use tradepost_domain::kernel::ids::BrandId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one brand.
#[utoipa::path(
    get,
    path = "/api/admin/brands/{brand}",
    operation_id = "get_brand",
    tag = "brands",
    params(("brand" = String, Path, description = "Id or handle of the brand")),
    responses((status = 200, body = BrandView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<BrandId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_brand(&staff.context.shop, key.id(), key.handle()).await?;
    let brand = found.ok_or_else(|| Problem::missing("brand"))?;
    respond::read(&brand, Some(brand.version))
}
