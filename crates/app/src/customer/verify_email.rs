//! Proves an address with a mailed token.

use serde::Deserialize;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::customer::account;
use tradepost_store::customer::mail_token::{self, MailPurpose};
use utoipa::ToSchema;

use super::{KIND, dead_token};
use crate::answer::Answer;
use crate::change::no_payload;
use crate::error::WriteError;
use crate::mail::MAIL_TOKEN;
use crate::secret::SecretToken;
use crate::work::StaffContext;

/// The proof.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailVerification {
    /// The token of the mail.
    pub token: String,
}

/// Notes that the address is proved.
pub async fn verify_email(context: &StaffContext, command: EmailVerification) -> Result<(), WriteError> {
    let token = SecretToken::read(MAIL_TOKEN, &command.token).ok_or_else(dead_token)?;
    let mut work = context.begin_in(context.shop.store.storefront(), "verify_email").await?;
    let opened_for =
        mail_token::take(&work.tx, &token.hash(), MailPurpose::EmailVerification, work.now).await?;
    let (id, email_key) = opened_for.ok_or_else(dead_token)?;
    let found = account::get_for_update(&work.tx, id).await?;
    let usable = found.filter(|row| row.status == CustomerStatus::Active && row.email_key == email_key);
    let mut customer = usable.ok_or_else(dead_token)?;
    customer.email_verified_at = Some(work.now);
    customer.version += 1;
    customer.updated_at = work.now;
    account::update(&work.tx, &customer).await?;
    work.event("customer.updated", id.as_uuid(), customer.version, no_payload());
    work.audit("customer.email_verify", (KIND, id.as_uuid()), None, None);
    work.finish(Answer::deleted()).await.map(drop)
}
