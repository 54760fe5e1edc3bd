//! `GET /api/admin/imports/{import}`.

use axum::response::Response;
use tradepost_app::import::{ImportView, find_import};
use tradepost_domain::kernel::ids::ImportId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows how far an import has come.
#[utoipa::path(
    get,
    path = "/api/admin/imports/{import}",
    operation_id = "get_import",
    tag = "imports",
    params(("import" = String, Path, description = "Id of the import")),
    responses((status = 200, body = ImportView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(id): Path<ImportId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let import = find_import(&staff.context.shop, id).await?.ok_or_else(|| Problem::missing("import"))?;
    respond::read(&import, Some(import.version))
}
