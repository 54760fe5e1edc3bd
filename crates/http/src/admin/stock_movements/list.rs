//! `GET /api/admin/stock-movements`.

use axum::response::Response;
use tradepost_app::inventory::{MovementFilter, StockMovementView, list_stock_movements, read_cause_id};
use tradepost_app::page::Page;

use crate::document::StaffReadProblems;
use crate::extract::staff::StockRead;
use crate::extract::{CursorQuery, ListParams, Staff, take_uncounted_page};
use crate::problem::Problem;
use crate::respond;

/// Every change of stock, newest first: its movements sum to what lies at a level. They are not counted: they only grow.
#[utoipa::path(
    get,
    path = "/api/admin/stock-movements",
    operation_id = "list_stock_movements",
    tag = "stock",
    params(
        CursorQuery,
        ("filter[variant_id]" = Option<String>, Query, description = "Of this variant"),
        ("filter[sku]" = Option<String>, Query, description = "Of the variant with this SKU"),
        ("filter[location_id]" = Option<String>, Query, description = "At this location"),
        ("filter[stock_level_id]" = Option<String>, Query, description = "Of this level"),
        ("filter[cause_id]" = Option<String>, Query, description = "Caused by this order, payment, fulfillment or refund")
    ),
    responses((status = 200, body = Page<StockMovementView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<StockRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_uncounted_page(&mut params)?;
    let filter = MovementFilter {
        variant_id: params.take_parsed("filter[variant_id]", "the id of a variant")?,
        sku: params.take("filter[sku]"),
        location_id: params.take_parsed("filter[location_id]", "the id of a stock location")?,
        stock_level_id: params.take_parsed("filter[stock_level_id]", "the id of a stock level")?,
        cause_id: take_cause(&mut params)?,
    };
    params.finish()?;
    respond::read(&list_stock_movements(&staff.context.shop, &filter, &page).await?, None)
}

fn take_cause(params: &mut ListParams) -> Result<Option<uuid::Uuid>, Problem> {
    const NAME: &str = "filter[cause_id]";
    let Some(text) = params.take(NAME) else { return Ok(None) };
    let id = read_cause_id(&text);
    id.map(Some).ok_or_else(|| Problem::malformed("invalid_parameter", NAME, "expected an id such as ord_…"))
}
