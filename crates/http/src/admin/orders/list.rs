//! `GET /api/admin/orders`.

use axum::response::Response;
use jiff::Timestamp;
use tradepost_app::order::{OrderFilter, OrderView, list_orders};
use tradepost_app::page::Page;
use tradepost_domain::order::{FulfillmentStatus, OrderNumber, OrderStatus};
use tradepost_domain::payment::PaymentStatus;

use crate::document::StaffReadProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Lists orders, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/orders",
    operation_id = "list_orders_of_staff",
    tag = "orders",
    params(
        PageQuery,
        ("filter[status]" = Option<String>, Query, description = "`pending`, `confirmed`, `completed` or `canceled`"),
        ("filter[payment_status]" = Option<String>, Query, description = "`not_required`, `pending`, `authorized`, `paid`, `partially_refunded`, `refunded`, `failed` or `mismatch`"),
        ("filter[fulfillment_status]" = Option<String>, Query, description = "`unfulfilled`, `partial`, `fulfilled` or `returned`"),
        ("filter[customer_id]" = Option<String>, Query, description = "Only of this customer"),
        ("filter[email]" = Option<String>, Query, description = "Only with this e-mail address, as it was written"),
        ("filter[number]" = Option<String>, Query, description = "Only with this number"),
        ("filter[channel_id]" = Option<String>, Query, description = "Only of this channel"),
        ("filter[placed_from]" = Option<String>, Query, description = "Only placed at this time of RFC 3339 or later", format = DateTime),
        ("filter[placed_before]" = Option<String>, Query, description = "Only placed before this time of RFC 3339", format = DateTime)
    ),
    responses((status = 200, body = Page<OrderView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<OrdersRead>, mut params: ListParams) -> Result<Response, Problem> {
    let page = take_page(&mut params)?;
    let filter = take_filter(&mut params)?;
    params.finish()?;
    respond::read(&list_orders(&staff.context.shop, &filter, &page).await?, None)
}

fn take_filter(params: &mut ListParams) -> Result<OrderFilter, Problem> {
    let number = params.take_parsed::<OrderNumber>("filter[number]", "an order number such as 7K3M-92QX")?;
    Ok(OrderFilter {
        status: take_word(params, "status", OrderStatus::parse)?,
        payment_status: take_word(params, "payment_status", PaymentStatus::parse)?,
        fulfillment_status: take_word(params, "fulfillment_status", FulfillmentStatus::parse)?,
        customer_id: params.take_parsed("filter[customer_id]", "the id of a customer")?,
        email: params.take("filter[email]"),
        number: number.map(|number| number.as_str().to_owned()),
        channel_id: params.take_parsed("filter[channel_id]", "the id of a channel")?,
        placed_from: take_time(params, "placed_from")?,
        placed_before: take_time(params, "placed_before")?,
    })
}

fn take_word<T>(
    params: &mut ListParams,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let name = format!("filter[{name}]");
    let Some(word) = params.take(&name) else { return Ok(None) };
    let detail = "the filter knows other words: see /docs";
    parse(&word).map(Some).ok_or_else(|| Problem::malformed("invalid_parameter", &name, detail))
}

fn take_time(params: &mut ListParams, name: &str) -> Result<Option<Timestamp>, Problem> {
    let expected = "a time of RFC 3339, such as 2026-11-01T12:00:00Z";
    let time = params.take_parsed::<Timestamp>(&format!("filter[{name}]"), expected)?;
    // No order is older; the database does not know every time that can be written.
    Ok(time.map(|time| time.max(Timestamp::UNIX_EPOCH)))
}
