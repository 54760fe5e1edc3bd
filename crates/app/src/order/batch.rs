//! Orders that arrive together, decided in one transaction: each on its own, all with one wait for the disk
//! (docs/adr/0018).
//!
//! Nothing of an order is written before it is known to stand, so one that is refused leaves nothing behind, and no savepoint
//! is needed. Statements take all orders at once: a batch costs as many of them as an order alone.
//!
//! What this process remembers of goods and rules is enough to make orders of; that it still is so is found out with the
//! locks (docs/adr/0018). An order for which it is not is decided by what is read.
//!
//! Locks in the order of all: carts, claims of idempotency keys, promotions and coupons, stock.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use futures_util::future::{join_all, try_join, try_join3};
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::CartId;
use tradepost_store::StoreError;
use tradepost_store::cart::{self, CartOwner, StoredCart};
use tradepost_store::idempotency::{self, Claim, is_key_locked};
use tradepost_store::inventory::{self, Locked, Outcome, ReserveOrder};

use super::check::{check, out_of_stock};
use super::desk::{Placed, Request};
use super::draft::Draft;
use super::input::Source;
use super::keys::{self, Keys};
use super::write::{Drafted, Standing, make, write};
use crate::cart::create::assemble;
use crate::cart::quote::{Quote, quote_all};
use crate::cart::{self as carts};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::work::{Actor, Origin, StaffContext, Work};

/// By what orders are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knowing {
    /// By what this process remembers, as far as it does.
    Remembering,
    /// By what is read in the transaction alone.
    Reading,
}

/// What became of an order of a batch.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It stands.
    Placed(Placed),
    /// It does not, and nothing of it is stored.
    Refused(WriteError),
    /// Nobody knows: the commit was asked for, and no answer came.
    Unknown(WriteError),
    /// It can only be decided in a transaction of its own, by what is read.
    Alone,
}

/// What is known of each order so far, by its place in the batch.
type Verdicts = BTreeMap<usize, Verdict>;

/// An order with the cart that it is to be made of.
struct Opened<'a> {
    place: usize,
    request: &'a Request,
    cart: Cart,
}

/// A transaction that is opened with its first statements.
struct Deciding<'a> {
    work: Work<'a>,
    is_open: bool,
}

impl Deciding<'_> {
    /// To be sent in front of what is sent next.
    async fn begin(&self) -> Result<(), StoreError> {
        if self.is_open { Ok(()) } else { self.work.tx.begin().await }
    }
}

/// Decides orders in one transaction: in two round trips where what they are made of is remembered, one more where it has to be
/// read, one more where some are of carts. An error is one of the database, or, of a single order, its refusal; in both cases
/// nothing is stored.
///
/// A single order may be any that is decided by what is read. Of several, those that use a promotion or a coupon and those that want the same cart as
/// another one are left to be decided alone: their refusal would have to take back what was counted. So are those
/// of which something is not so any more that was remembered.
///
/// `is_commit_asked` is set before the commit is asked for: up to there it is certain that a failure has stored nothing.
pub(super) async fn decide(
    requests: &[Request],
    knowing: Knowing,
    is_commit_asked: &AtomicBool,
) -> Result<Vec<Verdict>, WriteError> {
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let may_count = requests.len() == 1 && knowing == Knowing::Reading;
    let shop = first.context.caller.shop.clone();
    let caller =
        StaffContext { shop: shop.clone(), actor: Actor::System, origin: Origin::default(), claim: None };
    let work = caller.reserve_in(shop.store.storefront(), "place_orders").await?;
    let mut deciding = Deciding { work, is_open: false };
    let mut verdicts = Verdicts::new();
    let opened = open(&mut deciding, requests, &mut verdicts).await?;
    let mut drafted = price(&mut deciding, opened, knowing, &mut verdicts).await?;
    if !may_count {
        set_aside(&mut drafted, &mut verdicts, |order| !order.quote.priced.promotions.is_empty());
    }
    let (new_keys, mut locked) = lock(&mut deciding, &mut drafted, &mut verdicts).await?;
    set_aside(&mut drafted, &mut verdicts, |order| order.is_supposed && !still_holds(&order.quote, &locked));
    let standing = take_stock(drafted, &mut locked, &mut verdicts);
    // Before anything is written: once it is, nobody may be told that it failed.
    if verdicts.len().saturating_add(standing.len()) != requests.len() {
        return Err(StoreError::inconsistent("orders", "an order of a batch was not decided").into());
    }
    if !standing.is_empty() {
        // A key is kept with its order or not at all.
        let is_unused = |(place, _): &(usize, &Claim)| verdicts.contains_key(place);
        let unused: Vec<&Claim> = new_keys.into_iter().filter(is_unused).map(|(_, claim)| claim).collect();
        let decided: Vec<usize> = standing.iter().map(|order| order.drafted.place).collect();
        let placed = write(deciding.work, standing, (locked, &unused), is_commit_asked).await?;
        verdicts.extend(decided.into_iter().zip(placed.into_iter().map(Verdict::Placed)));
    }
    Ok(verdicts.into_values().collect())
}

/// Notes why an order does not stand. A failure of the database is not one order's alone.
fn turn_away(verdicts: &mut Verdicts, place: usize, error: WriteError) -> Result<(), WriteError> {
    match error {
        WriteError::Store(error) => Err(error.into()),
        refusal => {
            verdicts.insert(place, Verdict::Refused(refusal));
            Ok(())
        }
    }
}

/// Leaves the orders that are so to be decided alone.
fn set_aside(orders: &mut Vec<Drafted<'_>>, verdicts: &mut Verdicts, is_so: impl Fn(&Drafted<'_>) -> bool) {
    orders.retain(|order| {
        let goes = is_so(order);
        if goes {
            verdicts.insert(order.place, Verdict::Alone);
        }
        !goes
    });
}

/// The carts to order, kept from others; those of items are made up.
async fn open<'a>(
    deciding: &mut Deciding<'_>,
    requests: &'a [Request],
    verdicts: &mut Verdicts,
) -> Result<Vec<Opened<'a>>, WriteError> {
    let mut opened = Vec::with_capacity(requests.len());
    let mut wanted: BTreeMap<CartId, (usize, CartOwner)> = BTreeMap::new();
    let tx = &deciding.work.tx;
    let made_up = requests.iter().map(|request| async move {
        match &request.source {
            Source::Items(items) => {
                let items = items.as_ref().clone();
                Some(Box::pin(assemble(&request.context, tx, items, request.source.lines_at())).await)
            }
            Source::Cart(_) => None,
        }
    });
    let made_up = join_all(made_up).await;
    for ((place, request), made_up) in requests.iter().enumerate().zip(made_up) {
        match (&request.source, made_up) {
            (_, Some(Ok(cart))) => opened.push(Opened { place, request, cart }),
            (_, Some(Err(error))) => turn_away(verdicts, place, error)?,
            (Source::Cart(id), None) if !wanted.contains_key(id) => match request.context.cart_owner() {
                Ok(owner) => {
                    wanted.insert(*id, (place, owner));
                }
                Err(error) => turn_away(verdicts, place, error)?,
            },
            _ => {
                verdicts.insert(place, Verdict::Alone);
            }
        }
    }
    if !wanted.is_empty() {
        open_carts(deciding, requests, wanted, (&mut opened, verdicts)).await?;
    }
    if requests.len() > 1 {
        opened.retain(|order| {
            let is_plain = order.cart.coupons.is_empty();
            if !is_plain {
                verdicts.insert(order.place, Verdict::Alone);
            }
            is_plain
        });
    }
    Ok(opened)
}

/// Locks the carts that are wanted, each by its own right.
async fn open_carts<'a>(
    deciding: &mut Deciding<'_>,
    requests: &'a [Request],
    wanted: BTreeMap<CartId, (usize, CartOwner)>,
    (opened, verdicts): (&mut Vec<Opened<'a>>, &mut Verdicts),
) -> Result<(), WriteError> {
    let owners: Vec<(CartId, CartOwner)> =
        wanted.iter().map(|(id, (_, owner))| (*id, owner.clone())).collect();
    let work = &deciding.work;
    let ((), locked) = try_join(deciding.begin(), cart::all_for_update(&work.tx, &owners, work.now)).await?;
    deciding.is_open = true;
    let mut found: BTreeMap<CartId, StoredCart> =
        locked.into_iter().map(|stored| (stored.cart.id, stored)).collect();
    for (id, (place, _)) in wanted {
        match (found.remove(&id), requests.get(place)) {
            (Some(StoredCart { cart, successor_id: None }), Some(request)) => {
                opened.push(Opened { place, request, cart });
            }
            (Some(StoredCart { cart, successor_id: Some(successor) }), _) => {
                turn_away(verdicts, place, carts::closed(&cart, successor))?;
            }
            _ => turn_away(verdicts, place, WriteError::NotFound { kind: "cart" })?,
        }
    }
    Ok(())
}

/// Prices carts and makes those into orders that lack nothing. What is remembered is enough to make an order of, and never to
/// refuse one: then, and where it is not enough, it is read.
async fn price<'a>(
    deciding: &mut Deciding<'_>,
    opened: Vec<Opened<'a>>,
    knowing: Knowing,
    verdicts: &mut Verdicts,
) -> Result<Vec<Drafted<'a>>, WriteError> {
    let mut drafted = Vec::with_capacity(opened.len());
    let mut unknown = Vec::new();
    let now = deciding.work.now;
    for order in opened {
        let shop = &order.request.context.caller.shop;
        let recalled = match knowing {
            Knowing::Remembering => carts::recalled::recall(shop, &order.cart, now),
            Knowing::Reading => None,
        };
        match recalled.map(|quote| make((order.place, order.request), (&order.cart, quote), true, now)) {
            Some(Ok(made)) => drafted.push(made),
            _ => unknown.push(order),
        }
    }
    let Some(first) = unknown.first() else { return Ok(drafted) };
    let shop = first.request.context.caller.shop.clone();
    let carts: Vec<&Cart> = unknown.iter().map(|order| &order.cart).collect();
    let before = shop.catalog.cache.before_goods();
    let quotes = Box::pin(quote_all(&shop.rules, &deciding.work.tx, &carts, now));
    let ((), quotes) = try_join(deciding.begin(), quotes).await?;
    deciding.is_open = true;
    for (order, quote) in unknown.iter().zip(quotes) {
        let made = quote.and_then(|quote| {
            let goods = quote.sellables.values().map(|sellable| &sellable.facts);
            shop.catalog.cache.keep_goods(before, carts::quote::scope(&order.cart), goods);
            make((order.place, order.request), (&order.cart, quote), false, now)
        });
        match made {
            Ok(made) => drafted.push(made),
            Err(error) => turn_away(verdicts, order.place, error)?,
        }
    }
    Ok(drafted)
}

/// New keys that are ours, by the places of their orders.
type NewKeys<'a> = Vec<(usize, &'a Claim)>;

/// Makes the keys ours and locks the goods: the last thing to be locked, since others may wait for the same rows. Where uses
/// of promotions are counted that is done in between.
async fn lock<'a>(
    deciding: &mut Deciding<'_>,
    drafted: &mut Vec<Drafted<'a>>,
    verdicts: &mut Verdicts,
) -> Result<(NewKeys<'a>, Locked), WriteError> {
    if drafted.is_empty() {
        return Ok((Vec::new(), Locked::default()));
    }
    // In the order of arrival, as they are decided.
    drafted.sort_by_key(|order| order.place);
    let work = &deciding.work;
    let (tx, ids) = (&work.tx, work.shop().ids.clone());
    let claimed: Vec<(usize, &Claim)> = drafted
        .iter()
        .filter_map(|order| Some((order.place, order.request.context.caller.claim.as_ref()?)))
        .collect();
    let wanted: Vec<ReserveOrder> = drafted.iter().map(|order| order.wanted.clone()).collect();
    let mut next_id = move || ids.next_uuid();
    // A statement that has yet to be prepared would be overtaken by the one behind it.
    idempotency::ready_to_claim(tx).await?;
    inventory::ready_to_lock(tx).await?;
    let counted = drafted.iter().any(|order| !order.quote.priced.promotions.is_empty());
    let secured = keys::secure(tx, &claimed, work.now);
    let failed = |error: StoreError| match &drafted[..] {
        [_] if is_key_locked(&error) => WriteError::KeyTaken,
        _ => error.into(),
    };
    let (Keys { new, mut lost }, locked) = if counted {
        let ((), keys) = try_join(deciding.begin(), secured).await.map_err(failed)?;
        if keys.lost.is_empty() {
            for order in drafted.iter() {
                let Draft { order: row, .. } = &order.draft;
                carts::rules::redeem(tx, row, &order.quote.priced, work.shop().ids.as_ref()).await?;
            }
        }
        (keys, inventory::lock(tx, &wanted, work.now, &mut next_id).await?)
    } else {
        let shelves = inventory::lock(tx, &wanted, work.now, &mut next_id);
        let ((), keys, locked) = try_join3(deciding.begin(), secured, shelves).await.map_err(failed)?;
        (keys, locked)
    };
    work.shop().checkout.crash.point(CrashPoint::AfterIdempotencyInsert);
    deciding.is_open = true;
    let mut kept = Vec::with_capacity(drafted.len());
    for order in drafted.drain(..) {
        match lost.remove(&order.place) {
            Some(error) => turn_away(verdicts, order.place, error)?,
            None => kept.push(order),
        }
    }
    *drafted = kept;
    Ok((new, locked))
}

/// Whether the rules and the goods are those that an order was made by.
fn still_holds(quote: &Quote, locked: &Locked) -> bool {
    let is_same = |sellable: &tradepost_store::catalog::sellable::Sellable| {
        locked.product_version(sellable.variant_id) == Some(sellable.product_version)
    };
    quote.epoch == locked.epoch() && quote.sellables.values().all(is_same)
}

/// Decides over the locked goods, in the order of arrival; orders that get none are refused.
fn take_stock<'a>(
    drafted: Vec<Drafted<'a>>,
    locked: &mut Locked,
    verdicts: &mut Verdicts,
) -> Vec<Standing<'a>> {
    let mut standing = Vec::with_capacity(drafted.len());
    for mut drafted in drafted {
        let outcome: Outcome = locked.take(&drafted.wanted);
        match outcome {
            Ok(picks) => standing.push(Standing { drafted, picks }),
            Err(short) => {
                // Said of each line, where it was short before anybody else took of it: what is remembered knows no stock.
                for (variant, sellable) in &mut drafted.quote.sellables {
                    sellable.available = locked.available(*variant);
                }
                let refusal = check(&drafted.cart, &drafted.quote, &drafted.request.source);
                let refusal = refusal.err().unwrap_or_else(|| out_of_stock(&short));
                verdicts.insert(drafted.place, Verdict::Refused(refusal));
            }
        }
    }
    standing
}
