//! `POST /api/auth/register`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{CustomerCreate, SignedInView, register_with_cart};

use super::tokens;
use crate::document::SignInProblems;
use crate::extract::{Arriving, Body, NoParams};
use crate::problem::Problem;

/// Makes an account, signs it in, and gives it the guest's cart that is brought along; a mail asks to prove the address.
#[utoipa::path(
    post,
    path = "/api/auth/register",
    operation_id = "register",
    tag = "auth",
    params(("Cart-Token" = Option<String>, Header, description = "Secret of the guest's cart in `cart_id`")),
    request_body = CustomerCreate,
    responses((status = 201, body = SignedInView), SignInProblems),
    security(())
)]
pub async fn handler(
    Arriving(context): Arriving,
    _: NoParams,
    body: Body<CustomerCreate>,
) -> Result<Response, Problem> {
    let made = register_with_cart(&context, body.value).await?;
    tokens(StatusCode::CREATED, &made)
}
