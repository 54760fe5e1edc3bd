//! `POST /api/auth/login`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{SignIn, SignedInView, sign_in_with_cart};

use super::tokens;
use crate::document::SignInProblems;
use crate::extract::{Arriving, Body, NoParams};
use crate::problem::Problem;

/// Signs a customer in, and merges the guest's cart that is brought along. A wrong password and an unknown address get the same answer.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    operation_id = "login",
    tag = "auth",
    params(("Cart-Token" = Option<String>, Header, description = "Secret of the guest's cart in `cart_id`")),
    request_body = SignIn,
    responses((status = 200, body = SignedInView), SignInProblems),
    security(())
)]
pub async fn handler(
    Arriving(context): Arriving,
    _: NoParams,
    body: Body<SignIn>,
) -> Result<Response, Problem> {
    let made = sign_in_with_cart(&context, body.value).await?;
    tokens(StatusCode::OK, &made)
}
