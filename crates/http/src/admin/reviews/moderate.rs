//! `POST /api/admin/reviews/{review}/moderate`.

use axum::response::Response;
use tradepost_app::review::{ReviewAdminView, ReviewDecision, moderate_review};
use tradepost_domain::kernel::ids::ReviewId;

use crate::document::StaffWriteProblems;
use crate::extract::staff::ReviewsWrite;
use crate::extract::{Body, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// Decides about a review. Approved reviews are shown and counted; deciding the same twice changes nothing.
#[utoipa::path(
    post,
    path = "/api/admin/reviews/{review}/moderate",
    operation_id = "moderate_review",
    tag = "reviews",
    params(("review" = String, Path, description = "Id of the review"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ReviewDecision,
    responses((status = 200, body = ReviewAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ReviewsWrite>,
    Path(id): Path<ReviewId>,
    request: WriteRequest,
    body: Body<ReviewDecision>,
) -> Result<Response, Problem> {
    let decision = body.value;
    staff
        .write(
            request,
            body.hash,
            |context| async move { Ok(moderate_review(&context, id, decision).await?) },
        )
        .await
}
