//! Everything that the price of one cart depends on, in [`STATEMENTS_MAX`] statements that are sent at once, whatever the
//! cart and the shop hold. Read from the primary: prices are binding when an order is placed.

use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use tradepost_domain::kernel::ids::{
    BrandId, CategoryId, ChannelId, CollectionId, CouponId, EntityId, ProductId, ProductTypeId, PromotionId,
    VariantId,
};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::promotion::{Coupon, CouponCode, ItemFacts, Schedule, Usage};
use uuid::Uuid;

use super::price_list_price::PriceListPriceRow;
use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

/// Statements of [`load`].
pub const STATEMENTS_MAX: u32 = 6;

sql! {
    /// Collections by rule are known from what the projector made of the product for the channel.
    VARIANTS = "
        select v.id, v.product_id, p.brand_id, p.product_type_id, p.tags,
               array (with recursive upward as (
                           select c.id, c.parent_id
                             from category c
                            where c.id = p.category_id
                               or c.id in (select pc.category_id from product_category pc where pc.product_id = p.id)
                            union
                           select c.id, c.parent_id from category c join upward u on c.id = u.parent_id)
                      select id from upward),
               array (select cp.collection_id from collection_product cp where cp.product_id = p.id
                       union
                      select unnest(w.collection_ids)
                        from product_view w
                       where w.product_id = p.id
                         and w.channel_id = $3),
               coalesce(v.weight_grams, 0), v.requires_shipping, price.amount, price.compare_at_amount
          from variant v
          join product p on p.id = v.product_id
          left join price on price.variant_id = v.id and price.currency = $2
         where v.id = any ($1)
         order by v.id";
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
    /// Its channel.
    pub channel: ChannelId,
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

/// What is known of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingVariant {
    /// What rules select it by.
    pub item: ItemFacts,
    /// Weight of one unit.
    pub weight_grams: u32,
    /// Whether it has to be sent.
    pub requires_shipping: bool,
    /// Its own price in the currency.
    pub amount: Option<Money>,
    /// The higher amount it is shown against.
    pub compare_at: Option<Money>,
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
    /// Variants that exist, by id.
    pub variants: Vec<PricingVariant>,
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
    let (currency, channel, keys) = (query.currency.code(), query.channel.as_uuid(), query.customer_keys);
    let in_channel: [&(dyn ToSql + Sync); 3] = [&variants, &currency, &channel];
    let in_currency: [&(dyn ToSql + Sync); 2] = [&variants, &currency];
    let by_code: [&(dyn ToSql + Sync); 2] = [&codes, &keys];
    let (variant_rows, list_rows, price_rows, promotion_rows, coupon_rows, place_rows) = tokio::try_join!(
        client.query(VARIANTS, &in_channel),
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
    let variant = |row| variant(row, query.currency);
    Ok(StoredRules {
        variants: variant_rows.iter().map(variant).collect::<Result<_, _>>()?,
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

fn rule(row: &Row, first: usize) -> StoredRule {
    let at = |offset: usize| first.saturating_add(offset);
    StoredRule { id: row.get(at(0)), name: row.get(at(1)), definition: row.get(at(2)) }
}

/// A count that its column's check keeps from being negative.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn variant(row: &Row, currency: Currency) -> Result<PricingVariant, StoreError> {
    let amount = |amount: Option<i64>| {
        let money = amount.map(|amount| Money::new(amount, currency)).transpose();
        money.map_err(|error| StoreError::inconsistent("price", error))
    };
    let categories: Vec<Uuid> = row.get(5);
    let collections: Vec<Uuid> = row.get(6);
    Ok(PricingVariant {
        item: ItemFacts {
            variant_id: VariantId::from_uuid(row.get(0)),
            product_id: ProductId::from_uuid(row.get(1)),
            brand_id: row.get::<_, Option<Uuid>>(2).map(BrandId::from_uuid),
            product_type_id: row.get::<_, Option<Uuid>>(3).map(ProductTypeId::from_uuid),
            tags: row.get(4),
            category_ids: categories.into_iter().map(CategoryId::from_uuid).collect(),
            collection_ids: collections.into_iter().map(CollectionId::from_uuid).collect(),
        },
        weight_grams: count(row.get(7)),
        requires_shipping: row.get(8),
        amount: amount(row.get(9))?,
        compare_at: amount(row.get(10))?,
    })
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
