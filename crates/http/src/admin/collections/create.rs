//! `POST /api/admin/collections`.

use axum::response::Response;
use tradepost_app::catalog::collection::{CollectionCreate, CollectionView, create_collection};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, Staff, WriteRequest};
use crate::problem::Problem;

/// Makes a collection.
#[utoipa::path(
    post,
    path = "/api/admin/collections",
    operation_id = "create_collection",
    tag = "collections",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    request_body = CollectionCreate,
    responses((status = 201, body = CollectionView, headers(("ETag" = String, description = "Version, for `If-Match`"), ("Location" = String, description = "Path of what was made"))), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    request: WriteRequest,
    body: Body<CollectionCreate>,
) -> Result<Response, Problem> {
    let create = body.value;
    staff
        .write(request, body.hash, |context| async move { Ok(create_collection(&context, create).await?) })
        .await
}
