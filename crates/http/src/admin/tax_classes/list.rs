//! `GET /api/admin/tax-classes`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::rule::list_rules;
use tradepost_app::pricing::tax_class::{TaxClassCreate, TaxClassView};

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the tax classes, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/tax-classes",
    operation_id = "list_tax_classes",
    tag = "tax-classes",
    params(PageQuery),
    responses((status = 200, body = Page<TaxClassView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<TaxClassCreate>(&staff.context.shop, &page).await?, None)
}
