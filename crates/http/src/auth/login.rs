//! `POST /api/auth/login`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{SignIn, TokensView, sign_in};

use super::tokens;
use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;

/// Signs a customer in. A wrong password and an unknown address get the same answer.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "login",
    tag = "auth",
    request_body = SignIn,
    responses((status = 200, body = TokensView), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<SignIn>,
) -> Result<Response, Problem> {
    let made = sign_in(&context, body.value).await?;
    tokens(StatusCode::OK, &made)
}
