//! `GET /api/admin/search/analytics`.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use tradepost_app::search::analytics::{
    SPAN_DAYS_MAX, SearchReport, SearchReportView, Span, report_searches,
};

use crate::document::StaffReportProblems;
use crate::extract::staff::OrdersRead;
use crate::extract::{ListParams, Staff};
use crate::problem::Problem;
use crate::respond;

const DAYS_DEFAULT: i64 = 30;

/// Reports on searches: what is searched for, found, not found, clicked, searched for instead and bought.
///
/// Counted are searches as the log has them: some seconds late, and for as many days as it is kept.
#[utoipa::path(
    get,
    path = "/api/admin/search/analytics",
    operation_id = "report_searches",
    tag = "search",
    params(
        ("report" = SearchReport, Query, description = "What to tell"),
        ("from" = Option<String>, Query, description = "From this time on; 30 days before `to` when absent", format = DateTime),
        ("to" = Option<String>, Query, description = "Until this time, at most 92 days after `from`; now when absent", format = DateTime),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Rows at most; 20 when absent")
    ),
    responses((status = 200, body = SearchReportView), StaffReportProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<OrdersRead>, mut params: ListParams) -> Result<Response, Problem> {
    let shop = &staff.context.shop;
    let report = params.take_parsed("report", "the name of a report such as top_queries")?;
    let span = take_span(&mut params, shop.clock.now())?;
    params.finish()?;
    let missing = || Problem::malformed("invalid_parameter", "report", "name a report such as top_queries");
    respond::read(&report_searches(shop, report.ok_or_else(missing)?, span).await?, None)
}

fn take_span(params: &mut ListParams, now: Timestamp) -> Result<Span, Problem> {
    let time = "a time such as 2026-11-01T00:00:00Z";
    let to: Timestamp = params.take_parsed("to", time)?.unwrap_or(now);
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let from = to.saturating_sub(days(DAYS_DEFAULT)).unwrap_or(to);
    let from: Timestamp = params.take_parsed("from", time)?.unwrap_or(from);
    let length = to.duration_since(from);
    if length <= SignedDuration::ZERO || length > days(SPAN_DAYS_MAX) {
        let detail = format!("expected a time before `to`, at most {SPAN_DAYS_MAX} days");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_parameter", detail).param("from"));
    }
    Ok(Span { from, to, limit: i64::from(params.take_limit()?) })
}
