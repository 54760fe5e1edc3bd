//! Reads reviews.

use tradepost_domain::kernel::ids::ReviewId;
use tradepost_store::StoreError;
use tradepost_store::catalog::review_write::{self, ReviewFilter};

use super::view::ReviewAdminView;
use crate::page::{ByNumber, Page, PageRequest};
use crate::shop::Shop;

/// A page of the reviews that pass the filter, the latest written first.
pub async fn list_reviews(
    shop: &Shop,
    filter: &ReviewFilter,
    page: &PageRequest<ByNumber<ReviewId>>,
) -> Result<Page<ReviewAdminView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let before = page.after.map(|place| (place.timestamp(), place.id));
    let rows = review_write::list(&conn, filter, before, page.rows()).await?;
    let total = if page.count { Some(review_write::count(&conn, filter).await?) } else { None };
    let place = |review: &review_write::ReviewRecord| ByNumber::at(review.created_at, review.id);
    Ok(Page::new(page, rows, total, place).map(ReviewAdminView::from))
}

/// One review.
pub async fn find_review(shop: &Shop, id: ReviewId) -> Result<Option<ReviewAdminView>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    Ok(review_write::get(&conn, id).await?.map(ReviewAdminView::from))
}
