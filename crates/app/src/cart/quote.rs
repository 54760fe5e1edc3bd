//! What a cart comes to: its lines looked up, the rules of the shop loaded, both priced by the one pure function.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tradepost_domain::cart::{Cart, CartLine};
use tradepost_domain::kernel::ids::{CartLineId, VariantId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::pricing::{BasePrice, PricedCart, PricingError, PricingLine, PricingSnapshot, price};
use tradepost_domain::promotion::ItemFacts;
use tradepost_domain::shipping::{Offer, ShippingMethod};
use tradepost_store::cart::Beside;
use tradepost_store::catalog::sellable::{self, SaleScope, Sellable};
use tradepost_store::{Client, StoreError};

use super::rules::{customer, destination, load_rules};
use crate::error::WriteError;
use crate::pricing::{LoadedRules, RuleBook, TaxClasses, rates};

/// A cart with its prices and with what they were made of.
#[derive(Debug)]
pub struct Quote {
    /// What is known of each variant; one that is gone is not here.
    pub sellables: BTreeMap<VariantId, Sellable>,
    /// Lines that cannot be bought: gone, not for sale, without a price. The prices leave them out.
    pub unavailable: BTreeSet<CartLineId>,
    /// The prices.
    pub priced: PricedCart,
    /// Shipping methods that deliver this cart, cheapest first.
    pub offers: Vec<(ShippingMethod, Offer)>,
    /// Whether the shop has shipping methods at all. One that has set up none yet sends everything for nothing.
    pub has_methods: bool,
    /// The epoch of the rules that it was priced by.
    pub epoch: i64,
    /// Whether nobody can say the taxes where the goods go: the cart cannot be ordered now.
    pub taxes_unknown: bool,
}

impl From<PricingError> for WriteError {
    fn from(error: PricingError) -> Self {
        match error {
            PricingError::Amount(_) => {
                Self::invalid("$.lines", "amount_too_large", "the cart comes to more than any amount may be")
            }
            other => Self::Store(StoreError::inconsistent("pricing", other)),
        }
    }
}

/// Prices a cart with the rules as they stand on this connection; inside a transaction, as it sees them. What was read
/// beside the cart is not read again.
pub async fn quote(
    book: &RuleBook,
    client: &Client,
    (cart, beside): (&Cart, Option<&Beside>),
    now: Timestamp,
) -> Result<Quote, WriteError> {
    if let Some(Beside { epoch, sellables }) = beside {
        let known = sellables.iter().map(|sellable| (sellable.variant_id, sellable.clone())).collect();
        let rules = Box::pin(load_rules(book, client, &[cart], Some(*epoch))).await?.pop();
        let rules = rules.ok_or_else(|| StoreError::inconsistent("pricing", "a cart without rules"))?;
        return Box::pin(with_rates(client, cart, (known, rules), now)).await;
    }
    let quote = quote_all(book, client, &[cart], now).await?.pop();
    quote.unwrap_or_else(|| Err(StoreError::inconsistent("pricing", "a cart without a quote").into()))
}

/// Prices carts, each for itself, in one flight: a statement for all that are sold in the same channel, currency and
/// language, and those of [`load_rules`].
pub async fn quote_all(
    book: &RuleBook,
    client: &Client,
    carts: &[&Cart],
    now: Timestamp,
) -> Result<Vec<Result<Quote, WriteError>>, StoreError> {
    let found = sellables(client, carts);
    // On the heap: the statements of the rules are many, and this future is held by all that prices a cart.
    let rules = Box::pin(load_rules(book, client, carts, None));
    let (found, rules) = futures_util::future::join(found, rules).await;
    let (found, rules) = (found?, rules?);
    let each = carts.iter().zip(found.into_iter().zip(rules));
    let each = each.map(|(cart, (found, rules))| Box::pin(with_rates(client, cart, (found, rules), now)));
    Ok(futures_util::future::join_all(each).await)
}

/// Prices a cart whose rules are known, with what a tax service and carriers said; nobody is asked where no rule wants that.
async fn with_rates(
    client: &Client,
    cart: &Cart,
    (sellables, mut rules): (BTreeMap<VariantId, Sellable>, LoadedRules),
    now: Timestamp,
) -> Result<Quote, WriteError> {
    let known = rules.known.clone();
    let taxes_unknown = match (&mut rules.tax, cart.tax_address()) {
        (Some(zone), Some(address)) => {
            rates::tell_taxes(client, zone, (&destination(address), &known.classes), now).await?
        }
        _ => false,
    };
    if known.methods.iter().any(|method| method.rates.service().is_some()) {
        // What carriers charge depends on the parcel, and that on everything but the carriers.
        let parcel = decide(cart, sellables.clone(), rules.clone(), now)?.priced.parcel;
        if let Some(parcel) = parcel {
            let methods = rules.carried.insert(known.methods.clone());
            rates::tell_shipping(client, methods, &parcel, now).await?;
        }
    }
    Ok(Quote { taxes_unknown, ..decide(cart, sellables, rules, now)? })
}

/// The channel, currency and language of a cart.
pub(crate) fn scope(cart: &Cart) -> SaleScope<'_> {
    SaleScope { channel: cart.channel_id, currency: cart.currency, locale: cart.locale.as_str() }
}

/// What is known of the variants of each cart.
async fn sellables(
    client: &Client,
    carts: &[&Cart],
) -> Result<Vec<BTreeMap<VariantId, Sellable>>, StoreError> {
    let mut wanted: Vec<(SaleScope<'_>, BTreeSet<VariantId>)> = Vec::new();
    for cart in carts {
        let variants = cart.lines.iter().map(|line| line.variant_id);
        match wanted.iter_mut().find(|(known, _)| *known == scope(cart)) {
            Some((_, known)) => known.extend(variants),
            None => wanted.push((scope(cart), variants.collect())),
        }
    }
    let lists = wanted.into_iter().map(|(scope, variants)| async move {
        let variants: Vec<VariantId> = variants.into_iter().collect();
        let found = sellable::list(client, scope, &variants).await?;
        Ok::<_, StoreError>((scope, found))
    });
    let lists = futures_util::future::try_join_all(lists).await?;
    let of_cart = |cart: &&Cart| {
        let list = lists.iter().find(|(known, _)| *known == scope(cart));
        let wanted: BTreeSet<VariantId> = cart.lines.iter().map(|line| line.variant_id).collect();
        let own = list.into_iter().flat_map(|(_, found)| found);
        own.filter(|sellable| wanted.contains(&sellable.variant_id))
            .map(|sellable| (sellable.variant_id, sellable.clone()))
            .collect()
    };
    Ok(carts.iter().map(of_cart).collect())
}

/// Prices a cart of which everything is known.
pub fn decide(
    cart: &Cart,
    sellables: BTreeMap<VariantId, Sellable>,
    rules: LoadedRules,
    now: Timestamp,
) -> Result<Quote, PricingError> {
    let LoadedRules { price_lists, promotions, coupons, tax, buyer, known, carried } = rules;
    let methods = carried.as_ref().unwrap_or(&known.methods);
    let mut unavailable = BTreeSet::new();
    let mut lines = Vec::with_capacity(cart.lines.len());
    for line in &cart.lines {
        match sellables.get(&line.variant_id).filter(|sellable| sellable.for_sale) {
            Some(sellable) => lines.push(pricing_line(line, sellable, cart.currency, &known.classes)?),
            None => {
                unavailable.insert(line.id);
            }
        }
    }
    let mut snapshot = PricingSnapshot {
        currency: cart.currency,
        channel: cart.channel_id,
        customer: customer(cart, &buyer),
        now,
        lines,
        price_lists,
        promotions,
        coupons,
        destination: cart.shipping_address.as_ref().map(destination),
        tax,
        shipping: None,
    };
    let mut priced = price_what_has_a_price(&mut snapshot, &mut unavailable)?;
    let has_methods = !methods.is_empty();
    let mut offers: Vec<(ShippingMethod, Offer)> = match &priced.parcel {
        Some(parcel) => {
            let offer = |method: &ShippingMethod| Some((method.clone(), method.offer(parcel).ok()?));
            methods.iter().filter_map(offer).collect()
        }
        None => Vec::new(),
    };
    offers.sort_by_key(|(method, offer)| (offer.price.amount(), method.id));
    let wanted = cart.shipping_method_id;
    let chosen = offers.iter().find(|(method, _)| wanted.is_none_or(|wanted| wanted == method.id));
    if let Some((method, _)) = chosen {
        snapshot.shipping = Some(method.clone());
        priced = price(&snapshot)?;
    }
    Ok(Quote {
        sellables,
        unavailable,
        priced,
        offers,
        has_methods,
        epoch: known.epoch,
        taxes_unknown: false,
    })
}

/// Prices the lines that have a price, and leaves the others out.
fn price_what_has_a_price(
    snapshot: &mut PricingSnapshot,
    unavailable: &mut BTreeSet<CartLineId>,
) -> Result<PricedCart, PricingError> {
    loop {
        match price(snapshot) {
            Err(PricingError::NoPrice { line }) => {
                unavailable.insert(line);
                snapshot.lines.retain(|kept| kept.id != line);
            }
            result => return result,
        }
    }
}

fn pricing_line(
    line: &CartLine,
    sellable: &Sellable,
    currency: Currency,
    classes: &TaxClasses,
) -> Result<PricingLine, PricingError> {
    let money = |amount: i64| Money::new(amount, currency);
    let base = match sellable.amount {
        Some(amount) => {
            let compare_at = sellable.compare_at_amount.map(money).transpose()?;
            Some(BasePrice { amount: money(amount)?, compare_at })
        }
        None => None,
    };
    let item = ItemFacts {
        product_id: sellable.product_id,
        variant_id: sellable.variant_id,
        category_ids: sellable.category_ids.clone(),
        collection_ids: sellable.collection_ids.clone(),
        brand_id: sellable.brand_id,
        product_type_id: sellable.product_type_id,
        tags: sellable.tags.clone(),
    };
    Ok(PricingLine {
        id: line.id,
        tax_class_id: classes.of(&item),
        item,
        quantity: line.quantity,
        base,
        weight_grams: sellable.weight_grams.and_then(|grams| u32::try_from(grams).ok()).unwrap_or(0),
        requires_shipping: sellable.requires_shipping,
    })
}
