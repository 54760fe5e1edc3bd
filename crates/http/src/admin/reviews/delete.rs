//! `DELETE /api/admin/reviews/{review}`.

use axum::response::Response;
use tradepost_app::review::delete_review;
use tradepost_domain::kernel::ids::ReviewId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ReviewsWrite;
use crate::extract::{IfMatch, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Deletes a review, and takes it out of the rating if it counted.
#[utoipa::path(
    delete,
    path = "/api/admin/reviews/{review}",
    operation_id = "delete_review",
    tag = "reviews",
    params(("review" = String, Path, description = "Id of the review"), ("If-Match" = Option<String>, Header, description = "`ETag` of the version that was read; any version when absent"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ReviewsWrite>,
    Path(id): Path<ReviewId>,
    version: Option<IfMatch>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let version = version.and_then(IfMatch::version);
    staff
        .write(request, Vec::new(), |context| async move { Ok(delete_review(&context, id, version).await?) })
        .await
}
