//! Gives a new pair of tokens for a refresh token.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::customer::session::RefreshDecision;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::customer::session::{self, FoundToken};
use utoipa::ToSchema;

use super::KIND;
use super::session::{OpenSession, REFRESH_TOKEN, TokensView};
use crate::answer::Answer;
use crate::error::WriteError;
use crate::secret::SecretToken;
use crate::work::{StaffContext, Work};

/// A session to go on with.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    /// The refresh token that came last.
    pub refresh_token: String,
}

fn refused(code: &'static str, detail: &'static str) -> WriteError {
    WriteError::Unauthenticated { code, detail: detail.into() }
}

/// Gives a new pair. A token that was used a moment ago gets the same successor again; one that was used before ends its
/// session, since somebody has a copy of it.
pub async fn refresh_session(
    context: &StaffContext,
    command: RefreshSession,
) -> Result<TokensView, WriteError> {
    let unknown = || refused("refresh_token_invalid", "the refresh token is not known: sign in");
    let token = SecretToken::read(REFRESH_TOKEN, &command.refresh_token).ok_or_else(unknown)?;
    let work = context.begin_in(context.shop.store.storefront(), "refresh_session").await?;
    let found = session::find_for_update(&work.tx, &token.hash()).await?.ok_or_else(unknown)?;
    let refresh_token = match found.state.decide(work.now) {
        RefreshDecision::Dead => {
            return Err(refused("refresh_token_expired", "the session is over: sign in"));
        }
        RefreshDecision::Reused => return Err(end_copied(work, &found).await?),
        RefreshDecision::Repeat => {
            token.successor(REFRESH_TOKEN, found.successor_salt.as_deref().unwrap_or_default())
        }
        RefreshDecision::Rotate { successor_expires_at } => {
            let salt = context.shop.ids.next_secret();
            session::rotate(&work.tx, &token.hash(), work.now, &salt).await?;
            let next = token.successor(REFRESH_TOKEN, &salt);
            let id = found.session_id;
            session::insert_token(&work.tx, id, &next.hash(), work.now, successor_expires_at).await?;
            session::touch(&work.tx, id, work.now).await?;
            next
        }
    };
    work.finish(Answer::deleted()).await?;
    let FoundToken { session_id, customer_id, .. } = found;
    Ok(OpenSession { customer_id, session_id, refresh_token }.tokens(&context.shop).await?)
}

/// Ends a session of whose tokens there is a copy; answers the refusal.
async fn end_copied(mut work: Work<'_>, found: &FoundToken) -> Result<WriteError, WriteError> {
    let FoundToken { customer_id, session_id, .. } = *found;
    session::revoke(&work.tx, customer_id, session_id, work.now, "reuse").await?;
    let told = json!({"session_id": session_id, "reason": "refresh_token_reused"});
    work.event("customer.session_revoked", customer_id.as_uuid(), 0, told.clone());
    work.audit("customer.session_revoke", (KIND, customer_id.as_uuid()), None, Some(told));
    work.finish(Answer::deleted()).await?;
    Ok(refused(
        "refresh_token_reused",
        "the refresh token was used before, so the session was ended: sign in",
    ))
}
