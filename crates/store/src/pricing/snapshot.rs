//! Everything that the price of one cart depends on, in [`STATEMENTS_MAX`] statements that are sent at once, whatever the
//! cart and the shop hold. Read from the primary: prices are binding when an order is placed.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{CouponId, EntityId, PromotionId, VariantId};
use tradepost_domain::promotion::{Coupon, CouponCode, Schedule, Usage};
use uuid::Uuid;

use super::price_list_price::PriceListPriceRow;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// Statements of [`load`].
pub const STATEMENTS_MAX: u32 = 5;

sql! {
    PRICES = "
        select p.price_list_id, p.variant_id, p.currency, p.min_quantity, p.amount
          from price_list_price p
          join price_list l on l.id = p.price_list_id and l.active
         where p.variant_id = any ($1)
           and p.currency = $2
         order by p.price_list_id, p.variant_id, p.min_quantity";
    PRICE_LISTS = "
        select l.id, l.name, l.definition
          from price_list l
         where l.active
           and exists (select from price_list_price p
                        where p.price_list_id = l.id
                          and p.variant_id = any ($1)
                          and p.currency = $2)
         order by l.id";
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
    PLACES = "
        select 'tax_class', id, name, definition from tax_class
         union all
        select 'tax_zone', id, name, definition from tax_zone
         union all
        select 'tax_rate', id, name, definition from tax_rate
         union all
        select 'shipping_zone', id, name, definition from shipping_zone
         union all
        select 'shipping_method', id, name, definition from shipping_method";
}

/// What the rules of a cart are asked for.
#[derive(Debug, Clone, Copy)]
pub struct RulesQuery<'a> {
    /// Variants on its lines.
    pub variants: &'a [VariantId],
    /// Its currency.
    pub currency: Currency,
    /// Codes that were entered.
    pub codes: &'a [CouponCode],
    /// Names under which uses by the customer are counted; none while nobody knows who it is.
    pub customer_keys: &'a [String],
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

/// Everything that was loaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StoredRules {
    /// Active price lists with a price for one of the variants.
    pub price_lists: Vec<StoredRule>,
    /// Their prices, each with the id of its list.
    pub prices: Vec<(Uuid, PriceListPriceRow)>,
    /// Active promotions without a coupon, and those of the codes.
    pub promotions: Vec<StoredPromotion>,
    /// Coupons of the codes that exist.
    pub coupons: Vec<Coupon>,
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

/// Loads everything that the price of a cart depends on.
pub async fn load(client: &Client, query: &RulesQuery<'_>) -> Result<StoredRules, StoreError> {
    let variants: Vec<Uuid> = query.variants.iter().map(EntityId::as_uuid).collect();
    let codes: Vec<&str> = query.codes.iter().map(CouponCode::as_str).collect();
    let (currency, keys) = (query.currency.code(), query.customer_keys);
    let in_currency: [&(dyn ToSql + Sync); 2] = [&variants, &currency];
    let by_code: [&(dyn ToSql + Sync); 2] = [&codes, &keys];
    let (list_rows, price_rows, promotion_rows, coupon_rows, place_rows) = tokio::try_join!(
        client.query(PRICE_LISTS, &in_currency),
        client.query(PRICES, &in_currency),
        client.query(PROMOTIONS, &by_code),
        client.query(COUPONS, &by_code),
        client.query(PLACES, &[]),
    )?;
    let of = |kind: &str| {
        let rows = place_rows.iter().filter(|row| row.get::<_, &str>(0) == kind);
        rows.map(|row| rule(row, 1)).collect::<Vec<_>>()
    };
    Ok(StoredRules {
        price_lists: list_rows.iter().map(|row| rule(row, 0)).collect(),
        prices: price_rows.iter().map(price).collect::<Result<_, _>>()?,
        promotions: promotion_rows.iter().map(promotion).collect(),
        coupons: coupon_rows.iter().map(coupon).collect::<Result<_, _>>()?,
        tax_classes: of("tax_class"),
        tax_zones: of("tax_zone"),
        tax_rates: of("tax_rate"),
        shipping_zones: of("shipping_zone"),
        shipping_methods: of("shipping_method"),
    })
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
