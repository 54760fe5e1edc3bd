//! Coupons of promotions.

use jiff::Timestamp;
use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{CouponId, EntityId, PromotionId};
use tradepost_domain::promotion::CouponCode;
use uuid::Uuid;

use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LIST = "
        select id, promotion_id, code, usage_limit, limit_per_customer, used, starts_at, ends_at, created_at, version
          from coupon
         where promotion_id = $1
           and ($2::uuid is null or id < $2)
         order by id desc
         limit $3";
    COUNT = "
        select count(*) from coupon where promotion_id = $1";
    GET = "
        select id, promotion_id, code, usage_limit, limit_per_customer, used, starts_at, ends_at, created_at, version
          from coupon
         where promotion_id = $1
           and id = $2";
    GET_FOR_UPDATE = "
        select id, promotion_id, code, usage_limit, limit_per_customer, used, starts_at, ends_at, created_at, version
          from coupon
         where promotion_id = $1
           and id = $2
           for update";
    /// Codes that are taken are left out, and so not answered.
    INSERT = "
        insert into coupon (id, promotion_id, code, usage_limit, limit_per_customer, starts_at, ends_at, created_at)
        select c.id, $3, c.code, $4, $5, $6, $7, $8
          from unnest($1::uuid[], $2::text[]) as c (id, code)
            on conflict (code) do nothing
        returning id";
    UPDATE = "
        update coupon
           set usage_limit = $2, limit_per_customer = $3, starts_at = $4, ends_at = $5, version = $6
         where id = $1";
    DELETE = "
        delete from coupon where id = $1";
}

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouponRow {
    /// Id.
    pub id: CouponId,
    /// The promotion that it switches on.
    pub promotion_id: PromotionId,
    /// Code, in capitals.
    pub code: CouponCode,
    /// Most uses by all together.
    pub usage_limit: Option<i32>,
    /// Most uses by one customer.
    pub limit_per_customer: Option<i32>,
    /// Uses so far.
    pub used: i32,
    /// First moment.
    pub starts_at: Option<Timestamp>,
    /// First moment at which it is over.
    pub ends_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows by one with every change by people.
    pub version: i64,
}

/// Coupons of a promotion made before `after`, newest first.
pub async fn list(
    client: &Client,
    promotion: PromotionId,
    after: Option<CouponId>,
    limit: i64,
) -> Result<Vec<CouponRow>, StoreError> {
    let rows = client.query(LIST, &[&promotion.as_uuid(), &after.map(|id| id.as_uuid()), &limit]).await?;
    rows.iter().map(from_row).collect()
}

/// How many a promotion has.
pub async fn count(client: &Client, promotion: PromotionId) -> Result<i64, StoreError> {
    Ok(client.query_one(COUNT, &[&promotion.as_uuid()]).await?.get(0))
}

/// One coupon of a promotion.
pub async fn get(
    client: &Client,
    promotion: PromotionId,
    id: CouponId,
) -> Result<Option<CouponRow>, StoreError> {
    let row = client.query_opt(GET, &[&promotion.as_uuid(), &id.as_uuid()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Stores what people may change of a coupon.
pub async fn update(tx: &Tx, row: &CouponRow) -> Result<(), StoreError> {
    let params: crate::db::Params<'_> = &[
        &row.id.as_uuid(),
        &row.usage_limit,
        &row.limit_per_customer,
        &row.starts_at,
        &row.ends_at,
        &row.version,
    ];
    tx.execute(UPDATE, params).await.map(drop)
}

/// One coupon of a promotion, kept from other writers until the transaction ends.
pub async fn get_for_update(
    tx: &Tx,
    promotion: PromotionId,
    id: CouponId,
) -> Result<Option<CouponRow>, StoreError> {
    let row = tx.query_opt(GET_FOR_UPDATE, &[&promotion.as_uuid(), &id.as_uuid()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Stores coupons that differ in their id and code alone; answers those whose code was not taken.
pub async fn insert(
    tx: &Tx,
    coupons: &[(CouponId, CouponCode)],
    like: &CouponRow,
) -> Result<Vec<CouponId>, StoreError> {
    let ids: Vec<Uuid> = coupons.iter().map(|(id, _)| id.as_uuid()).collect();
    let codes: Vec<&str> = coupons.iter().map(|(_, code)| code.as_str()).collect();
    let CouponRow { promotion_id, usage_limit, limit_per_customer, starts_at, ends_at, created_at, .. } =
        like;
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
        &ids,
        &codes,
        &promotion_id.as_uuid(),
        usage_limit,
        limit_per_customer,
        starts_at,
        ends_at,
        created_at,
    ];
    Ok(tx.query(INSERT, &params).await?.iter().map(|row| CouponId::from_uuid(row.get(0))).collect())
}

/// Deletes a coupon; the constraint `redemption_coupon_id_fkey` refuses one that an order used.
pub async fn delete(tx: &Tx, id: CouponId) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id.as_uuid()]).await.map(drop)
}

fn from_row(row: &Row) -> Result<CouponRow, StoreError> {
    let code: &str = row.get(2);
    Ok(CouponRow {
        id: CouponId::from_uuid(row.get(0)),
        promotion_id: PromotionId::from_uuid(row.get(1)),
        code: code.parse().map_err(|error| StoreError::inconsistent("coupon", error))?,
        usage_limit: row.get(3),
        limit_per_customer: row.get(4),
        used: row.get(5),
        starts_at: row.get(6),
        ends_at: row.get(7),
        created_at: row.get(8),
        version: row.get(9),
    })
}
