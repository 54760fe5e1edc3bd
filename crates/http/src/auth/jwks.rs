//! `GET /.well-known/jwks.json`.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tradepost_app::access::JsonWebKeySet;

use crate::document::PublicProblems;
use crate::extract::NoParams;
use crate::problem::Problem;
use crate::respond::json_bytes;
use crate::state::ApiState;

/// Long enough to be worth keeping, short enough for a key that is taken back.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// The public keys that sign access tokens, the next one included (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "get_json_web_key_set",
    tag = "auth",
    responses((status = 200, body = JsonWebKeySet), PublicProblems),
    security(())
)]
pub async fn handler(State(state): State<ApiState>, _: NoParams) -> Result<Response, Problem> {
    let body =
        serde_json::to_vec(&state.shop.keys.published().await?).map_err(|error| Problem::internal(&error))?;
    let mut response = json_bytes(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    Ok(response)
}
