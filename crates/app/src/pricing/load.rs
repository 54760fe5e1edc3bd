//! The rules that one cart is priced by, read and made into what `domain` works with.

use ring::digest::{SHA256, digest};
use tradepost_domain::kernel::ids::{
    ChannelId, CustomerId, EntityId, PriceListId, PromotionId, ShippingMethodId, ShippingZoneId, TaxClassId,
    TaxRateId, TaxZoneId, VariantId,
};
use tradepost_domain::kernel::place::{Destination, Place};
use tradepost_domain::kernel::{Currency, EmailAddress, Quantity};
use tradepost_domain::pricing::{PriceList, PriceListPrice};
use tradepost_domain::promotion::{
    Coupon, CouponCode, ItemFacts, Items, Promotion, Schedule, Stacking, Usage, customer_key,
};
use tradepost_domain::shipping::ShippingMethod;
use tradepost_domain::tax::{RateSource, TaxRate, TaxZone, choose_zone};
use tradepost_store::pricing::snapshot::{self, RulesQuery, StoredPromotion, StoredRule, StoredRules};
use tradepost_store::{Client, StoreError};
use uuid::Uuid;

use super::price_list::PriceListCreate;
use super::promotion::PromotionCreate;
use super::rule::read_definition;
use super::shipping_method::ShippingMethodCreate;
use super::shipping_zone::ShippingZoneCreate;
use super::tax_class::TaxClassCreate;
use super::tax_rate::TaxRateCreate;
use super::tax_zone::TaxZoneCreate;

/// What the rules are wanted for.
#[derive(Debug, Clone, Copy)]
pub struct RulesFor<'a> {
    /// Variants in the cart.
    pub variants: &'a [VariantId],
    /// Its currency.
    pub currency: Currency,
    /// Its channel.
    pub channel: ChannelId,
    /// Where it goes, once that is known.
    pub destination: Option<&'a Destination>,
    /// Codes that were entered.
    pub codes: &'a [CouponCode],
    /// What [`customer_keys`] says of who buys.
    pub customer_keys: &'a [String],
}

/// Rules of the shop that a cart is priced by.
#[derive(Debug, Clone, Default)]
pub struct LoadedRules {
    /// Price lists with a price for a variant of the cart.
    pub price_lists: Vec<PriceList>,
    /// Promotions that need no coupon, and those of the coupons entered.
    pub promotions: Vec<Promotion>,
    /// Coupons entered.
    pub coupons: Vec<Coupon>,
    /// The zone whose taxes apply.
    pub tax: Option<TaxZone>,
    /// Active shipping methods, by id.
    pub methods: Vec<ShippingMethod>,
    /// By which class each thing is taxed.
    pub classes: TaxClasses,
}

/// By which class each thing is taxed.
#[derive(Debug, Clone, Default)]
pub struct TaxClasses(Vec<TaxClass>);

#[derive(Debug, Clone)]
struct TaxClass {
    id: TaxClassId,
    name: String,
    items: Items,
}

impl TaxClasses {
    /// The class of an item: the oldest that names it.
    pub fn of(&self, item: &ItemFacts) -> Option<TaxClassId> {
        let names = |items: &Items| *items != Items::all() && items.matches(item);
        self.0.iter().find(|class| names(&class.items)).map(|class| class.id)
    }

    /// All classes with their names.
    pub fn named(&self) -> impl Iterator<Item = (TaxClassId, &str)> {
        self.0.iter().map(|class| (class.id, class.name.as_str()))
    }
}

/// The names under which uses of promotions by a customer are counted: the account's, and the e-mail address's.
///
/// An account's limit holds for the address too, so that signing out does not give another use. Of the address a hash is
/// kept: it is compared and never read.
pub fn customer_keys(customer: Option<CustomerId>, email: Option<&EmailAddress>) -> Vec<String> {
    use std::fmt::Write as _;
    let hash = |email: &EmailAddress| {
        let mut text = String::from("email_");
        for byte in digest(&SHA256, customer_key(email).as_bytes()).as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    };
    customer.map(|id| id.to_string()).into_iter().chain(email.map(hash)).collect()
}

/// Loads the rules for a cart, in a constant number of statements that are sent at once.
pub async fn load_rules(client: &Client, wanted: &RulesFor<'_>) -> Result<LoadedRules, StoreError> {
    let RulesFor { variants, currency, codes, customer_keys, .. } = *wanted;
    let query = RulesQuery { variants, currency, codes, customer_keys };
    // Five statements in flight are a large future; boxed, its callers stay small.
    let stored = Box::pin(snapshot::load(client, &query)).await?;
    let zones = tax_zones(&stored)?;
    Ok(LoadedRules {
        price_lists: price_lists(&stored)?,
        promotions: stored.promotions.iter().map(promotion).collect::<Result<_, _>>()?,
        tax: choose_zone(&zones, wanted.destination, wanted.channel).cloned(),
        methods: shipping_methods(&stored)?,
        classes: tax_classes(&stored)?,
        coupons: stored.coupons,
    })
}

fn price_lists(stored: &StoredRules) -> Result<Vec<PriceList>, StoreError> {
    let price_list = |rule: &StoredRule| {
        let fields: PriceListCreate = read_definition(&rule.definition)?;
        let prices = stored.prices.iter().filter(|(list, _)| *list == rule.id);
        let price = |(_, row): &(Uuid, tradepost_store::pricing::price_list_price::PriceListPriceRow)| {
            let min_quantity =
                u32::try_from(row.min_quantity).ok().and_then(|units| Quantity::new(units).ok());
            Some(PriceListPrice {
                variant_id: row.variant_id,
                min_quantity: min_quantity?,
                amount: row.amount,
            })
        };
        Ok(PriceList {
            id: PriceListId::from_uuid(rule.id),
            name: rule.name.clone(),
            priority: fields.priority,
            channel_ids: fields.channel_ids,
            customer_group_ids: fields.customer_group_ids,
            schedule: Schedule { starts_at: fields.starts_at, ends_at: fields.ends_at },
            prices: prices.filter_map(price).collect(),
        })
    };
    stored.price_lists.iter().map(price_list).collect()
}

fn promotion(stored: &StoredPromotion) -> Result<Promotion, StoreError> {
    let fields: PromotionCreate = read_definition(&stored.rule.definition)?;
    Ok(Promotion {
        id: PromotionId::from_uuid(stored.rule.id),
        name: fields.name,
        priority: fields.priority,
        stacking: Stacking { group: fields.group, combines: fields.combines },
        schedule: Schedule { starts_at: fields.starts_at, ends_at: fields.ends_at },
        requires_coupon: fields.requires_coupon,
        usage: Usage {
            limit: fields.usage_limit,
            used: stored.used,
            limit_per_customer: fields.limit_per_customer,
            used_by_customer: stored.used_by_customer,
        },
        condition: fields.condition,
        effect: fields.effect,
    })
}

fn tax_zones(stored: &StoredRules) -> Result<Vec<TaxZone>, StoreError> {
    let mut rates: Vec<(TaxZoneId, TaxRate)> = Vec::new();
    for rule in &stored.tax_rates {
        let fields: TaxRateCreate = read_definition(&rule.definition)?;
        let rate = TaxRate {
            id: TaxRateId::from_uuid(rule.id),
            tax_class_id: fields.tax_class_id,
            name: fields.name,
            rate_ppm: fields.rate_ppm,
        };
        rates.push((fields.tax_zone_id, rate));
    }
    let zone = |rule: &StoredRule| {
        let fields: TaxZoneCreate = read_definition(&rule.definition)?;
        let id = TaxZoneId::from_uuid(rule.id);
        Ok(TaxZone {
            id,
            name: fields.name,
            places: fields.places,
            default_channel_ids: fields.default_channel_ids,
            prices_include_tax: fields.prices_include_tax,
            rounding: fields.rounding,
            rounding_level: fields.rounding_level,
            rates: rates.iter().filter(|(zone, _)| *zone == id).map(|(_, rate)| rate.clone()).collect(),
            rates_from: fields.rates_from,
            source: RateSource::Table,
        })
    };
    stored.tax_zones.iter().map(zone).collect()
}

fn tax_classes(stored: &StoredRules) -> Result<TaxClasses, StoreError> {
    let mut classes: Vec<TaxClass> = Vec::new();
    for rule in &stored.tax_classes {
        let fields: TaxClassCreate = read_definition(&rule.definition)?;
        let id = TaxClassId::from_uuid(rule.id);
        classes.push(TaxClass { id, name: fields.name, items: fields.items });
    }
    classes.sort_by_key(|class| class.id);
    Ok(TaxClasses(classes))
}

fn shipping_methods(stored: &StoredRules) -> Result<Vec<ShippingMethod>, StoreError> {
    let mut zones: Vec<(ShippingZoneId, Vec<Place>)> = Vec::new();
    for rule in &stored.shipping_zones {
        let fields: ShippingZoneCreate = read_definition(&rule.definition)?;
        zones.push((ShippingZoneId::from_uuid(rule.id), fields.places));
    }
    let mut methods = Vec::new();
    for rule in &stored.shipping_methods {
        let fields: ShippingMethodCreate = read_definition(&rule.definition)?;
        if !fields.active {
            continue;
        }
        let of_method = zones.iter().filter(|(id, _)| fields.shipping_zone_ids.contains(id));
        let places: Vec<Place> = of_method.flat_map(|(_, places)| places.iter().cloned()).collect();
        if places.is_empty() && !fields.shipping_zone_ids.is_empty() {
            // No place would mean the whole world.
            continue;
        }
        methods.push(ShippingMethod {
            id: ShippingMethodId::from_uuid(rule.id),
            name: fields.name,
            places,
            channel_ids: fields.channel_ids,
            rates: fields.rates,
            free_from: fields.free_from,
            tax_class_id: fields.tax_class_id,
        });
    }
    methods.sort_by_key(|method| method.id);
    Ok(methods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_counted_by_account_and_by_mailbox() {
        let keys = |customer: Option<u128>, email: &str| {
            let id = customer.map(|number| CustomerId::from_uuid(Uuid::from_u128(number)));
            customer_keys(id, Some(&email.parse().unwrap()))
        };
        assert_eq!(keys(None, "A@x.com"), keys(None, "a+1@x.com"));
        assert_ne!(keys(None, "a@x.com"), keys(None, "b@x.com"));
        let both = keys(Some(1), "a@x.com");
        assert_eq!((both.len(), &both[1..]), (2, keys(None, "a@x.com").as_slice()));
        assert!(!both[1].contains("a@x.com"));
        assert!(customer_keys(None, None).is_empty());
    }
}
