//! `GET /api/admin/reviews`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::review::{ReviewAdminView, ReviewFilter, ReviewStatusShape, list_reviews};
use tradepost_domain::catalog::ReviewStatus;

use crate::document::StaffReadProblems;
use crate::extract::staff::ReviewsWrite;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists reviews, the latest written first.
#[utoipa::path(
    get,
    path = "/api/admin/reviews",
    operation_id = "list_reviews",
    tag = "reviews",
    params(PageQuery, ("filter[status]" = Option<ReviewStatusShape>, Query, description = "Only those that stand here"), ("filter[product_id]" = Option<String>, Query, description = "Only those about this product")),
    responses((status = 200, body = Page<ReviewAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ReviewsWrite>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    let filter = take_filter(&mut params)?;
    params.finish()?;
    respond::read(&list_reviews(&staff.context.shop, &filter, &page).await?, None)
}

fn take_filter(params: &mut ListParams) -> Result<ReviewFilter, Problem> {
    let status = params.take("filter[status]").map(|word| {
        ReviewStatus::parse(&word).ok_or_else(|| {
            let detail = "expected pending, approved or rejected";
            Problem::malformed("invalid_parameter", "filter[status]", detail)
        })
    });
    let product_id = params.take_parsed("filter[product_id]", "the id of a product")?;
    Ok(ReviewFilter { status: status.transpose()?, product_id })
}
