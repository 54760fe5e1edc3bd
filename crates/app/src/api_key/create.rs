//! Makes a key. Its text is given once and never stored.

use serde_json::json;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{ApiKeyId, EntityId};
use tradepost_store::api_key::{self, ApiKeyRow};
use tradepost_store::channel;

use crate::auth::{Scope, key_hash, key_hint, new_key_text};
use crate::error::WriteError;
use crate::work::StaffContext;

/// What a key is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyGrant {
    /// Names a channel (the default one when `None`) and carries no authority.
    Publishable(Option<Handle>),
    /// Carries these scopes.
    Secret(Vec<Scope>),
}

/// A key to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyCreate {
    /// What staff call it.
    pub name: String,
    /// What it is for.
    pub grant: KeyGrant,
}

/// A key that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its text: the only time that it can be seen.
    pub text: String,
}

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Makes the key and notes it in the audit log, which never sees its text.
pub async fn create_api_key(context: &StaffContext, create: ApiKeyCreate) -> Result<NewApiKey, WriteError> {
    let mut work = context.begin("create_api_key").await?;
    let id: ApiKeyId = work.next_id();
    let (kind, prefix, channel_id, scopes) = match create.grant {
        KeyGrant::Secret(scopes) => ("secret", "sk", None, scopes),
        KeyGrant::Publishable(handle) => {
            let channels = channel::list(&work.tx).await?;
            let named = channels.into_iter().find(|channel| match &handle {
                Some(handle) => channel.handle == *handle,
                None => channel.is_default,
            });
            let channel = named.ok_or(WriteError::NotFound { kind: "channel" })?;
            ("publishable", "pk", Some(channel.id), Vec::new())
        }
    };
    let text = new_key_text(prefix, id, &*context.shop.ids);
    let row = ApiKeyRow {
        id,
        kind: kind.to_owned(),
        name: create.name,
        hint: key_hint(&text),
        channel_id,
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        created_at: work.now,
    };
    api_key::insert(&work.tx, &row, &key_hash(&text)).await?;
    let after = json!({"kind": row.kind, "name": row.name, "hint": row.hint, "scopes": row.scopes});
    work.audit("api_key.created", ("api_key", id.as_uuid()), None, Some(after));
    work.finish(crate::answer::Answer::deleted()).await?;
    Ok(NewApiKey { id, text })
}
