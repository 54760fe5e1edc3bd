//! `GET /api/admin/shipping-methods`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::rule::list_rules;
use tradepost_app::pricing::shipping_method::{ShippingMethodCreate, ShippingMethodView};

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the shipping methods, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/shipping-methods",
    operation_id = "list_shipping_methods",
    tag = "shipping-methods",
    params(PageQuery),
    responses((status = 200, body = Page<ShippingMethodView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<ShippingMethodCreate>(&staff.context.shop, &page).await?, None)
}
