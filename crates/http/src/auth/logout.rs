//! `POST /api/auth/logout`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{SignOut, sign_out};

use crate::document::SignInProblems;
use crate::extract::{Body, Customer, NoParams, Visitor};
use crate::problem::Problem;
use crate::respond;

/// Ends a session: that of the refresh token, else that of the access token. One that has ended stays ended.
#[utoipa::path(
    post,
    path = "/api/auth/logout",
    operation_id = "logout",
    tag = "auth",
    request_body = Option<SignOut>,
    responses((status = 204, description = "The session has ended"), SignInProblems),
    security((), ("access_token" = []))
)]
pub async fn handler(
    Visitor(context): Visitor,
    customer: Option<Customer>,
    _: NoParams,
    body: Option<Body<SignOut>>,
) -> Result<Response, Problem> {
    let command = body.map(|body| body.value).unwrap_or_default();
    sign_out(&context, customer.map(|customer| (customer.id, customer.session_id)), command).await?;
    Ok(respond::private(StatusCode::NO_CONTENT, Vec::new(), None, None))
}
