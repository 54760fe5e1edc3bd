//! Asks for a mail with which a new password can be chosen.

use serde::Deserialize;
use utoipa::ToSchema;

use super::read_email;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::mail::{CustomerMail, enqueue_customer_mail};
use crate::work::StaffContext;

/// Whose password is forgotten.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    /// E-mail address of the account.
    #[schema(max_length = 254, format = Email)]
    pub email: String,
}

/// Asks for the mail. Whether there is such an account is found out by the worker that writes it: here the known and the
/// unknown get the same work and the same answer.
pub async fn forgot_password(context: &StaffContext, command: ForgottenPassword) -> Result<(), WriteError> {
    let shop = &context.shop;
    let email = read_email(&command.email).map_err(|issue| WriteError::Invalid(vec![issue]))?;
    shop.throttle.reset(&email.key(), context.origin.ip.as_deref())?;
    let work = context.begin_in(shop.store.storefront(), "forgot_password").await?;
    let mail = CustomerMail::PasswordReset { email_key: email.key() };
    enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
    work.finish(Answer::deleted()).await.map(drop)
}
