//! Ends sessions.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, SessionId};
use tradepost_store::customer::session;
use utoipa::ToSchema;

use super::KIND;
use super::session::REFRESH_TOKEN;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::secret::SecretToken;
use crate::work::StaffContext;

/// What to end.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// The refresh token of the session to end; the access token's session when absent.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// Whether to end every other session of the customer too.
    #[serde(default)]
    pub everywhere: bool,
}

/// Ends the session. One that is not known has ended already.
pub async fn sign_out(
    context: &StaffContext,
    signed_in: Option<(CustomerId, SessionId)>,
    command: SignOut,
) -> Result<(), WriteError> {
    let mut work = context.begin_in(context.shop.store.storefront(), "sign_out").await?;
    let named = match &command.refresh_token {
        Some(text) => match SecretToken::read(REFRESH_TOKEN, text) {
            Some(token) => session::find_for_update(&work.tx, &token.hash()).await?,
            None => None,
        }
        .map(|found| (found.customer_id, found.session_id)),
        None => Some(signed_in.ok_or(WriteError::Unauthenticated {
            code: "authentication_required",
            detail: "send the session's refresh_token, or its access token as Authorization: Bearer …".into(),
        })?),
    };
    let Some((customer_id, session_id)) = named else { return Ok(()) };
    let ended = if command.everywhere {
        session::revoke_others(&work.tx, customer_id, None, work.now, "sign_out").await? > 0
    } else {
        session::revoke(&work.tx, customer_id, session_id, work.now, "sign_out").await?
    };
    if ended {
        let after = json!({"session_id": session_id, "everywhere": command.everywhere});
        work.audit("customer.sign_out", (KIND, customer_id.as_uuid()), None, Some(after));
    }
    work.finish(Answer::deleted()).await.map(drop)
}
