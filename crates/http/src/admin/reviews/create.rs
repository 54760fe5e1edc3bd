//! `POST /api/admin/reviews`.

use axum::response::Response;
use tradepost_app::review::{ReviewAdminView, ReviewCreate, create_review};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ReviewsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Brings a review that was written elsewhere.
#[utoipa::path(
    post,
    path = "/api/admin/reviews",
    operation_id = "create_review",
    tag = "reviews",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = ReviewCreate,
    responses((status = 201, body = ReviewAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ReviewsWrite>,
    request: WriteRequest,
    body: Body<ReviewCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff.write(request, body.hash, |context| async move { Ok(create_review(&context, create).await?) }).await
}
