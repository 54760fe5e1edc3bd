//! Lists what customers say of a product: approved reviews, page by page.

use jiff::Timestamp;
use tradepost_domain::catalog::product_query::SortKey;
use tradepost_domain::kernel::ids::{EntityId, ProductId, ReviewId};
use tradepost_domain::kernel::limits::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use tradepost_store::StoreError;
use tradepost_store::catalog::review::{self, ReviewPage, ReviewRow};

use super::cursor::{self, KeyKind, Place, Question};
use super::get_product::{find_moved, find_page};
use super::{Catalog, Reference, Shopper};
use crate::page::{Page, PageInfo};

/// How reviews are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReviewSort {
    /// Latest first.
    #[default]
    Newest,
    /// Most stars first.
    Rating,
}

/// Which reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListReviews {
    /// Of this product.
    pub product: Reference<ProductId>,
    /// Order.
    pub sort: ReviewSort,
    /// Reviews at most, 1 to 100.
    pub limit: u32,
    /// Where the page before this one ended.
    pub cursor: Option<String>,
}

impl ListReviews {
    /// The first page of a product's newest reviews.
    pub fn of(product: Reference<ProductId>) -> Self {
        Self { product, sort: ReviewSort::Newest, limit: PAGE_LIMIT_DEFAULT, cursor: None }
    }
}

/// A review as shoppers see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ReviewView {
    /// Id, `rev_…`.
    #[schema(value_type = String)]
    pub id: ReviewId,
    /// Name under which it is shown.
    pub author: String,
    /// Stars, 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: i16,
    /// Title, or empty.
    pub title: String,
    /// Text, or empty.
    pub body: String,
    /// When it was written, UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Why reviews could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListReviewsError {
    /// The shopper's channel shows no such product.
    #[error("there is no such product")]
    ProductNotFound,
    /// The product has another handle now.
    #[error("the product has the handle {handle} now")]
    ProductMoved {
        /// The present handle.
        handle: String,
    },
    /// The cursor is garbage or belongs to another list.
    #[error("the cursor is not one of this list")]
    InvalidCursor,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists a product's approved reviews.
pub async fn list_reviews(
    catalog: &Catalog,
    shopper: &Shopper,
    command: &ListReviews,
) -> Result<Page<ReviewView>, ListReviewsError> {
    let shown = shopper.view();
    let Some(page) = find_page(catalog, &shown, &command.product).await? else {
        let moved = Box::pin(find_moved(catalog, &shown, &command.product)).await?;
        return Err(moved
            .map_or(ListReviewsError::ProductNotFound, |handle| ListReviewsError::ProductMoved { handle }));
    };
    let product_id = page.id;
    let question = Question::of(&format!("reviews {product_id} {:?}", command.sort));
    let limit = command.limit.clamp(1, PAGE_LIMIT_MAX);
    let after = position(command, question)?;
    let conn = catalog.store.storefront().conn().await?;
    let mut rows = review::list_approved(&conn, product_id, after, i64::from(limit) + 1).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next = match rows.last() {
        Some(last) if has_more => Some(cursor::encode(&place(last, command.sort), question)),
        _ => None,
    };
    let data = rows.into_iter().map(view).collect();
    Ok(Page { data, page: PageInfo { next, has_more, limit, total: None } })
}

fn position(command: &ListReviews, question: Question) -> Result<ReviewPage, ListReviewsError> {
    let kind = match command.sort {
        ReviewSort::Newest => KeyKind::Time,
        ReviewSort::Rating => KeyKind::Integer,
    };
    let place = match &command.cursor {
        Some(text) => {
            Some(cursor::decode(text, question, kind).map_err(|_| ListReviewsError::InvalidCursor)?)
        }
        None => None,
    };
    Ok(match (command.sort, place) {
        (ReviewSort::Newest, None) => ReviewPage::Newest(None),
        (ReviewSort::Rating, None) => ReviewPage::Rating(None),
        (_, Some(Place { key: SortKey::Time(at), id })) => {
            ReviewPage::Newest(Some((at, ReviewId::from_uuid(id))))
        }
        (_, Some(Place { key: SortKey::Integer(rating), id })) => {
            let rating = i16::try_from(rating).map_err(|_| ListReviewsError::InvalidCursor)?;
            ReviewPage::Rating(Some((rating, ReviewId::from_uuid(id))))
        }
        (_, Some(_)) => return Err(ListReviewsError::InvalidCursor),
    })
}

fn place(row: &ReviewRow, sort: ReviewSort) -> Place {
    let key = match sort {
        ReviewSort::Newest => SortKey::Time(row.created_at),
        ReviewSort::Rating => SortKey::Integer(i64::from(row.rating)),
    };
    Place { key, id: row.id.as_uuid() }
}

fn view(row: ReviewRow) -> ReviewView {
    let ReviewRow { id, author, rating, title, body, created_at } = row;
    ReviewView { id, author, rating, title, body, created_at }
}
