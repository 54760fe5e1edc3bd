//! `GET /api/admin/reviews/{review}`.

use axum::response::Response;
use tradepost_app::review::{ReviewAdminView, find_review};
use tradepost_domain::kernel::ids::ReviewId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ReviewsWrite;
use crate::extract::{NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// Shows one review.
#[utoipa::path(
    get,
    path = "/api/admin/reviews/{review}",
    operation_id = "get_review",
    tag = "reviews",
    params(("review" = String, Path, description = "Id of the review")),
    responses((status = 200, body = ReviewAdminView, headers(("ETag" = String, description = "Version, for `If-Match`"))), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ReviewsWrite>,
    Path(key): Path<ReviewId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = find_review(&staff.context.shop, key).await?;
    let review = found.ok_or_else(|| Problem::missing("review"))?;
    respond::read(&review, Some(review.version))
}
