//! `GET /api/admin/customers`.

use axum::response::Response;
use tradepost_app::customer::{
    CustomerAdminView, CustomerFilter, CustomerStatus, CustomerStatusShape, list_customers,
};
use tradepost_app::page::Page;
use tradepost_domain::kernel::limits::SEARCH_TEXT_MAX;

use crate::document::StaffReadProblems;
use crate::extract::staff::CustomersRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists customers, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/customers",
    operation_id = "list_customers",
    tag = "customers",
    params(
        PageQuery,
        ("q" = Option<String>, Query, description = "Beginning of the e-mail address, the first or the last name", max_length = 200),
        ("filter[status]" = Option<CustomerStatusShape>, Query, description = "Only those that stand so"),
        ("filter[group_id]" = Option<String>, Query, description = "Only those of this group")
    ),
    responses((status = 200, body = Page<CustomerAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<CustomersRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    let filter = take_filter(&mut params)?;
    params.finish()?;
    respond::read(&list_customers(&staff.context.shop, &filter, &page).await?, None)
}

fn take_filter(params: &mut ListParams) -> Result<CustomerFilter, Problem> {
    let prefix = params.take("q").map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
    if prefix.as_ref().is_some_and(|text| text.chars().count() > SEARCH_TEXT_MAX) {
        let detail = format!("expected at most {SEARCH_TEXT_MAX} characters");
        return Err(Problem::malformed("invalid_parameter", "q", detail));
    }
    let status = params.take("filter[status]").map(|word| {
        CustomerStatus::parse(&word).ok_or_else(|| {
            let detail = "expected active, disabled or erased";
            Problem::malformed("invalid_parameter", "filter[status]", detail)
        })
    });
    let group_id = params.take_parsed("filter[group_id]", "the id of a group of customers")?;
    Ok(CustomerFilter { prefix, status: status.transpose()?, group_id })
}
