//! `POST /api/auth/refresh`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{RefreshSession, TokensView, refresh_session};

use super::tokens;
use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;

/// Gives a new pair of tokens. A refresh token is used once; a copy of one that was used ends the session.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    operation_id = "refresh",
    tag = "auth",
    request_body = RefreshSession,
    responses((status = 200, body = TokensView), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<RefreshSession>,
) -> Result<Response, Problem> {
    let made = refresh_session(&context, body.value).await?;
    tokens(StatusCode::OK, &made)
}
