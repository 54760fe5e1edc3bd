//! `/api/auth`: how customers prove who they are; and the keys by which others can check their tokens.

pub mod email;
pub mod jwks;
pub mod login;
pub mod logout;
pub mod password;
pub mod refresh;
pub mod register;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::respond;
use crate::state::ApiState;

/// Routes of authentication.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(register::handler))
        .routes(routes!(login::handler))
        .routes(routes!(refresh::handler))
        .routes(routes!(logout::handler))
        .routes(routes!(password::forgot::handler))
        .routes(routes!(password::reset::handler))
        .routes(routes!(email::verify::handler))
        .routes(routes!(jwks::handler))
}

/// Tokens, which nobody keeps but the one who gets them.
fn tokens(status: StatusCode, tokens: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(tokens).map_err(|error| Problem::internal(&error))?;
    Ok(respond::private(status, body, None, None))
}
