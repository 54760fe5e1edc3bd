//! The rules of the shop as its process knows them: read once for each of their epochs, in memory until they change.
//!
//! Every pricing asks the database for the present epoch, in its own transaction; rules of another epoch are never
//! used. So a price is what the rules of its moment say, and what does not change is not read and parsed with every cart.

use std::sync::{Arc, Mutex, PoisonError};

use tradepost_domain::kernel::ids::{
    EntityId, PriceListId, PromotionId, ShippingMethodId, ShippingZoneId, TaxClassId, TaxRateId, TaxZoneId,
};
use tradepost_domain::kernel::place::Place;
use tradepost_domain::pricing::PriceList;
use tradepost_domain::promotion::{ItemFacts, Items, Promotion, Schedule, Stacking, Usage};
use tradepost_domain::shipping::ShippingMethod;
use tradepost_domain::tax::{RateSource, RatesFrom, TaxRate, TaxZone};
use tradepost_store::pricing::snapshot::{self, StoredPromotion, StoredRule, StoredRules};
use tradepost_store::{Client, StoreError};

use super::price_list::PriceListCreate;
use super::promotion::PromotionCreate;
use super::rule::read_definition;
use super::shipping_method::ShippingMethodCreate;
use super::shipping_zone::ShippingZoneCreate;
use super::tax_class::TaxClassCreate;
use super::tax_rate::TaxRateCreate;
use super::tax_zone::TaxZoneCreate;

/// The rules of one epoch.
#[derive(Debug, Default)]
pub struct KnownRules {
    /// Their epoch; 0 is none.
    pub epoch: i64,
    /// Active price lists, without their prices.
    pub price_lists: Vec<PriceList>,
    /// Active promotions that need no coupon, as if nobody had used them.
    pub promotions: Vec<Promotion>,
    /// The zones of taxes.
    pub zones: Vec<TaxZone>,
    /// Active shipping methods, by id.
    pub methods: Vec<ShippingMethod>,
    /// By which class each thing is taxed.
    pub classes: TaxClasses,
}

impl KnownRules {
    /// Whether uses of a promotion have to be read before it is known to apply.
    pub fn counts_uses(&self) -> bool {
        let limited = |promotion: &Promotion| {
            promotion.usage.limit.is_some() || promotion.usage.limit_per_customer.is_some()
        };
        self.promotions.iter().any(limited)
    }

    /// Whether a cart is priced by these alone: nothing is read for it, nobody counted and nobody asked.
    pub fn is_enough_for(&self, has_codes: bool) -> bool {
        self.epoch != 0
            && !has_codes
            && self.price_lists.is_empty()
            && !self.counts_uses()
            && !self.asks_who_buys()
            && self.zones.iter().all(|zone| zone.rates_from == RatesFrom::Table)
            && self.methods.iter().all(|method| method.rates.service().is_none())
    }

    /// Whether a price depends on who buys.
    pub fn asks_who_buys(&self) -> bool {
        self.promotions.iter().any(|promotion| promotion.condition.asks_who_buys())
            || self.price_lists.iter().any(|list| !list.customer_group_ids.is_empty())
    }
}

/// What a shop's process knows of its rules.
#[derive(Debug, Default)]
pub struct RuleBook {
    kept: Mutex<Arc<KnownRules>>,
}

impl RuleBook {
    /// What is known, of whatever epoch.
    pub fn known(&self) -> Arc<KnownRules> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the rules as they now are, and keeps them unless newer ones are known.
    ///
    /// Not in a transaction that has changed rules itself: should it be rolled back, its epoch would be another one's.
    pub async fn read(&self, client: &Client) -> Result<Arc<KnownRules>, StoreError> {
        let read = Arc::new(known(&snapshot::rules(client).await?)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if read.epoch > kept.epoch {
            *kept = read.clone();
        }
        Ok(read)
    }
}

fn known(stored: &StoredRules) -> Result<KnownRules, StoreError> {
    let unused =
        |rule: &StoredRule| promotion(&StoredPromotion { rule: rule.clone(), used: 0, used_by_customer: 0 });
    Ok(KnownRules {
        epoch: stored.epoch,
        price_lists: stored.price_lists.iter().map(price_list).collect::<Result<_, _>>()?,
        promotions: stored.promotions.iter().map(unused).collect::<Result<_, _>>()?,
        zones: tax_zones(stored)?,
        methods: shipping_methods(stored)?,
        classes: tax_classes(stored)?,
    })
}

/// By which class each thing is taxed.
#[derive(Debug, Default)]
pub struct TaxClasses(Vec<TaxClass>);

#[derive(Debug)]
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

/// A price list as it is asked, without its prices.
pub(crate) fn price_list(rule: &StoredRule) -> Result<PriceList, StoreError> {
    let fields: PriceListCreate = read_definition(&rule.definition)?;
    Ok(PriceList {
        id: PriceListId::from_uuid(rule.id),
        name: rule.name.clone(),
        priority: fields.priority,
        channel_ids: fields.channel_ids,
        customer_group_ids: fields.customer_group_ids,
        schedule: Schedule { starts_at: fields.starts_at, ends_at: fields.ends_at },
        prices: Vec::new(),
    })
}

/// A promotion as it is priced by.
pub(super) fn promotion(stored: &StoredPromotion) -> Result<Promotion, StoreError> {
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
