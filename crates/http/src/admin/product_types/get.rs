//! `GET /api/admin/product-types/{product_type}`.

use axum::response::Response;
use tradepost_app::catalog::product_type::{ProductTypeView, find_product_type};
use tradepost_domain::kernel::ids::ProductTypeId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one product type.
#[utoipa::path(
    get,
    path = "/api/admin/product-types/{product_type}",
    operation_id = "get_product_type",
    tag = "product-types",
    params(("product_type" = String, Path, description = "Id or handle of the product type")),
    responses((status = 200, body = ProductTypeView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<ProductTypeId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_product_type(&staff.context.shop, key.id(), key.handle()).await?;
    let product_type = found.ok_or_else(|| Problem::missing("product_type"))?;
    respond::read(&product_type, Some(product_type.version))
}
