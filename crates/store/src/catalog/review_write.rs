//! Reviews as staff see them, and the rating of a product that follows from the approved ones.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::catalog::ReviewStatus;
use tradepost_domain::kernel::ids::{CustomerId, EntityId, ProductId, ReviewId};
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at
          from review
         where ($1::text is null or status = $1)
           and ($2::uuid is null or product_id = $2)
           and ($3::timestamptz is null or (created_at, id) < ($3, $4))
         order by created_at desc, id desc
         limit $5";
    COUNT = "
        select count(*) from review where ($1::text is null or status = $1) and ($2::uuid is null or product_id = $2)";
    GET = "
        select id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at
          from review
         where id = $1";
    LOCK_PRODUCT = "
        select p.id
          from review r
          join product p on p.id = r.product_id
         where r.id = $1
           for no key update of p";
    GET_FOR_UPDATE = "
        select id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at
          from review
         where id = $1
           for update";
    INSERT = "
        insert into review (id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    LIST_OF_CUSTOMER = "
        select id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at
          from review
         where customer_id = $1
         order by created_at desc, id desc";
    ANONYMISE = "
        update review set author = $2, customer_id = null, version = version + 1
         where customer_id = $1
        returning id, product_id, customer_id, author, rating, title, body, status, version, created_at, moderated_at";
    MODERATE = "
        update review set status = $2, version = $3, moderated_at = $4 where id = $1";
    DELETE = "
        delete from review where id = $1";
    /// Adds to what is there when it runs, whoever else adds at the same time.
    ADD_TO_RATING = "
        update product
           set rating_sum = rating_sum + $2, rating_count = rating_count + $3
         where id = $1";
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRecord {
    /// Id.
    pub id: ReviewId,
    /// The product that it is about.
    pub product_id: ProductId,
    /// The customer who wrote it, if one did.
    pub customer_id: Option<CustomerId>,
    /// Name under which it is shown.
    pub author: String,
    /// Stars, 1 to 5.
    pub rating: i16,
    /// Title, or empty.
    pub title: String,
    /// Text, or empty.
    pub body: String,
    /// Where it stands in moderation.
    pub status: ReviewStatus,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When staff last decided about it.
    pub moderated_at: Option<Timestamp>,
}

/// What to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReviewFilter {
    /// Only those that stand here.
    pub status: Option<ReviewStatus>,
    /// Only those about this product.
    pub product_id: Option<ProductId>,
}

/// Reviews older than `before` (its time and id), newest first.
pub async fn list(
    client: &Client,
    filter: &ReviewFilter,
    before: Option<(Timestamp, ReviewId)>,
    limit: i64,
) -> Result<Vec<ReviewRecord>, StoreError> {
    let (status, product) = params(filter);
    let (at, id) = before.unzip();
    let id = id.map(|id| id.as_uuid());
    client.query(LIST, &[&status, &product, &at, &id, &limit]).await?.iter().map(from_row).collect()
}

/// How many there are.
pub async fn count(client: &Client, filter: &ReviewFilter) -> Result<i64, StoreError> {
    let (status, product) = params(filter);
    Ok(client.query_one(COUNT, &[&status, &product]).await?.get(0))
}

fn params(filter: &ReviewFilter) -> (Option<&'static str>, Option<Uuid>) {
    (filter.status.map(ReviewStatus::as_str), filter.product_id.map(|id| id.as_uuid()))
}

/// One review.
pub async fn get(client: &Client, id: ReviewId) -> Result<Option<ReviewRecord>, StoreError> {
    client.query_opt(GET, &[&id.as_uuid()]).await?.as_ref().map(from_row).transpose()
}

/// One review, kept from other writers until the transaction ends, and its product before it: in the order in which the
/// deletion of a product takes them, so that the two never wait for each other.
pub async fn get_for_update(tx: &Tx, id: ReviewId) -> Result<Option<ReviewRecord>, StoreError> {
    tx.query(LOCK_PRODUCT, &[&id.as_uuid()]).await?;
    tx.query_opt(GET_FOR_UPDATE, &[&id.as_uuid()]).await?.as_ref().map(from_row).transpose()
}

/// Every review that a customer has written, newest first: one a product at most.
pub async fn list_of_customer(
    client: &Client,
    customer: CustomerId,
) -> Result<Vec<ReviewRecord>, StoreError> {
    client.query(LIST_OF_CUSTOMER, &[&customer.as_uuid()]).await?.iter().map(from_row).collect()
}

/// Takes a customer's name off all reviews; answers what is left of them.
pub async fn anonymise(tx: &Tx, customer: CustomerId, author: &str) -> Result<Vec<ReviewRecord>, StoreError> {
    tx.query(ANONYMISE, &[&customer.as_uuid(), &author]).await?.iter().map(from_row).collect()
}

/// Stores a new review; the constraint `review_product_id_fkey` refuses one about no product, `review_customer_key` a
/// second one by the same customer.
pub async fn insert(tx: &Tx, review: &ReviewRecord) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &review.id.as_uuid(),
        &review.product_id.as_uuid(),
        &review.customer_id.map(|id| id.as_uuid()),
        &review.author,
        &review.rating,
        &review.title,
        &review.body,
        &review.status.as_str(),
        &review.version,
        &review.created_at,
        &review.moderated_at,
    ];
    tx.execute(INSERT, params).await.map(drop)
}

/// Stores a decision.
pub async fn moderate(tx: &Tx, review: &ReviewRecord) -> Result<(), StoreError> {
    let ReviewRecord { id, status, version, moderated_at, .. } = review;
    tx.execute(MODERATE, &[&id.as_uuid(), &status.as_str(), version, moderated_at]).await.map(drop)
}

/// Deletes a review.
pub async fn delete(tx: &Tx, id: ReviewId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

/// Adds stars and reviews (negative to take them away) to a product's rating.
pub async fn add_to_rating(tx: &Tx, product: ProductId, stars: i64, reviews: i64) -> Result<(), StoreError> {
    tx.execute(ADD_TO_RATING, &[&product.as_uuid(), &stars, &reviews]).await.map(drop)
}

fn from_row(row: &Row) -> Result<ReviewRecord, StoreError> {
    let status: &str = row.get(7);
    let unknown = || StoreError::inconsistent("review", format!("`{status}` is no status"));
    Ok(ReviewRecord {
        id: ReviewId::from_uuid(row.get(0)),
        product_id: ProductId::from_uuid(row.get(1)),
        customer_id: row.get::<_, Option<Uuid>>(2).map(CustomerId::from_uuid),
        author: row.get(3),
        rating: row.get(4),
        title: row.get(5),
        body: row.get(6),
        status: ReviewStatus::parse(status).ok_or_else(unknown)?,
        version: row.get(8),
        created_at: row.get(9),
        moderated_at: row.get(10),
    })
}
