//! `GET /api/admin/stock-levels`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::stock_level::{StockLevelFilter, StockLevelView, list_stock_levels};
use tradepost_app::page::Page;
use tradepost_domain::kernel::ids::VariantId;

use crate::document::StaffReadProblems;
use crate::extract::staff::StockRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Stock levels in pages, the oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/stock-levels",
    operation_id = "list_stock_levels",
    tag = "stock",
    params(
        PageQuery,
        ("filter[variant_id]" = Option<String>, Query, description = "Of this variant"),
        ("filter[sku]" = Option<String>, Query, description = "Of the variant with this SKU")
    ),
    responses((status = 200, body = Page<StockLevelView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<StockRead>, mut params: ListParams) -> Result<Response, Problem> {
    let request = take_page(&mut params)?;
    let variant_id = params.take_parsed::<VariantId>("filter[variant_id]", "the id of a variant")?;
    let filter = StockLevelFilter { variant_id, sku: params.take("filter[sku]") };
    params.finish()?;
    let page = list_stock_levels(&staff.context.shop, &filter, &request).await?;
    let body = serde_json::to_vec(&page).map_err(|error| Problem::internal(&error))?;
    Ok(respond::private(StatusCode::OK, body, None, None))
}
