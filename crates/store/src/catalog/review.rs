//! Reviews as shoppers read them: approved ones, page by page.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, ProductId, ReviewId};

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

// Two statements for each order, the first page's and the others': with the condition made optional by a parameter
// being null, the index would no longer be entered at the right place.
sql! {
    NEWEST_FIRST_PAGE = "
        select id, author, rating, title, body, created_at
          from review
         where product_id = $1 and status = 'approved'
         order by created_at desc, id desc
         limit $2";
    NEWEST_NEXT_PAGE = "
        select id, author, rating, title, body, created_at
          from review
         where product_id = $1 and status = 'approved' and (created_at, id) < ($3, $4)
         order by created_at desc, id desc
         limit $2";
    RATING_FIRST_PAGE = "
        select id, author, rating, title, body, created_at
          from review
         where product_id = $1 and status = 'approved'
         order by rating desc, id desc
         limit $2";
    RATING_NEXT_PAGE = "
        select id, author, rating, title, body, created_at
          from review
         where product_id = $1 and status = 'approved' and (rating, id) < ($3, $4)
         order by rating desc, id desc
         limit $2";
}

/// Where a page of reviews ended, and by what it is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewPage {
    /// Latest first; after this one, if any.
    Newest(Option<(Timestamp, ReviewId)>),
    /// Most stars first; after this one, if any.
    Rating(Option<(i16, ReviewId)>),
}

/// An approved review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// Id.
    pub id: ReviewId,
    /// Name under which it is shown.
    pub author: String,
    /// Stars, 1 to 5.
    pub rating: i16,
    /// Title, or empty.
    pub title: String,
    /// Text, or empty.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Up to `limit` approved reviews of a product.
pub async fn list_approved(
    client: &Client,
    product_id: ProductId,
    page: ReviewPage,
    limit: i64,
) -> Result<Vec<ReviewRow>, StoreError> {
    let product = product_id.as_uuid();
    let rows = match page {
        ReviewPage::Newest(None) => client.query(NEWEST_FIRST_PAGE, &[&product, &limit]).await?,
        ReviewPage::Newest(Some((at, id))) => {
            client.query(NEWEST_NEXT_PAGE, &[&product, &limit, &at, &id.as_uuid()]).await?
        }
        ReviewPage::Rating(None) => client.query(RATING_FIRST_PAGE, &[&product, &limit]).await?,
        ReviewPage::Rating(Some((rating, id))) => {
            client.query(RATING_NEXT_PAGE, &[&product, &limit, &rating, &id.as_uuid()]).await?
        }
    };
    Ok(rows.iter().map(from_row).collect())
}

fn from_row(row: &Row) -> ReviewRow {
    ReviewRow {
        id: ReviewId::from_uuid(row.get(0)),
        author: row.get(1),
        rating: row.get(2),
        title: row.get(3),
        body: row.get(4),
        created_at: row.get(5),
    }
}
