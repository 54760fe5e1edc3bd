//! Orders that arrive together, decided in one transaction: each on its own, all with one wait for the disk
//! (docs/adr/0018).
//!
//! Nothing of an order is written before it is known to stand, so one that is refused leaves nothing behind, and no savepoint
//! is needed. Statements take all orders at once: a batch costs as many of them as an order alone.
//!
//! Locks in the order of all: carts, claims of idempotency keys, promotions and coupons, stock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::value::to_raw_value;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CartId, EntityId, OrderEventId, OrderId};
use tradepost_domain::pricing::PricedCart;
use tradepost_store::cart::{self, CartOwner, StoredCart};
use tradepost_store::idempotency::{self, Claim, StoredAnswer, is_key_locked};
use tradepost_store::inventory::{self, MovedLevel, Outcome, ReserveOrder};
use tradepost_store::job::{self, NewJob};
use tradepost_store::order::insert::NewOrder;
use tradepost_store::order::timeline::{self, OrderEventRow};
use tradepost_store::order::{OrderRow, insert};
use tradepost_store::outbox::{self, Event};
use tradepost_store::payment::ledger::{self, Booking};
use tradepost_store::payment::{self, PaymentRecord};
use tradepost_store::{StoreError, Tx};

use super::bookings;
use super::check::{check, check_chargeable, check_total, out_of_stock};
use super::desk::{Placed, Request};
use super::draft::{Draft, draft};
use super::in_hand::tell_stock;
use super::input::Source;
use super::keys::{self, Keys};
use super::place::answer;
use super::view::view;
use crate::cart::create::assemble;
use crate::cart::quote::{Quote, quote_all};
use crate::cart::{self as carts};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail};
use crate::secret::SecretToken;
use crate::work::{Actor, Origin, StaffContext, Work, stored_answer};

/// What became of an order of a batch.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It stands.
    Placed(Placed),
    /// It does not, and nothing of it is stored.
    Refused(WriteError),
    /// Nobody knows: the commit was asked for, and no answer came.
    Unknown(WriteError),
    /// It can only be decided in a transaction of its own.
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

/// An order that nothing stands against but the stock.
struct Drafted<'a> {
    place: usize,
    request: &'a Request,
    draft: Draft,
    priced: PricedCart,
}

/// Decides orders in one transaction, in five round trips, one more where some are of carts. An error is one of the database,
/// or, of a single order, its refusal; in both cases nothing is stored.
///
/// A single order may be any. Of several, those that use a promotion or a coupon and those that want the same cart as
/// another one are left to be decided alone: their refusal would have to take back what was counted.
///
/// `is_commit_asked` is set before the commit is asked for: up to there it is certain that a failure has stored nothing.
pub(super) async fn decide(
    requests: &[Request],
    is_commit_asked: &AtomicBool,
) -> Result<Vec<Verdict>, WriteError> {
    let Some(first) = requests.first() else { return Ok(Vec::new()) };
    let is_alone = requests.len() == 1;
    let shop = first.context.caller.shop.clone();
    let caller =
        StaffContext { shop: shop.clone(), actor: Actor::System, origin: Origin::default(), claim: None };
    let mut work = caller.begin_in(shop.store.storefront(), "place_orders").await?;
    let mut verdicts = Verdicts::new();
    let opened = open(&work, requests, &mut verdicts).await?;
    let (mut drafted, new_keys) = price(&work, opened, &mut verdicts).await?;
    if is_alone {
        for order in &drafted {
            carts::rules::redeem(&work.tx, &order.draft.order, &order.priced, shop.ids.as_ref()).await?;
        }
    } else {
        set_aside(&mut drafted, &mut verdicts, |order| !order.priced.promotions.is_empty());
    }
    let taken = take_stock(&work, &mut drafted, &mut verdicts).await?;
    // Before anything is written: once it is, nobody may be told that it failed.
    if verdicts.len().saturating_add(drafted.len()) != requests.len() {
        return Err(StoreError::inconsistent("orders", "an order of a batch was not decided").into());
    }
    if !drafted.is_empty() {
        // A key is kept with its order or not at all.
        let is_unused = |(place, _): &(usize, &Claim)| verdicts.contains_key(place);
        let unused: Vec<&Claim> = new_keys.into_iter().filter(is_unused).map(|(_, claim)| claim).collect();
        write(&mut work, drafted, (&taken, unused), &mut verdicts).await?;
        is_commit_asked.store(true, Ordering::Relaxed);
        work.commit_orders().await?;
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
    work: &Work<'_>,
    requests: &'a [Request],
    verdicts: &mut Verdicts,
) -> Result<Vec<Opened<'a>>, WriteError> {
    let mut opened = Vec::with_capacity(requests.len());
    let mut wanted: BTreeMap<CartId, (usize, CartOwner)> = BTreeMap::new();
    for (place, request) in requests.iter().enumerate() {
        match &request.source {
            Source::Items(items) => {
                let (context, items) = (&request.context, items.as_ref().clone());
                match assemble(context, &work.tx, items, request.source.lines_at()).await {
                    Ok(cart) => opened.push(Opened { place, request, cart }),
                    Err(error) => turn_away(verdicts, place, error)?,
                }
            }
            Source::Cart(id) if wanted.contains_key(id) => {
                verdicts.insert(place, Verdict::Alone);
            }
            Source::Cart(id) => match request.context.cart_owner() {
                Ok(owner) => {
                    wanted.insert(*id, (place, owner));
                }
                Err(error) => turn_away(verdicts, place, error)?,
            },
        }
    }
    let owners: Vec<(CartId, CartOwner)> =
        wanted.iter().map(|(id, (_, owner))| (*id, owner.clone())).collect();
    let mut found: BTreeMap<CartId, StoredCart> = BTreeMap::new();
    for stored in cart::all_for_update(&work.tx, &owners, work.now).await? {
        found.insert(stored.cart.id, stored);
    }
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

/// Prices carts and makes those into orders that lack nothing; their keys are ours before anything is decided. Answers the
/// keys that were inserted besides.
async fn price<'a>(
    work: &Work<'_>,
    opened: Vec<Opened<'a>>,
    verdicts: &mut Verdicts,
) -> Result<(Vec<Drafted<'a>>, Vec<(usize, &'a Claim)>), WriteError> {
    let Some(first) = opened.first() else { return Ok((Vec::new(), Vec::new())) };
    let book = &first.request.context.caller.shop.rules;
    let claimed: Vec<(usize, &Claim)> = opened
        .iter()
        .filter_map(|order| Some((order.place, order.request.context.caller.claim.as_ref()?)))
        .collect();
    let carts: Vec<&Cart> = opened.iter().map(|order| &order.cart).collect();
    let quotes = Box::pin(quote_all(book, &work.tx, &carts, work.now));
    let secured = keys::secure(&work.tx, &claimed, work.now);
    let ready = futures_util::future::try_join(secured, quotes).await;
    let (Keys { new, mut lost }, quotes) = ready.map_err(|error| match &opened[..] {
        [_] if is_key_locked(&error) => WriteError::KeyTaken,
        _ => error.into(),
    })?;
    work.shop().checkout.crash.point(CrashPoint::AfterIdempotencyInsert);
    let mut drafted = Vec::with_capacity(opened.len());
    for (order, quote) in opened.into_iter().zip(quotes) {
        if let Some(error) = lost.remove(&order.place) {
            turn_away(verdicts, order.place, error)?;
            continue;
        }
        match quote.and_then(|quote| draft_of(&order, quote, work.now)) {
            Ok((draft, priced)) => {
                drafted.push(Drafted { place: order.place, request: order.request, draft, priced });
            }
            Err(error) => turn_away(verdicts, order.place, error)?,
        }
    }
    Ok((drafted, new))
}

fn draft_of(order: &Opened<'_>, quote: Quote, now: Timestamp) -> Result<(Draft, PricedCart), WriteError> {
    let Request { context, source, create, provider } = order.request;
    check(&order.cart, &quote, source)?;
    check_total(create, &quote.priced)?;
    check_chargeable(*provider, quote.priced.totals.total)?;
    let from_cart = matches!(source, Source::Cart(_));
    let draft = draft(context, (&order.cart, from_cart), (&quote, create), (*provider, now))?;
    Ok((draft, quote.priced))
}

/// What orders take from the shelves, as it was decided.
struct Taken {
    wanted: Vec<ReserveOrder>,
    outcomes: Vec<Outcome>,
}

/// Decides over the goods, in the order of arrival: the last thing to be locked, since others may wait for the same rows.
/// The orders that get none are taken out.
async fn take_stock(
    work: &Work<'_>,
    drafted: &mut Vec<Drafted<'_>>,
    verdicts: &mut Verdicts,
) -> Result<Taken, WriteError> {
    drafted.sort_by_key(|order| order.place);
    let wanted: Vec<ReserveOrder> = drafted.iter().map(|order| order.draft.wanted()).collect();
    if wanted.is_empty() {
        return Ok(Taken { wanted, outcomes: Vec::new() });
    }
    let ids = work.shop().ids.clone();
    let mut next_id = move || ids.next_uuid();
    let outcomes = inventory::decide(&work.tx, &wanted, work.now, &mut next_id).await?;
    let mut each = outcomes.iter();
    drafted.retain(|order| match each.next() {
        Some(Ok(_)) => true,
        Some(Err(short)) => {
            verdicts.insert(order.place, Verdict::Refused(out_of_stock(short)));
            false
        }
        None => false,
    });
    Ok(Taken { wanted, outcomes })
}

/// Everything that is stored of orders.
struct Rows<'a> {
    orders: Vec<NewOrder<'a>>,
    payments: Vec<&'a PaymentRecord>,
    placed: Vec<OrderEventRow>,
    sold: Vec<Booking>,
    carts: Vec<(CartId, OrderId)>,
    events: Vec<Event>,
    jobs: Vec<NewJob>,
    answers: Vec<(&'a Claim, StoredAnswer)>,
    /// Claims that were inserted for orders that do not stand.
    unused: Vec<&'a Claim>,
    /// Claims whose answer is not known before a provider was asked, with their orders.
    begun: Vec<(&'a Claim, OrderId)>,
}

/// Writes orders and all that stands beside them, in one flight.
async fn write(
    work: &mut Work<'_>,
    mut drafted: Vec<Drafted<'_>>,
    (taken, unused): (&Taken, Vec<&Claim>),
    verdicts: &mut Verdicts,
) -> Result<(), WriteError> {
    let hashes: Vec<Option<Vec<u8>>> =
        drafted.iter().map(|order| order.draft.token.as_ref().map(SecretToken::hash)).collect();
    let mut shown = Vec::with_capacity(drafted.len());
    for order in &drafted {
        let Draft { order: row, payment, .. } = &order.draft;
        // Written once, for the event and for the answer.
        let written = to_raw_value(&view(row, payment.as_ref())?)?;
        work.event("order.placed", row.id.as_uuid(), row.version, written.clone());
        shown.push(written);
        if payment.is_none() {
            ask_for_mail(work, &OrderMail::OrderConfirmed { order_id: row.id });
        }
    }
    let (events, jobs) = work.take_told();
    let mut rows = Rows {
        orders: Vec::with_capacity(drafted.len()),
        payments: drafted.iter().filter_map(|order| order.draft.payment.as_ref()).collect(),
        placed: drafted.iter().map(|order| order.draft.placed_event(&order.request.context)).collect(),
        sold: drafted.iter().map(|order| sold(work, &order.draft.order)).collect(),
        carts: drafted
            .iter()
            .filter_map(|order| Some((order.draft.order.cart_id?, order.draft.order.id)))
            .collect(),
        events,
        jobs,
        answers: Vec::new(),
        unused,
        begun: Vec::new(),
    };
    let mut answers = Vec::with_capacity(drafted.len());
    for ((order, hash), shown) in drafted.iter().zip(&hashes).zip(shown) {
        let Draft { order: row, payment, token, explanation } = &order.draft;
        rows.orders.push(NewOrder { order: row, token_hash: hash.as_deref(), explanation });
        let claim = order.request.context.caller.claim.as_ref();
        if order.draft.asks_elsewhere() {
            rows.begun.extend(claim.map(|claim| (claim, row.id)));
            answers.push(None);
        } else {
            let answer = answer((row, shown), payment.as_ref(), token.as_ref())?;
            rows.answers.extend(claim.map(|claim| (claim, stored_answer(&answer))));
            answers.push(Some(answer));
        }
    }
    let moved = store(work, &rows, taken).await?;
    drop(rows);
    tell_stock(work, &moved);
    for (order, answer) in drafted.iter_mut().zip(answers) {
        let secret = order.draft.token.take();
        let placed = match answer {
            Some(answer) => Placed::Answered(answer),
            None => Placed::AsksElsewhere { order: order.draft.order.id, token: secret },
        };
        verdicts.insert(order.place, Verdict::Placed(placed));
    }
    Ok(())
}

fn sold(work: &Work<'_>, order: &OrderRow) -> Booking {
    bookings::sold(order, work.next_id::<OrderEventId>().as_uuid())
}

/// Sends all statements at once; answers the levels of stock that changed.
async fn store(work: &Work<'_>, rows: &Rows<'_>, taken: &Taken) -> Result<Vec<MovedLevel>, WriteError> {
    let (tx, now): (&Tx, Timestamp) = (&work.tx, work.now);
    let begun = rows.begun.iter().map(|(claim, order)| async move {
        if idempotency::keep_resource(tx, claim, order.as_uuid()).await? {
            return Ok(());
        }
        Err(StoreError::inconsistent("idempotency_key", "a claim that was kept is gone"))
    });
    let ids = work.shop().ids.clone();
    let mut next_id = move || ids.next_uuid();
    let crash = &work.shop().checkout.crash;
    let inserted = async {
        insert::insert(tx, &rows.orders).await?;
        crash.point(CrashPoint::AfterOrderInsert);
        Ok(())
    };
    let taken = async {
        let (wanted, outcomes) = (&taken.wanted, &taken.outcomes);
        let moved = inventory::take(tx, wanted, outcomes, (None, now), &mut next_id).await?;
        crash.point(CrashPoint::AfterStockRows);
        Ok(moved)
    };
    // The one that can be refused first, the one that others may wait for last.
    let written = async {
        tokio::try_join!(
            inserted,
            payment::insert::insert(tx, &rows.payments, now),
            timeline::insert(tx, &rows.placed),
            ledger::book(tx, &rows.sold, now),
            cart::close_ordered(tx, &rows.carts, now),
            outbox::push(tx, &rows.events, now),
            job::enqueue(tx, &rows.jobs, now),
            idempotency::finish_all(tx, &rows.answers),
            idempotency::release_all(tx, &rows.unused),
            futures_util::future::try_join_all(begun),
            taken,
        )
    };
    let written = Box::pin(written).await;
    let (.., moved) = written.map_err(|error| match error.violated_constraint() {
        Some("orders_cart_id_key") => {
            WriteError::conflict("cart_closed", "the cart was ordered already", None)
        }
        _ => WriteError::from(error),
    })?;
    Ok(moved)
}
