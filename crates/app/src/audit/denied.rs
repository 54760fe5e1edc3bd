//! What a key asked for without having the scope.

use serde_json::json;
use tradepost_domain::kernel::ids::EntityId;

use crate::answer::Answer;
use crate::auth::Scope;
use crate::error::WriteError;
use crate::work::{Actor, StaffContext};

/// Notes that a known key was denied. Requests without a known key have no one to note and are in the request log.
pub async fn record_denied(context: &StaffContext, operation: &str, scope: Scope) -> Result<(), WriteError> {
    let Actor::ApiKey(id) = context.actor else { return Ok(()) };
    // An idempotency key belongs to the request that is denied, which is to be tried again with another key.
    let context = StaffContext { claim: None, ..context.clone() };
    let mut work = context.begin("record_denied").await?;
    let after = json!({"operation": operation, "required_scope": scope.as_str()});
    work.audit("api_key.denied", ("api_key", id.as_uuid()), None, Some(after));
    work.finish(Answer::deleted()).await.map(drop)
}
