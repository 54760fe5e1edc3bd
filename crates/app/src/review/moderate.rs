//! Decides about a review.

use serde::Deserialize;
use tradepost_domain::catalog::ReviewStatus;
use tradepost_domain::kernel::ids::{EntityId, ReviewId};
use tradepost_store::catalog::review_write;
use utoipa::ToSchema;

use super::view::{ReviewAdminView, ReviewStatusShape};
use super::{rate, tell};
use crate::answer::{Answer, Outcome};
use crate::change::{difference, missing};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A decision about a review.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewDecision {
    /// Where it shall stand.
    #[schema(value_type = ReviewStatusShape)]
    pub status: ReviewStatus,
}

/// Puts the review where it shall stand and corrects its product's rating. Deciding the same twice changes nothing.
pub async fn moderate_review(
    context: &StaffContext,
    id: ReviewId,
    decision: ReviewDecision,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("moderate_review").await?;
    let before = review_write::get_for_update(&work.tx, id).await?.ok_or_else(missing::<ReviewAdminView>)?;
    if before.status == decision.status {
        return work.finish_unchanged(&ReviewAdminView::from(before)).await;
    }
    let mut after = before.clone();
    after.status = decision.status;
    after.version += 1;
    after.moderated_at = Some(work.now);
    review_write::moderate(&work.tx, &after).await?;
    rate(&work.tx, after.product_id, Some(&before), Some(&after)).await?;
    tell(&mut work, "review.moderated", &after);
    let (before, after) = (ReviewAdminView::from(before), ReviewAdminView::from(after));
    let (old, new) = difference(&before, &after)?.unzip();
    work.audit("review.moderate", ("review", id.as_uuid()), old, new);
    work.finish_with(Outcome::Done, &after, Some(after.version)).await
}
