//! Sets a new password with a mailed token.

use serde::Deserialize;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::customer::password::check_password;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::customer::mail_token::{self, MailPurpose};
use tradepost_store::customer::{account, session};
use utoipa::ToSchema;

use super::session::{OpenSession, TokensView};
use super::{KIND, dead_token};
use crate::answer::Answer;
use crate::change::{no_payload, refuse};
use crate::error::WriteError;
use crate::mail::{CustomerMail, MAIL_TOKEN, enqueue_customer_mail};
use crate::password::TypedPassword;
use crate::secret::SecretToken;
use crate::work::StaffContext;

/// A new password and the right to set it.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordReset {
    /// The token of the mail.
    pub token: String,
    /// The new password: any characters.
    #[schema(value_type = String, min_length = 8, max_length = 128, format = Password)]
    pub password: TypedPassword,
}

/// Sets the password, ends every session, and signs the customer in anew. The token came by mail, so the address is
/// proved with it.
pub async fn reset_password(
    context: &StaffContext,
    command: PasswordReset,
) -> Result<TokensView, WriteError> {
    let shop = &context.shop;
    let password = command.password.expose();
    refuse(check_password("$.password", password, "").into_iter().collect())?;
    shop.throttle.attempt(context.origin.ip.as_deref())?;
    let token = SecretToken::read(MAIL_TOKEN, &command.token).ok_or_else(dead_token)?;
    let hash = shop.passwords.hash(password, &*shop.ids).await?;
    let mut work = context.begin_in(shop.store.storefront(), "reset_password").await?;
    let opened_for = mail_token::take(&work.tx, &token.hash(), MailPurpose::PasswordReset, work.now).await?;
    let (id, email_key) = opened_for.ok_or_else(dead_token)?;
    let found = account::get_for_update(&work.tx, id).await?;
    let usable = found.filter(|row| row.status == CustomerStatus::Active && row.email_key == email_key);
    let mut customer = usable.ok_or_else(dead_token)?;
    refuse(check_password("$.password", password, &email_key).into_iter().collect())?;
    customer.password_hash = Some(hash);
    customer.email_verified_at = customer.email_verified_at.or(Some(work.now));
    customer.version += 1;
    customer.updated_at = work.now;
    account::update(&work.tx, &customer).await?;
    mail_token::delete_all(&work.tx, id).await?;
    session::revoke_others(&work.tx, id, None, work.now, "password_reset").await?;
    let opened = OpenSession::begin(context, &work, id).await?;
    let mail = CustomerMail::PasswordChanged { customer_id: id };
    enqueue_customer_mail(shop, &work.tx, &mail, work.now).await?;
    work.event("customer.updated", id.as_uuid(), customer.version, no_payload());
    work.audit("customer.password_reset", (KIND, id.as_uuid()), None, None);
    work.finish(Answer::deleted()).await?;
    Ok(opened.tokens(shop).await?)
}
