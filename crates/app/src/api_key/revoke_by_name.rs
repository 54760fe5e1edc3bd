//! Takes back all keys of a name: a demo that lost its keys makes new ones and leaves no old one alive.

use serde_json::json;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::api_key;

use crate::error::WriteError;
use crate::work::StaffContext;

/// Takes back every live key of this name; answers how many.
pub async fn revoke_api_keys_by_name(context: &StaffContext, name: &str) -> Result<usize, WriteError> {
    let mut work = context.begin("revoke_api_keys_by_name").await?;
    let revoked = api_key::revoke_by_name(&work.tx, name, work.now).await?;
    for id in &revoked {
        work.audit("api_key.revoked", ("api_key", id.as_uuid()), None, Some(json!({"name": name})));
    }
    work.finish(crate::answer::Answer::deleted()).await?;
    Ok(revoked.len())
}
