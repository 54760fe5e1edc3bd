//! Takes what became of searches: `POST /api/search/events`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tradepost_app::search::events::{SearchEvents, take_events};

use crate::document::ShopperWriteProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;
use crate::store::shopper::Storefront;

/// Tells what shoppers did with what searches found, in the form of User Behavior Insights.
///
/// At most 50 events at once; telling one twice counts once. They are written seconds later, and only if the search had the product
/// in its answer or the order exists.
#[utoipa::path(post, path = "/api/search/events", operation_id = "tell_search_events", tag = "search",
    params(("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    request_body = SearchEvents,
    responses((status = 202, description = "They were taken"), ShopperWriteProblems))]
pub async fn handler(
    visitor: Visitor,
    _: Storefront,
    _: NoParams,
    body: Body<SearchEvents>,
) -> Result<Response, Problem> {
    let context = visitor.0;
    take_events(&context.shop, body.value, context.origin.ip.as_deref())?;
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
    Ok((StatusCode::ACCEPTED, no_store).into_response())
}
