//! Uses of promotions and coupons, counted when an order is placed and given back when it is canceled.
//!
//! Each limit is the condition of the statement that counts the use: of two orders that want the last one, the second
//! waits for the first, looks at the counter again and finds it used up. Rows are taken in the order of their ids, so that
//! orders wait for each other in one direction only.

use jiff::Timestamp;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{CouponId, EntityId, OrderId, PromotionId};
use uuid::Uuid;

use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    LOCK_PROMOTIONS = "
        select id from promotion where id = any ($1) order by id for no key update";
    USE_PROMOTIONS = "
        update promotion
           set used = used + 1
         where id = any ($1)
           and (usage_limit is null or used < usage_limit)
        returning id";
    LOCK_COUPONS = "
        select id from coupon where id = any ($1) order by id for no key update";
    USE_COUPONS = "
        update coupon
           set used = used + 1
         where id = any ($1)
           and (usage_limit is null or used < usage_limit)
        returning id";
    USE_BY_CUSTOMER = "
        insert into customer_usage (subject_id, customer_key, used)
        select s.id, k.customer_key, 1
          from (select id from promotion where id = any ($1)
                 union all
                select id from coupon where id = any ($2)) s
         cross join unnest($3::text[]) as k (customer_key)
         order by s.id, k.customer_key
            on conflict (subject_id, customer_key) do update
           set used = customer_usage.used + 1
         where customer_usage.used < coalesce(
               (select p.limit_per_customer from promotion p where p.id = customer_usage.subject_id),
               (select c.limit_per_customer from coupon c where c.id = customer_usage.subject_id),
               2147483647)
        returning subject_id";
    BE_FIRST = "
        insert into first_order (customer_key, order_id)
        select k.customer_key, $2
          from unnest($1::text[]) as k (customer_key)
         order by k.customer_key
            on conflict (customer_key) do nothing";
    BE_NO_LONGER_FIRST = "
        delete from first_order where customer_key = any ($1) and order_id = $2";
    INSERT = "
        insert into redemption (id, order_id, promotion_id, coupon_id, customer_keys, amount, currency, created_at)
        select r.id, $1, r.promotion_id, r.coupon_id, $2, r.amount, r.currency, $8
          from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::int8[], $7::text[])
               as r (id, promotion_id, coupon_id, amount, currency)";
    RELEASE = "
        update redemption
           set active = false, released_at = $2
         where order_id = $1
           and active
        returning promotion_id, coupon_id, customer_keys";
    GIVE_BACK_PROMOTIONS = "
        update promotion set used = used - 1 where id = any ($1)";
    GIVE_BACK_COUPONS = "
        update coupon set used = used - 1 where id = any ($1)";
    LOCK_CUSTOMERS = "
        select subject_id
          from customer_usage
         where subject_id = any ($1)
           and customer_key = any ($2)
         order by subject_id, customer_key
           for no key update";
    GIVE_BACK_CUSTOMERS = "
        update customer_usage set used = used - 1 where subject_id = any ($1) and customer_key = any ($2)";
}

/// A use to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Id of the row.
    pub id: Uuid,
    /// The promotion that took something off.
    pub promotion_id: PromotionId,
    /// The coupon that switched it on.
    pub coupon_id: Option<CouponId>,
    /// What it took off.
    pub amount: Money,
    /// Whether it did because nothing was ordered before.
    pub first_order: bool,
}

/// Whether the uses could be counted. Where they could not, the transaction has to be rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// All of them were.
    All,
    /// These promotions are used up, or gone.
    PromotionsUsedUp(Vec<PromotionId>),
    /// These coupons are used up, or gone.
    CouponsUsedUp(Vec<CouponId>),
    /// This customer has used one of them as often as one may.
    CustomerLimit,
    /// Another order of this customer is the first.
    NotFirst,
}

/// Counts the uses of an order: each promotion at most once.
///
/// `customer_keys` are all names under which this customer is counted; a limit holds for each of them.
pub async fn redeem(
    tx: &Tx,
    order: OrderId,
    (uses, customer_keys): (&[Redemption], &[String]),
    now: Timestamp,
) -> Result<Redeemed, StoreError> {
    if uses.is_empty() {
        return Ok(Redeemed::All);
    }
    let promotions: Vec<Uuid> = uses.iter().map(|used| used.promotion_id.as_uuid()).collect();
    let coupons: Vec<Uuid> = uses.iter().filter_map(|used| Some(used.coupon_id?.as_uuid())).collect();
    tx.query(LOCK_PROMOTIONS, &[&promotions]).await?;
    let counted = tx.query(USE_PROMOTIONS, &[&promotions]).await?;
    let refused = without(&promotions, counted.iter().map(|row| row.get(0)));
    if !refused.is_empty() {
        return Ok(Redeemed::PromotionsUsedUp(refused.into_iter().map(PromotionId::from_uuid).collect()));
    }
    if !coupons.is_empty() {
        tx.query(LOCK_COUPONS, &[&coupons]).await?;
        let counted = tx.query(USE_COUPONS, &[&coupons]).await?;
        let refused = without(&coupons, counted.iter().map(|row| row.get(0)));
        if !refused.is_empty() {
            return Ok(Redeemed::CouponsUsedUp(refused.into_iter().map(CouponId::from_uuid).collect()));
        }
    }
    let keys = distinct(customer_keys);
    let counted = tx.query(USE_BY_CUSTOMER, &[&promotions, &coupons, &keys]).await?;
    let subjects = promotions.len().saturating_add(coupons.len());
    if counted.len() != subjects.saturating_mul(keys.len()) {
        return Ok(Redeemed::CustomerLimit);
    }
    if uses.iter().any(|used| used.first_order) {
        // Who comes second waits here for the first, and finds its row.
        let firsts = tx.execute(BE_FIRST, &[&keys, &order.as_uuid()]).await?;
        if usize::try_from(firsts) != Ok(keys.len()) {
            return Ok(Redeemed::NotFirst);
        }
    }
    insert(tx, order, (uses, &keys), now).await?;
    Ok(Redeemed::All)
}

async fn insert(
    tx: &Tx,
    order: OrderId,
    (uses, keys): (&[Redemption], &[&str]),
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = uses.iter().map(|used| used.id).collect();
    let promotions: Vec<Uuid> = uses.iter().map(|used| used.promotion_id.as_uuid()).collect();
    let coupons: Vec<Option<Uuid>> = uses.iter().map(|used| used.coupon_id.map(|id| id.as_uuid())).collect();
    let amounts: Vec<i64> = uses.iter().map(|used| used.amount.amount()).collect();
    let currencies: Vec<&str> = uses.iter().map(|used| used.amount.currency().code()).collect();
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 8] =
        [&order.as_uuid(), &keys, &ids, &promotions, &coupons, &amounts, &currencies, &now];
    tx.execute(INSERT, &params).await.map(drop)
}

/// Gives back what an order used, once: a second call finds nothing. Answers how many promotions there were.
pub async fn release(tx: &Tx, order: OrderId, now: Timestamp) -> Result<usize, StoreError> {
    let released = tx.query(RELEASE, &[&order.as_uuid(), &now]).await?;
    if released.is_empty() {
        return Ok(0);
    }
    let promotions: Vec<Uuid> = released.iter().map(|row| row.get(0)).collect();
    let coupons: Vec<Uuid> = released.iter().filter_map(|row| row.get(1)).collect();
    // All redemptions of an order have the same keys: they were counted in one call.
    let keys: Vec<String> = released.first().map(|row| row.get(2)).unwrap_or_default();
    tx.query(LOCK_PROMOTIONS, &[&promotions]).await?;
    tx.execute(GIVE_BACK_PROMOTIONS, &[&promotions]).await?;
    tx.query(LOCK_COUPONS, &[&coupons]).await?;
    tx.execute(GIVE_BACK_COUPONS, &[&coupons]).await?;
    let subjects = [promotions.as_slice(), coupons.as_slice()].concat();
    tx.query(LOCK_CUSTOMERS, &[&subjects, &keys]).await?;
    tx.execute(GIVE_BACK_CUSTOMERS, &[&subjects, &keys]).await?;
    tx.execute(BE_NO_LONGER_FIRST, &[&keys, &order.as_uuid()]).await?;
    Ok(released.len())
}

fn without(all: &[Uuid], found: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let found: Vec<Uuid> = found.collect();
    all.iter().copied().filter(|id| !found.contains(id)).collect()
}

fn distinct(keys: &[String]) -> Vec<&str> {
    let mut keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
