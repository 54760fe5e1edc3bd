//! Reviews: written by customers, and as staff keep them: brought from elsewhere, decided about, deleted.
//!
//! A product's rating is the sum of its approved reviews. It is kept in the transaction of the change, by adding to what
//! is there: the review's row is locked, so a decision counts once, and the product's row takes every addition.

mod create;
mod delete;
mod moderate;
mod read;
mod view;
mod write;

pub use create::{ReviewCreate, create_review};
pub use delete::delete_review;
pub use moderate::{ReviewDecision, moderate_review};
pub use read::{find_review, list_reviews};
pub use tradepost_store::catalog::review_write::ReviewFilter;
pub use view::{ReviewAdminView, ReviewStatusShape};
pub use write::{OwnReviewView, ReviewSubmission, write_review};

use serde_json::{Value, json};
use tradepost_domain::catalog::ReviewStatus;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_store::catalog::review_write::{self, ReviewRecord};
use tradepost_store::{StoreError, Tx};

use crate::work::Work;

/// Adds to the product's rating what lies between two states of a review; `None` is a review that is not there.
async fn rate(
    tx: &Tx,
    product: ProductId,
    before: Option<&ReviewRecord>,
    after: Option<&ReviewRecord>,
) -> Result<(), StoreError> {
    let counted = |review: Option<&ReviewRecord>| match review {
        Some(review) if review.status == ReviewStatus::Approved => (i64::from(review.rating), 1),
        _ => (0, 0),
    };
    let ((old_stars, old_count), (stars, count)) = (counted(before), counted(after));
    if (old_stars, old_count) == (stars, count) {
        return Ok(());
    }
    review_write::add_to_rating(tx, product, stars - old_stars, count - old_count).await
}

/// Tells of a review as a change of what is read of its product.
fn tell(work: &mut Work<'_>, kind: &'static str, review: &ReviewRecord) {
    let payload: Value = json!({"review_id": review.id, "status": review.status.as_str()});
    work.event(kind, review.product_id.as_uuid(), review.version, payload);
}
