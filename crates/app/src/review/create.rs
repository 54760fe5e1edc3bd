//! Brings a review from elsewhere.

use jiff::Timestamp;
use serde::Deserialize;
use tradepost_domain::catalog::review::is_rating;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::catalog::{Issue, ReviewStatus};
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_domain::kernel::limits::{RATING_MAX, REVIEW_LEN_MAX, TITLE_LEN_MAX};
use tradepost_store::StoreError;
use tradepost_store::catalog::review_write::{self, ReviewRecord};
use utoipa::ToSchema;

use super::view::{ReviewAdminView, ReviewStatusShape};
use super::{rate, tell};
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A review that was written elsewhere.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewCreate {
    /// Id of the product that it is about.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// Name under which it is shown.
    pub author: String,
    /// Stars.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u8,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Text without markup.
    #[serde(default)]
    pub body: String,
    /// When it was written; now when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Where it stands; it waits for a decision when absent.
    #[serde(default = "pending")]
    #[schema(value_type = ReviewStatusShape, required = false)]
    pub status: ReviewStatus,
}

fn pending() -> ReviewStatus {
    ReviewStatus::Pending
}

/// What is wrong with a review's texts and stars, whoever wrote it.
pub(super) fn issues(review: &ReviewRecord) -> Vec<Issue> {
    let mut issues = Vec::from_iter(check_text("$.author", &review.author, TITLE_LEN_MAX, true));
    issues.extend(check_text("$.title", &review.title, TITLE_LEN_MAX, false));
    issues.extend(check_text("$.body", &review.body, REVIEW_LEN_MAX, false));
    if !u8::try_from(review.rating).is_ok_and(is_rating) {
        issues.push(Issue::new("$.rating", "out_of_range", format!("1 to {RATING_MAX} stars")));
    }
    issues
}

/// A review is not from the future, nor from before there were any.
fn time_issue(written_at: Timestamp, now: Timestamp) -> Option<Issue> {
    let message = "a review was written between 1970 and now";
    let possible = (Timestamp::UNIX_EPOCH..=now).contains(&written_at);
    (!possible).then(|| Issue::new("$.created_at", "out_of_range", message))
}

fn conflict(error: StoreError) -> WriteError {
    if error.violated_constraint() == Some("review_product_id_fkey") {
        return WriteError::invalid("$.product_id", "product_not_found", "there is no such product");
    }
    WriteError::Store(error)
}

/// Stores the review, and counts it if it comes approved.
pub async fn create_review(context: &StaffContext, create: ReviewCreate) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_review").await?;
    let written_at = create.created_at.unwrap_or(work.now);
    let review = ReviewRecord {
        id: work.next_id(),
        product_id: create.product_id,
        customer_id: None,
        author: create.author,
        rating: create.rating.into(),
        title: create.title,
        body: create.body,
        status: create.status,
        version: 1,
        // PostgreSQL keeps microseconds: what is answered must read back equal.
        created_at: Timestamp::from_microsecond(written_at.as_microsecond()).unwrap_or(written_at),
        moderated_at: (create.status != ReviewStatus::Pending).then_some(work.now),
    };
    let mut found = issues(&review);
    found.extend(time_issue(written_at, work.now));
    refuse(found)?;
    review_write::insert(&work.tx, &review).await.map_err(conflict)?;
    rate(&work.tx, review.product_id, None, Some(&review)).await?;
    tell(&mut work, ReviewAdminView::KIND.created, &review);
    let view = ReviewAdminView::from(review);
    let after = Some(serde_json::to_value(&view)?);
    work.audit("review.create", ("review", view.id.as_uuid()), None, after);
    let answer = Answer::new(Outcome::Created, &view, Some(view.version))?;
    work.finish(answer.at(format!("{}/{}", ReviewAdminView::KIND.path, view.id))).await
}
