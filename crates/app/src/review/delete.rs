//! Deletes a review.

use tradepost_domain::kernel::ids::{EntityId, ReviewId};
use tradepost_store::catalog::review_write;

use super::view::ReviewAdminView;
use super::{rate, tell};
use crate::answer::Answer;
use crate::change::{Resource, Versions, check_version, missing};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the review, and takes it out of its product's rating if it counted.
pub async fn delete_review(
    context: &StaffContext,
    id: ReviewId,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("delete_review").await?;
    let review = review_write::get_for_update(&work.tx, id).await?.ok_or_else(missing::<ReviewAdminView>)?;
    check_version(version, review.version)?;
    review_write::delete(&work.tx, id).await?;
    rate(&work.tx, review.product_id, Some(&review), None).await?;
    tell(&mut work, ReviewAdminView::KIND.deleted, &review);
    let before = Some(serde_json::to_value(ReviewAdminView::from(review))?);
    work.audit("review.delete", ("review", id.as_uuid()), before, None);
    work.finish(Answer::deleted()).await
}
