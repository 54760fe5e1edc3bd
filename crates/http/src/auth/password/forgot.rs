//! `POST /api/auth/password/forgot`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::customer::{ForgottenPassword, forgot_password};

use crate::document::SignInProblems;
use crate::extract::{Body, NoParams, Visitor};
use crate::problem::Problem;
use crate::respond;

/// Asks for a mail with which a new password can be chosen. The answer is the same whether there is such an account or not.
#[utoipa::path(
    post,
    path = "/api/auth/password/forgot",
    operation_id = "forgot_password",
    tag = "auth",
    request_body = ForgottenPassword,
    responses((status = 204, description = "A mail is sent if there is such an account"), SignInProblems),
    security(())
)]
pub async fn handler(
    Visitor(context): Visitor,
    _: NoParams,
    body: Body<ForgottenPassword>,
) -> Result<Response, Problem> {
    forgot_password(&context, body.value).await?;
    Ok(respond::private(StatusCode::NO_CONTENT, Vec::new(), None, None))
}
