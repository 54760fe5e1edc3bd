//! Forgets what a browser did: `DELETE /api/search/history`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tradepost_app::search::personal::forget;

use super::find::client_id;
use crate::document::ShopperWriteProblems;
use crate::extract::{NoParams, Visitor};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::shopper::Storefront;

/// Forgets what the browser of the `Client-Id` searched for and did with what it found: to be called where its shopper agrees no
/// more. What another process has yet to write (some seconds) is not forgotten.
#[utoipa::path(delete, path = "/api/search/history", operation_id = "forget_search_history", tag = "search",
    params(("Client-Id" = String, Header, description = "The UUID by which the browser was told from others", format = "uuid"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 204, description = "Nothing is known of it"), ShopperWriteProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    _: Storefront,
    visitor: Visitor,
    _: NoParams,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || Problem::malformed("missing_header", "Client-Id", "say whose history: send Client-Id");
    let client_id = client_id(&headers)?.ok_or_else(missing)?;
    forget(&state.shop, client_id, visitor.0.origin.ip.as_deref()).await?;
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
    Ok((StatusCode::NO_CONTENT, no_store).into_response())
}
