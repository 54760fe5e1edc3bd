//! Carts and goods that this process remembers: kept when they are read, supposed when a cart is changed.
//!
//! A change that supposes is stored by one statement that proves the cart's version, the epoch of the rules and the
//! versions of the products, and tells what is left of the goods. It never refuses: where something does not hold, or the change is not allowed by
//! what is remembered, the cart is read and decided anew.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CartId, ProductId, VariantId};
use tradepost_store::cart::{self, Beside, CartOwner, StoredCart, Supposed};
use tradepost_store::catalog::sellable::{self, Sellable};
use tradepost_store::{Client, StoreError};

use super::edit::{Target, edited};
use super::quote::{Quote, decide, quote, scope};
use super::rules::remembered_rules;
use super::{missing, path, view};
use crate::answer::{Answer, Outcome};
use crate::change::check_version;
use crate::error::WriteError;
use crate::shop::Shop;
use crate::shopper::ShopperContext;

/// Reads an owner's cart with what it is priced by, and with variants that are about to be put in; all of it is remembered.
pub(super) async fn open(
    context: &ShopperContext,
    conn: &Client,
    id: CartId,
    (owner, now, more): (&CartOwner, Timestamp, &[VariantId]),
) -> Result<(StoredCart, Option<Beside>), WriteError> {
    let shop = &context.caller.shop;
    let before = shop.catalog.cache.before_goods();
    let (stored, beside) = cart::open(conn, id, (owner, now), more).await?.ok_or_else(missing)?;
    if let Some(beside) = &beside {
        let goods = beside.sellables.iter().map(|sellable| &sellable.facts);
        shop.catalog.cache.keep_goods(before, scope(&stored.cart), goods);
    }
    shop.carts.keep(owner.clone(), stored.cart.clone());
    Ok((stored, beside))
}

/// Changes a cart by what is remembered of it. `None`, and nothing is stored, where that is not enough or not so any more.
pub(super) async fn try_change<E>(
    context: &ShopperContext,
    conn: &Client,
    (id, version, _): Target,
    (outcome, edit): (Outcome, &E),
) -> Result<Option<Answer>, WriteError>
where
    E: Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
{
    let shop = &context.caller.shop;
    let (now, owner) = (context.now(), context.cart_owner()?);
    let epoch = shop.rules.known().epoch;
    let Some(remembered) = shop.carts.recall(id, &owner, now).filter(|_| epoch != 0) else { return Ok(None) };
    let before = &remembered.cart;
    if check_version(version, before.version).is_err() {
        return Ok(None);
    }
    let Ok(after) = edited(context, before, now, edit) else { return Ok(None) };
    let Some(sellables) = goods(context, conn, &after).await? else { return Ok(None) };
    let beside = Beside { epoch, sellables };
    let quoted = quote(&shop.rules, conn, (&after, Some(&beside)), now).await;
    let mut quote = match quoted {
        Ok(quote) => quote,
        Err(error @ WriteError::Store(_)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let supposed = supposed(&quote);
    let stored = match cart::change_supposed(conn, (before, &after), &supposed).await {
        Ok(stored) => stored,
        // Of goods that are gone, for one.
        Err(error) if error.violated_constraint().is_some() => None,
        Err(error) => return Err(error.into()),
    };
    let Some(available) = stored else { return Ok(None) };
    for (variant, available) in supposed.variants.iter().zip(available) {
        quote.sellables.entry(*variant).and_modify(|sellable| sellable.available = available);
    }
    let view = view::view(&after, &quote);
    let answer = Answer::new(outcome, &view, Some(after.version))?.at(path(after.id));
    shop.carts.keep(owner, after);
    Ok(Some(answer))
}

/// What a cart comes to by what is remembered; `None` where anything would have to be read. Of stock nothing is remembered: there
/// is as much as anyone wants.
pub(crate) fn recall(shop: &Shop, cart: &Cart, now: Timestamp) -> Option<Quote> {
    let rules = remembered_rules(&shop.rules, cart)?;
    let scope = scope(cart);
    let goods = cart.lines.iter().map(|line| {
        let facts = shop.catalog.cache.goods(scope, line.variant_id)?;
        Some((line.variant_id, Sellable { facts, available: i64::MAX }))
    });
    let goods: BTreeMap<VariantId, Sellable> = goods.collect::<Option<_>>()?;
    decide(cart, goods, rules, now).ok()
}

/// What a quote was made of that may have become something else.
fn supposed(quote: &Quote) -> Supposed {
    // Two versions of one product are both there, and cannot both hold.
    let products: BTreeSet<(ProductId, i64)> =
        quote.sellables.values().map(|sellable| (sellable.product_id, sellable.product_version)).collect();
    Supposed {
        epoch: quote.epoch,
        products: products.into_iter().collect(),
        variants: quote.sellables.keys().copied().collect(),
    }
}

/// What is known of everything in a cart, without its stock; what is not remembered is read. `None` where something is gone.
async fn goods(
    context: &ShopperContext,
    conn: &Client,
    cart: &Cart,
) -> Result<Option<Vec<Sellable>>, StoreError> {
    let (cache, scope) = (&context.caller.shop.catalog.cache, scope(cart));
    let mut known = Vec::with_capacity(cart.lines.len());
    let mut unknown = BTreeSet::new();
    for line in &cart.lines {
        match cache.goods(scope, line.variant_id) {
            Some(facts) => known.push(Sellable { facts, available: 0 }),
            None => {
                unknown.insert(line.variant_id);
            }
        }
    }
    if !unknown.is_empty() {
        let before = cache.before_goods();
        let wanted: Vec<VariantId> = unknown.into_iter().collect();
        let read = sellable::list(conn, scope, &wanted).await?;
        if read.len() < wanted.len() {
            return Ok(None);
        }
        cache.keep_goods(before, scope, read.iter().map(|sellable| &sellable.facts));
        known.extend(read);
    }
    Ok(Some(known))
}
