//! `GET /api/admin/payments`.

use axum::response::Response;
use tradepost_app::page::Page;
use tradepost_app::payment::{PaymentAdminView, PaymentFilter, STATUS_WORDS, list_payments};
use tradepost_domain::payment::PaymentProvider;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists payments, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/payments",
    operation_id = "list_payments",
    tag = "payments",
    params(
        PageQuery,
        ("filter[status]" = Option<String>, Query, description = "`pending`, `requires_action`, `processing`, `authorized`, `succeeded`, `failed` or `canceled`"),
        ("filter[order_id]" = Option<String>, Query, description = "Only of this order"),
        ("filter[provider]" = Option<String>, Query, description = "Only collected by this provider: `test` or `stripe`")
    ),
    responses((status = 200, body = Page<PaymentAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<OrdersRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    let filter = take_filter(&mut params)?;
    params.finish()?;
    respond::read(&list_payments(&staff.context.shop, &filter, &page).await?, None)
}

fn take_filter(params: &mut ListParams) -> Result<PaymentFilter, Problem> {
    let unknown =
        |name: &str| Problem::malformed("invalid_parameter", name, "the filter knows other words: see /docs");
    let status = params.take("filter[status]").map(|word| {
        let known = STATUS_WORDS.into_iter().find(|known| **known == word);
        known.ok_or_else(|| unknown("filter[status]"))
    });
    let provider = params
        .take("filter[provider]")
        .map(|word| PaymentProvider::parse(&word).ok_or_else(|| unknown("filter[provider]")));
    Ok(PaymentFilter {
        order_id: params.take_parsed("filter[order_id]", "the id of an order")?,
        provider: provider.transpose()?,
        status: status.transpose()?,
    })
}
