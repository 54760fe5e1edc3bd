//! Takes a review that a customer writes. It waits for a decision of staff.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tradepost_domain::catalog::ReviewStatus;
use tradepost_domain::customer::CustomerStatus;
use tradepost_domain::kernel::ids::{CustomerId, ProductId, ReviewId};
use tradepost_store::StoreError;
use tradepost_store::catalog::review_write::{self, ReviewRecord};
use tradepost_store::customer::account;
use utoipa::ToSchema;

use super::tell;
use super::view::{ReviewAdminView, ReviewStatusShape};
use crate::answer::{Answer, Outcome};
use crate::catalog::get_product::find_page;
use crate::catalog::{Reference, Shopper};
use crate::change::{Resource, refuse};
use crate::customer::closed_account;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Name under which a review is shown whose author has none.
const NAMELESS: &str = "Customer";

/// A review that a customer writes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewSubmission {
    /// Stars.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u8,
    /// Title.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub title: String,
    /// Text without markup.
    #[serde(default)]
    #[schema(max_length = 10000)]
    pub body: String,
    /// Name under which it is shown; the first name of the account when absent.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub author: Option<String>,
}

/// A review as its author sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnReviewView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// The product that it is about.
    #[schema(value_type = String)]
    pub product_id: ProductId,
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
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<ReviewRecord> for OwnReviewView {
    fn from(review: ReviewRecord) -> Self {
        let ReviewRecord { id, product_id, author, rating, title, body, status, created_at, .. } = review;
        Self { id, product_id, author, rating, title, body, status, created_at }
    }
}

fn conflict(error: StoreError) -> WriteError {
    let detail = "you have written a review of this product";
    WriteError::from_constraint(error, &[("review_customer_key", "review_exists", detail, "product")])
}

/// Takes a customer's review of a product that the shopper's channel shows: one a product.
pub async fn write_review(
    context: &StaffContext,
    customer: CustomerId,
    (shopper, product): (&Shopper, &Reference<ProductId>),
    submission: ReviewSubmission,
) -> Result<Answer, WriteError> {
    let page = find_page(&context.shop.catalog, &shopper.view(), product).await?;
    let product_id = page.ok_or(WriteError::NotFound { kind: "product" })?.id;
    let mut work = context.begin_in(context.shop.store.storefront(), "write_review").await?;
    let found = account::get(&work.tx, customer).await?;
    let writer = found.filter(|row| row.status == CustomerStatus::Active).ok_or_else(closed_account)?;
    let author = submission.author.or(writer.first_name).unwrap_or_else(|| NAMELESS.to_owned());
    let review = ReviewRecord {
        id: work.next_id(),
        product_id,
        customer_id: Some(customer),
        author,
        rating: submission.rating.into(),
        title: submission.title,
        body: submission.body,
        status: ReviewStatus::Pending,
        version: 1,
        created_at: work.now,
        moderated_at: None,
    };
    refuse(super::create::issues(&review))?;
    review_write::insert(&work.tx, &review).await.map_err(conflict)?;
    tell(&mut work, ReviewAdminView::KIND.created, &review);
    work.finish_with(Outcome::Created, &OwnReviewView::from(review), None).await
}
