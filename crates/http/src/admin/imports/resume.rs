//! `POST /api/admin/imports/{import}/resume`.

use axum::response::Response;
use tradepost_app::idempotency::body_hash;
use tradepost_app::import::{ImportView, resume_import};
use tradepost_domain::kernel::ids::ImportId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Resumes an import that failed and is `resumable`: it waits for the worker again, which goes on where it stopped.
#[utoipa::path(
    post,
    path = "/api/admin/imports/{import}/resume",
    operation_id = "resume_import",
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
    let run = |context| async move { Ok(resume_import(&context, id).await?) };
    staff.write(request, body_hash(b""), run).await
}
