//! `GET /api/admin/categories/{category}`.

use axum::response::Response;
use tradepost_app::catalog::category::{CategoryAdminView, find_category};
use tradepost_domain::kernel::ids::CategoryId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one category.
#[utoipa::path(
    get,
    path = "/api/admin/categories/{category}",
    operation_id = "get_admin_category",
    tag = "categories",
    params(("category" = String, Path, description = "Id or handle of the category")),
    responses((status = 200, body = CategoryAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(key): Path<IdOrHandle<CategoryId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_category(&staff.context.shop, key.id(), key.handle()).await?;
    let category = found.ok_or_else(|| Problem::missing("category"))?;
    respond::read(&category, Some(category.version))
}
