//! `POST /api/auth/password/reset`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{PasswordReset, TokensView, reset_password};

use crate::auth::tokens;
use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;

/// Sets a new password with the token of a mail, ends every session and signs in anew.
#[utoipa::path(
    post,
    path = "/api/auth/password/reset",
    operation_id = "reset_password",
    tag = "auth",
    request_body = PasswordReset,
    responses((status = 200, body = TokensView), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<PasswordReset>,
) -> Result<Response, Problem> {
    let made = reset_password(&context, body.value).await?;
    tokens(StatusCode::OK, &made)
}
