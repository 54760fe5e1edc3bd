//! A review as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::catalog::ReviewStatus;
use tradepost_domain::kernel::ids::{CustomerId, ProductId, ReviewId};
use tradepost_store::catalog::review_write::ReviewRecord;
use utoipa::ToSchema;

use crate::change::resource;

/// Where a review stands in moderation.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ReviewStatusShape {
    /// Waits for a decision.
    Pending,
    /// Shown and counted in the rating.
    Approved,
    /// Not shown.
    Rejected,
}

/// A review of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewAdminView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// The product that it is about.
    #[schema(value_type = String)]
    pub product_id: ProductId,
    /// The customer who wrote it; null for one that was brought from elsewhere.
    #[schema(value_type = Option<String>)]
    pub customer_id: Option<CustomerId>,
    /// Name under which it is shown.
    pub author: String,
    /// Stars.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i16,
    /// Title, or empty.
    pub title: String,
    /// Text, or empty.
    pub body: String,
    /// Where it stands in moderation.
    #[schema(value_type = ReviewStatusShape)]
    pub status: ReviewStatus,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When staff last decided about it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub moderated_at: Option<Timestamp>,
}

resource!(ReviewAdminView, ReviewId, "review", "/api/admin/reviews");

impl From<ReviewRecord> for ReviewAdminView {
    fn from(review: ReviewRecord) -> Self {
        Self {
            id: review.id,
            product_id: review.product_id,
            customer_id: review.customer_id,
            author: review.author,
            rating: review.rating,
            title: review.title,
            body: review.body,
            status: review.status,
            version: review.version,
            created_at: review.created_at,
            moderated_at: review.moderated_at,
        }
    }
}
