//! `POST /api/admin/imports/{import}/cancel`.

use axum::response::Response;
use tradepost_app::idempotency::body_hash;
use tradepost_app::import::{ImportView, cancel_import};
use tradepost_domain::kernel::ids::ImportId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Cancels an import that waits or runs: after the answer it writes no product any more. What it had imported stays; the
/// uploaded file is removed.
#[utoipa::path(
    post,
    path = "/api/admin/imports/{import}/cancel",
    operation_id = "cancel_import",
    tag = "imports",
    params(("import" = String, Path, description = "Id of the import")),
    responses((status = 200, body = ImportView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(id): Path<ImportId>,
    (_, request): (NoParams, WriteRequest),
) -> Result<Response, Problem> {
    let run = |context| async move { Ok(cancel_import(&context, id).await?) };
    staff.write(request, body_hash(b""), run).await
}
