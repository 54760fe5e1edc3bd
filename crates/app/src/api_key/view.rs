//! A key as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::kernel::ids::{ApiKeyId, ChannelId};
use tradepost_store::api_key::ApiKeyRow;
use utoipa::ToSchema;

use super::issue::ApiKeyKindShape;
use crate::change::resource;

/// A key without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiKeyView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ApiKeyId,
    /// What it is for.
    #[schema(value_type = ApiKeyKindShape)]
    pub kind: String,
    /// What staff call it.
    pub name: String,
    /// Its beginning and its last four characters.
    pub hint: String,
    /// What a secret key may do.
    pub scopes: Vec<String>,
    /// Channel that a publishable key names.
    #[schema(value_type = Option<String>)]
    pub channel_id: Option<ChannelId>,
    /// When it stops working by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within a minute or so; null when it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// 1, and 2 once it is taken back: that is all that can happen to a key.
    pub version: i64,
}

resource!(ApiKeyView, ApiKeyId, "api_key", "/api/admin/api-keys");

impl From<ApiKeyRow> for ApiKeyView {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            version: if row.revoked_at.is_some() { 2 } else { 1 },
            id: row.id,
            kind: row.kind,
            name: row.name,
            hint: row.hint,
            scopes: row.scopes,
            channel_id: row.channel_id,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        }
    }
}

/// A key that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IssuedApiKeyView {
    /// The key without its text.
    #[serde(flatten)]
    pub api_key: ApiKeyView,
    /// Its text, which is shown this once and not kept: null when the answer is repeated for its `Idempotency-Key`.
    pub key: Option<String>,
}

impl std::fmt::Debug for IssuedApiKeyView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IssuedApiKeyView").field("api_key", &self.api_key).finish_non_exhaustive()
    }
}
