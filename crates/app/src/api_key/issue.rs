//! Issues a key. Its text is in the answer once; what is stored of it, also with an idempotency key, cannot open anything.

use jiff::Timestamp;
use serde::Deserialize;
use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::{ApiKeyId, ChannelId, EntityId};
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;
use tradepost_store::api_key::{self, ApiKeyRow};
use tradepost_store::{StoreError, Tx};
use utoipa::ToSchema;

use super::view::{ApiKeyView, IssuedApiKeyView};
use crate::answer::{Answer, Outcome};
use crate::audit::record_denied;
use crate::auth::{Scope, key_hash, key_hint, new_key_text};
use crate::change::{Resource, no_payload, refuse};
use crate::error::WriteError;
use crate::work::{Actor, StaffContext};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyKindShape {
    /// Names a channel and carries no authority: it may stand in a browser.
    Publishable,
    /// Carries scopes.
    Secret,
}

/// A key to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyIssue {
    /// What staff call it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What it is for.
    pub kind: ApiKeyKindShape,
    /// What a secret key may do; no more than the key that makes it.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Channel that a publishable key names.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub channel_id: Option<ChannelId>,
    /// When it stops working by itself; never when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

impl ApiKeyIssue {
    /// What is wrong with it, and the scopes that it asks for.
    fn check(&self, now: Timestamp) -> Result<Vec<Scope>, WriteError> {
        let mut issues = Vec::from_iter(check_text("$.name", &self.name, TITLE_LEN_MAX, true));
        let mut scopes = Vec::new();
        for (index, word) in self.scopes.iter().enumerate() {
            let path = || format!("$.scopes[{index}]");
            match Scope::parse(word) {
                None => {
                    let known: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
                    let message = format!("one of: {}", known.join(", "));
                    issues.push(Issue::new(path(), "unknown_scope", message));
                }
                Some(scope) if scopes.contains(&scope) => {
                    issues.push(Issue::new(path(), "duplicate_scope", "the scope is there twice"));
                }
                Some(scope) => scopes.push(scope),
            }
        }
        match self.kind {
            ApiKeyKindShape::Secret => {
                if self.scopes.is_empty() {
                    let message = "a secret key without scopes can do nothing";
                    issues.push(Issue::new("$.scopes", "scopes_required", message));
                }
                if self.channel_id.is_some() {
                    let message = "only a publishable key names a channel";
                    issues.push(Issue::new("$.channel_id", "channel_not_allowed", message));
                }
            }
            ApiKeyKindShape::Publishable => {
                if !self.scopes.is_empty() {
                    let message = "a publishable key carries no authority";
                    issues.push(Issue::new("$.scopes", "scopes_not_allowed", message));
                }
                if self.channel_id.is_none() {
                    let message = "a publishable key names its channel";
                    issues.push(Issue::new("$.channel_id", "channel_required", message));
                }
            }
        }
        if self.expires_at.is_some_and(|at| at <= now) {
            issues.push(Issue::new("$.expires_at", "out_of_range", "a key expires in the future"));
        }
        refuse(issues)?;
        Ok(scopes)
    }
}

/// The first scope that the caller does not hold at this moment: nobody can give what they lack.
pub(crate) async fn find_not_held(
    tx: &Tx,
    actor: Actor,
    wanted: &[Scope],
    now: Timestamp,
) -> Result<Option<Scope>, StoreError> {
    let Actor::ApiKey(id) = actor else { return Ok(None) };
    let live = |row: &ApiKeyRow| row.revoked_at.is_none() && row.expires_at.is_none_or(|at| at > now);
    let held = api_key::get(tx, id).await?.filter(live).map(|row| row.scopes).unwrap_or_default();
    Ok(wanted.iter().copied().find(|scope| !held.iter().any(|word| word == scope.as_str())))
}

fn conflict(error: StoreError) -> WriteError {
    if error.violated_constraint() == Some("api_key_channel_id_fkey") {
        return WriteError::invalid("$.channel_id", "channel_not_found", "there is no such channel");
    }
    WriteError::Store(error)
}

/// Issues the key.
pub async fn issue_api_key(context: &StaffContext, create: ApiKeyIssue) -> Result<Answer, WriteError> {
    let mut work = context.begin("issue_api_key").await?;
    let scopes = create.check(work.now)?;
    if let Some(scope) = find_not_held(&work.tx, context.actor, &scopes, work.now).await? {
        drop(work);
        record_denied(context, "issue_api_key", scope).await?;
        let detail = format!("the key that asks lacks the scope {} and cannot give it", scope.as_str());
        return Err(WriteError::Forbidden { code: "scope_not_held", detail: detail.into() });
    }
    let id: ApiKeyId = work.next_id();
    let (kind, prefix) = match create.kind {
        ApiKeyKindShape::Publishable => ("publishable", "pk"),
        ApiKeyKindShape::Secret => ("secret", "sk"),
    };
    let text = new_key_text(prefix, id, &*context.shop.ids);
    let micros = |at: Timestamp| Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
    let row = ApiKeyRow {
        id,
        kind: kind.to_owned(),
        name: create.name,
        hint: key_hint(&text),
        channel_id: create.channel_id,
        scopes: create.scopes,
        expires_at: create.expires_at.map(micros),
        revoked_at: None,
        last_used_at: None,
        created_at: work.now,
    };
    api_key::insert(&work.tx, &row, &key_hash(&text)).await.map_err(conflict)?;
    let api_key = ApiKeyView::from(row);
    work.event(ApiKeyView::KIND.created, id.as_uuid(), api_key.version, no_payload());
    let after = Some(serde_json::to_value(&api_key)?);
    work.audit("api_key.create", ("api_key", id.as_uuid()), None, after);
    let location = format!("{}/{id}", ApiKeyView::KIND.path);
    let version = Some(api_key.version);
    let redacted = IssuedApiKeyView { api_key, key: None };
    let shown = IssuedApiKeyView { key: Some(text), ..redacted.clone() };
    let answer = Answer::new(Outcome::Created, &shown, version)?;
    work.finish(answer.at(location).kept_as(&redacted)?).await
}
