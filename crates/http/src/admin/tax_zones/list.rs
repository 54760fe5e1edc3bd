//! `GET /api/admin/tax-zones`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::rule::list_rules;
use tradepost_app::pricing::tax_zone::{TaxZoneCreate, TaxZoneView};

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the tax zones, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/tax-zones",
    operation_id = "list_tax_zones",
    tag = "tax-zones",
    params(PageQuery),
    responses((status = 200, body = Page<TaxZoneView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<TaxZoneCreate>(&staff.context.shop, &page).await?, None)
}
