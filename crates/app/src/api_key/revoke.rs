//! Takes a key back. It stops at once, and stays in the list for those who ask later whose it was.

use tradepost_domain::kernel::ids::ApiKeyId;
use tradepost_store::api_key;

use super::view::ApiKeyView;
use crate::answer::Answer;
use crate::change::{missing, no_payload};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// The key before and after it is taken back; the same twice when it was before.
async fn revoke(work: &Work<'_>, id: ApiKeyId) -> Result<(ApiKeyView, ApiKeyView), WriteError> {
    let before = api_key::get(&work.tx, id).await?.ok_or_else(missing::<ApiKeyView>)?;
    let mut after = before.clone();
    if api_key::revoke(&work.tx, id, work.now).await? {
        after.revoked_at = Some(work.now);
    } else if before.revoked_at.is_none() {
        // Another request took it back between the two statements.
        after = api_key::get(&work.tx, id).await?.ok_or_else(missing::<ApiKeyView>)?;
        return Ok((ApiKeyView::from(after.clone()), ApiKeyView::from(after)));
    }
    Ok((ApiKeyView::from(before), ApiKeyView::from(after)))
}

/// Takes the key back and shows it. Doing so twice changes nothing.
pub async fn revoke_api_key(context: &StaffContext, id: ApiKeyId) -> Result<Answer, WriteError> {
    let work = context.begin("revoke_api_key").await?;
    let (before, after) = revoke(&work, id).await?;
    if before == after {
        return work.finish_unchanged(&after).await;
    }
    work.finish_updated(&before, &after, no_payload()).await
}

/// Takes the key back, as one does who wants it gone.
pub async fn delete_api_key(context: &StaffContext, id: ApiKeyId) -> Result<Answer, WriteError> {
    let work = context.begin("delete_api_key").await?;
    let (before, after) = revoke(&work, id).await?;
    if before == after {
        return work.finish(Answer::deleted()).await;
    }
    work.finish_deleted(&before, no_payload()).await
}
