//! `POST /api/auth/email/verify`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{EmailVerification, verify_email};

use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;
use crate::respond;

/// Proves an e-mail address with the token of a mail.
#[utoipa::path(
    post,
    path = "/api/auth/email/verify",
    operation_id = "verify_email",
    tag = "auth",
    request_body = EmailVerification,
    responses((status = 204, description = "The address is proved"), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<EmailVerification>,
) -> Result<Response, Problem> {
    verify_email(&context, body.value).await?;
    Ok(respond::private(StatusCode::NO_CONTENT, Vec::new(), None, None))
}
