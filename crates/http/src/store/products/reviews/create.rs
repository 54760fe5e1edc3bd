//! `POST /api/products/{product}/reviews`.

use axum::response::Response;
use tradepost_app::review::{OwnReviewView, ReviewSubmission, write_review};
use tradepost_domain::kernel::ids::ProductId;

use crate::document::CustomerWriteProblems;
use crate::extract::{Body, Customer, IdOrHandle, ListParams, Path, WriteRequest};
use crate::problem::Problem;
use crate::store::shopper::Storefront;

/// Takes a review by the customer who is signed in: one a product, shown once staff have approved it.
#[utoipa::path(
    post,
    path = "/api/products/{product}/reviews",
    operation_id = "write_product_review",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id `prod_…` or handle"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer"),
    ),
    request_body = ReviewSubmission,
    responses((status = 201, body = OwnReviewView), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    storefront: Storefront,
    Path(product): Path<IdOrHandle<ProductId>>,
    request: WriteRequest,
    body: Body<ReviewSubmission>,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut ListParams::default())?;
    let (submission, id) = (body.value, customer.id);
    let run = |context| async move {
        let product = product.into();
        Ok(write_review(&context, id, (&shopper, &product), submission).await?)
    };
    customer.write(request, body.hash, run).await
}
