//! `GET /api/admin/imports/{import}/errors`.

use axum::response::Response;
use tradepost_app::import::{ImportErrorView, list_import_errors};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::ImportId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{CursorQuery, ListParams, Path, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Lists what an import could not take, in the order of the file. The first 10,000 errors are kept.
#[utoipa::path(
    get,
    path = "/api/admin/imports/{import}/errors",
    operation_id = "list_import_errors",
    tag = "imports",
    params(("import" = String, Path, description = "Id of the import"), CursorQuery),
    responses((status = 200, body = Page<ImportErrorView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(id): Path<ImportId>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    params.finish()?;
    let found = list_import_errors(&staff.context.shop, id, &page).await?;
    respond::read(&found.ok_or_else(|| Problem::missing("import"))?, None)
}
