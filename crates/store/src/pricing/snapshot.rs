//! What the price of a cart depends on. The rules of the shop are read once for each of their epochs and kept by whoever
//! prices; what changes with every order, and prices and coupons of one cart, are read each time. All of it from the
//! primary: prices are binding when an order is placed.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{CouponId, EntityId, PromotionId, VariantId};
use tradepost_domain::promotion::{Coupon, CouponCode, Schedule, Usage};
use uuid::Uuid;

use super::price_list_price::PriceListPriceRow;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    EPOCH = "
        select epoch from rules_epoch";
    // One statement, so that the rules are those of the epoch that they are read with.
    RULES = "
        select e.epoch, r.kind, r.id, r.name, r.definition
          from rules_epoch e
          left join (select 'tax_class' as kind, id, name, definition from tax_class
                      union all
                     select 'tax_zone', id, name, definition from tax_zone
                      union all
                     select 'tax_rate', id, name, definition from tax_rate
                      union all
                     select 'shipping_zone', id, name, definition from shipping_zone
                      union all
                     select 'shipping_method', id, name, definition from shipping_method
                      union all
                     select 'price_list', id, name, definition from price_list where active
                      union all
                     select 'promotion', id, name, definition from promotion where active and not requires_coupon) r on true
         order by r.id";
    PRICES = "
        select p.price_list_id, p.variant_id, p.currency, p.min_quantity, p.amount
          from price_list_price p
          join price_list l on l.id = p.price_list_id and l.active
         where p.variant_id = any ($1)
           and p.currency = $2
         order by p.price_list_id, p.variant_id, p.min_quantity";
    PROMOTIONS = "
        select p.id, p.name, p.definition, p.used,
               coalesce((select max(u.used)
                           from customer_usage u
                          where u.subject_id = p.id
                            and u.customer_key = any ($2)), 0)
          from promotion p
         where p.active
           and (not p.requires_coupon
                or exists (select from coupon c where c.promotion_id = p.id and c.code = any ($1)))
         order by p.id";
    COUPONS = "
        select c.id, c.promotion_id, c.code, c.usage_limit, c.limit_per_customer, c.used, c.starts_at, c.ends_at,
               coalesce((select max(u.used)
                           from customer_usage u
                          where u.subject_id = c.id
                            and u.customer_key = any ($2)), 0)
          from coupon c
         where c.code = any ($1)
         order by c.id";
    COUPON_EXISTS = "
        select exists (select from coupon where code = $1)";
}

/// A rule as staff wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRule {
    /// Id.
    pub id: Uuid,
    /// Name as shown.
    pub name: String,
    /// What it says.
    pub definition: Value,
}

/// A promotion with its use.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPromotion {
    /// The rule.
    pub rule: StoredRule,
    /// Uses by all together.
    pub used: u32,
    /// Uses by this customer.
    pub used_by_customer: u32,
}

/// The rules of the shop at one epoch of theirs, in the order of their ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredRules {
    /// Grows with every change of a rule.
    pub epoch: i64,
    /// Active price lists.
    pub price_lists: Vec<StoredRule>,
    /// Active promotions that need no coupon.
    pub promotions: Vec<StoredRule>,
    /// Tax classes.
    pub tax_classes: Vec<StoredRule>,
    /// Tax zones.
    pub tax_zones: Vec<StoredRule>,
    /// Tax rates.
    pub tax_rates: Vec<StoredRule>,
    /// Shipping zones.
    pub shipping_zones: Vec<StoredRule>,
    /// Shipping methods.
    pub shipping_methods: Vec<StoredRule>,
}

/// The present epoch of the rules.
pub async fn epoch(client: &Client) -> Result<i64, StoreError> {
    Ok(client.query_one(EPOCH, &[]).await?.get(0))
}

/// The rules as they now are.
pub async fn rules(client: &Client) -> Result<StoredRules, StoreError> {
    let mut rules = StoredRules::default();
    for row in client.query(RULES, &[]).await? {
        rules.epoch = row.get(0);
        let kept = match row.get::<_, Option<&str>>(1) {
            Some("tax_class") => &mut rules.tax_classes,
            Some("tax_zone") => &mut rules.tax_zones,
            Some("tax_rate") => &mut rules.tax_rates,
            Some("shipping_zone") => &mut rules.shipping_zones,
            Some("shipping_method") => &mut rules.shipping_methods,
            Some("price_list") => &mut rules.price_lists,
            Some("promotion") => &mut rules.promotions,
            _ => continue,
        };
        kept.push(rule(&row, 2));
    }
    Ok(rules)
}

/// Prices of variants in active price lists, each with the id of its list.
pub async fn prices(
    client: &Client,
    variants: &[VariantId],
    currency: Currency,
) -> Result<Vec<(Uuid, PriceListPriceRow)>, StoreError> {
    let variants: Vec<Uuid> = variants.iter().map(EntityId::as_uuid).collect();
    client.query(PRICES, &[&variants, &currency.code()]).await?.iter().map(price).collect()
}

/// Active promotions without a coupon and those of the codes, with their uses by all and under the keys of a customer.
pub async fn promotions(
    client: &Client,
    codes: &[CouponCode],
    customer_keys: &[String],
) -> Result<Vec<StoredPromotion>, StoreError> {
    let codes: Vec<&str> = codes.iter().map(CouponCode::as_str).collect();
    Ok(client.query(PROMOTIONS, &[&codes, &customer_keys]).await?.iter().map(promotion).collect())
}

/// Coupons of the codes that exist, with their uses.
pub async fn coupons(
    client: &Client,
    codes: &[CouponCode],
    customer_keys: &[String],
) -> Result<Vec<Coupon>, StoreError> {
    let codes: Vec<&str> = codes.iter().map(CouponCode::as_str).collect();
    client.query(COUPONS, &[&codes, &customer_keys]).await?.iter().map(coupon).collect()
}

/// Whether a coupon with this code was given out.
pub async fn coupon_exists(client: &Client, code: &CouponCode) -> Result<bool, StoreError> {
    Ok(client.query_one(COUPON_EXISTS, &[&code.as_str()]).await?.get(0))
}

fn rule(row: &Row, first: usize) -> StoredRule {
    let at = |offset: usize| first.saturating_add(offset);
    StoredRule { id: row.get(at(0)), name: row.get(at(1)), definition: row.get(at(2)) }
}

/// A count that its column's check keeps from being negative.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn price(row: &Row) -> Result<(Uuid, PriceListPriceRow), StoreError> {
    let price = PriceListPriceRow {
        variant_id: VariantId::from_uuid(row.get(1)),
        min_quantity: row.get(3),
        amount: super::money(row.get(4), row.get(2))?,
    };
    Ok((row.get(0), price))
}

fn promotion(row: &Row) -> StoredPromotion {
    StoredPromotion { rule: rule(row, 0), used: count(row.get(3)), used_by_customer: count(row.get(4)) }
}

fn coupon(row: &Row) -> Result<Coupon, StoreError> {
    let code: &str = row.get(2);
    let (starts_at, ends_at): (Option<Timestamp>, Option<Timestamp>) = (row.get(6), row.get(7));
    Ok(Coupon {
        id: CouponId::from_uuid(row.get(0)),
        promotion_id: PromotionId::from_uuid(row.get(1)),
        code: code.parse().map_err(|error| StoreError::inconsistent("coupon", error))?,
        schedule: Schedule { starts_at, ends_at },
        usage: Usage {
            limit: row.get::<_, Option<i32>>(3).map(count),
            used: count(row.get(5)),
            limit_per_customer: row.get::<_, Option<i32>>(4).map(count),
            used_by_customer: count(row.get(8)),
        },
    })
}
