//! `GET /api/admin/customer-groups`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::pricing::customer_group::{CustomerGroupCreate, CustomerGroupView};
use tradepost_app::pricing::rule::list_rules;

use crate::document::StaffReadProblems;
use crate::extract::staff::SettingsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists the groups of customers, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/customer-groups",
    operation_id = "list_customer_groups",
    tag = "customer-groups",
    params(PageQuery),
    responses((status = 200, body = Page<CustomerGroupView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<SettingsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    params.finish()?;
    respond::read(&list_rules::<CustomerGroupCreate>(&staff.context.shop, &page).await?, None)
}
