//! `POST /api/auth/register`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{CustomerCreate, TokensView, register_customer};

use super::tokens;
use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;

/// Makes an account and signs it in; a mail asks to prove the address.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    operation_id = "register",
    tag = "auth",
    request_body = CustomerCreate,
    responses((status = 201, body = TokensView), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<CustomerCreate>,
) -> Result<Response, Problem> {
    let made = register_customer(&context, body.value).await?;
    tokens(StatusCode::CREATED, &made)
}
