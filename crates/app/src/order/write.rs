//! Orders that stand: made before anything is locked, and written with all that belongs to them by one statement, which the
//! commit travels behind.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use tradepost_domain::cart::Cart;
use tradepost_domain::inventory::Pick;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::idempotency::{self, Claim};
use tradepost_store::inventory::{self, Hold, Locked, Outcome, ReserveOrder};
use tradepost_store::order::place::{self, Kept, NewOrder, Placing};
use tradepost_store::{StoreError, job, outbox};

use super::bookings;
use super::check::{check, check_chargeable, check_total};
use super::desk::{Placed, Request};
use super::draft::{Draft, draft};
use super::in_hand::tell_stock;
use super::input::Source;
use super::place::answer;
use super::view::view;
use crate::answer::Answer;
use crate::cart::quote::Quote;
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail};
use crate::secret::SecretToken;
use crate::work::{Work, stored_answer};

/// An order that nothing stands against but the stock.
pub(super) struct Drafted<'a> {
    /// Its place in the batch.
    pub place: usize,
    /// Who wants it.
    pub request: &'a Request,
    /// What it is made of.
    pub cart: Cart,
    /// Its prices.
    pub quote: Quote,
    /// Whether it was made by what is remembered, which is to be proven.
    pub is_supposed: bool,
    /// The order.
    pub draft: Draft,
    /// What it takes from the shelves.
    pub wanted: ReserveOrder,
    /// The order as it is shown: written once, for the event and for the answer.
    shown: Box<RawValue>,
    /// Its answer; `None` where somebody has to be asked first.
    answer: Option<Answer>,
    token_hash: Option<Vec<u8>>,
}

/// An order that stands, with what it takes.
pub(super) struct Standing<'a> {
    /// The order.
    pub drafted: Drafted<'a>,
    /// Units of locked levels.
    pub picks: Vec<Pick>,
}

/// Makes a priced cart into an order, unless it lacks something. All that is to be said of it is said here, before anything is
/// locked.
pub(super) fn make<'a>(
    (place, request): (usize, &'a Request),
    (cart, quote): (&Cart, Quote),
    is_supposed: bool,
    now: Timestamp,
) -> Result<Drafted<'a>, WriteError> {
    let Request { context, source, create, provider } = request;
    check(cart, &quote, source)?;
    check_total(create, &quote.priced)?;
    check_chargeable(*provider, quote.priced.totals.total)?;
    let from_cart = matches!(source, Source::Cart(_));
    let draft = draft(context, (cart, from_cart), (&quote, create), (*provider, now))?;
    let Draft { order, payment, token, .. } = &draft;
    let shown = to_raw_value(&view(order, payment.as_ref())?)?;
    let answer = if draft.asks_elsewhere() {
        None
    } else {
        Some(answer((order, &shown), payment.as_ref(), token.as_ref())?)
    };
    let (token_hash, wanted) = (token.as_ref().map(SecretToken::hash), draft.wanted());
    Ok(Drafted {
        place,
        request,
        cart: cart.clone(),
        quote,
        is_supposed,
        draft,
        wanted,
        shown,
        answer,
        token_hash,
    })
}

/// Writes orders and all that stands beside them, and commits; answers what each was told, in their order.
pub(super) async fn write(
    mut work: Work<'_>,
    standing: Vec<Standing<'_>>,
    (mut locked, unused): (Locked, &[&Claim]),
    is_commit_asked: &AtomicBool,
) -> Result<Vec<Placed>, WriteError> {
    let now = work.now;
    let ids = work.shop().ids.clone();
    let mut next_id = move || ids.next_uuid();
    for Standing { drafted, .. } in &standing {
        let Draft { order: row, payment, .. } = &drafted.draft;
        work.event("order.placed", row.id.as_uuid(), row.version, drafted.shown.clone());
        if payment.is_none() {
            ask_for_mail(&mut work, &OrderMail::OrderConfirmed { order_id: row.id });
        }
    }
    let (for_good, held): (Vec<_>, Vec<_>) =
        standing.iter().partition(|order| order.drafted.wanted.hold == Hold::Allocated);
    if !for_good.is_empty() {
        let wanted: Vec<ReserveOrder> = for_good.iter().map(|order| order.drafted.wanted.clone()).collect();
        let outcomes: Vec<Outcome> = for_good.iter().map(|order| Ok(order.picks.clone())).collect();
        let moved = inventory::take(&work.tx, &wanted, &outcomes, (None, now), &mut next_id).await?;
        locked.note(&moved);
        tell_stock(&mut work, &moved);
    }
    tell_stock(&mut work, &locked.moved_by(held.iter().flat_map(|order| &order.picks)));
    let (events, jobs) = work.take_told();
    write_beside(&work, events.iter().any(outbox::is_followed), &jobs, unused).await?;
    let placing = Placing {
        orders: standing.iter().map(|order| new_order(&order.drafted)).collect(),
        payments: standing.iter().filter_map(|order| order.drafted.draft.payment.as_ref()).collect(),
        placed: standing.iter().map(|order| order.drafted.timeline()).collect(),
        sold: standing.iter().map(|order| bookings::sold(&order.drafted.draft.order)).collect(),
        events,
        held: held.iter().map(|order| (&order.drafted.wanted, order.picks.as_slice())).collect(),
        carts: standing.iter().filter_map(|order| order.drafted.cart_row()).collect(),
        kept: standing.iter().filter_map(|order| order.drafted.kept()).collect(),
    };
    store(work, &placing, &mut next_id, is_commit_asked).await?;
    drop(placing);
    Ok(standing.into_iter().map(|order| order.drafted.placed()).collect())
}

impl<'a> Drafted<'a> {
    fn claim(&self) -> Option<&'a Claim> {
        self.request.context.caller.claim.as_ref()
    }

    fn timeline(&self) -> tradepost_store::order::timeline::OrderEventRow {
        self.draft.placed_event(&self.request.context)
    }

    fn cart_row(
        &self,
    ) -> Option<(tradepost_domain::kernel::ids::CartId, tradepost_domain::kernel::ids::OrderId)> {
        Some((self.draft.order.cart_id?, self.draft.order.id))
    }

    fn kept(&self) -> Option<(&'a Claim, Kept)> {
        let kept = match &self.answer {
            Some(answer) => Kept::Answer(stored_answer(answer)),
            None => Kept::Order(self.draft.order.id),
        };
        Some((self.claim()?, kept))
    }

    fn placed(self) -> Placed {
        match self.answer {
            Some(answer) => Placed::Answered(answer),
            None => Placed::AsksElsewhere { order: self.draft.order.id, token: self.draft.token },
        }
    }
}

fn new_order<'a>(drafted: &'a Drafted<'_>) -> NewOrder<'a> {
    let Draft { order, explanation, .. } = &drafted.draft;
    NewOrder { order, token_hash: drafted.token_hash.as_deref(), explanation }
}

/// Writes what hardly any order has: events that the projector follows wake it, jobs, claims of orders that do not stand.
async fn write_beside(
    work: &Work<'_>,
    is_followed: bool,
    jobs: &[job::NewJob],
    unused: &[&Claim],
) -> Result<(), StoreError> {
    let tx = &work.tx;
    let woken = async { if is_followed { outbox::wake(tx).await } else { Ok(()) } };
    let (enqueued, released) = (job::enqueue(tx, jobs, work.now), idempotency::release_all(tx, unused));
    tokio::try_join!(woken, enqueued, released).map(drop)
}

/// Stores and commits in one flight; in two where a proof ends the process between them.
async fn store(
    work: Work<'_>,
    placing: &Placing<'_>,
    next_id: inventory::NextId<'_>,
    is_commit_asked: &AtomicBool,
) -> Result<(), WriteError> {
    let (now, crash) = (work.now, work.shop().checkout.crash.clone());
    let tx = work.into_tx();
    let between = [CrashPoint::AfterOrderInsert, CrashPoint::AfterStockRows, CrashPoint::BeforeOrderCommit];
    let commit_asked = || is_commit_asked.store(true, Ordering::Relaxed);
    let stored = if crash.is_armed_at(&between) {
        match place::write(&tx, placing, (now, next_id)).await {
            Ok(()) => {
                for point in between {
                    crash.point(point);
                }
                commit_asked();
                tx.commit().await
            }
            Err(error) => Err(error),
        }
    } else {
        place::place(tx, placing, (now, next_id), commit_asked).await
    };
    stored.map_err(|error| match error.violated_constraint() {
        Some("orders_cart_id_key") => {
            WriteError::conflict("cart_closed", "the cart was ordered already", None)
        }
        _ => WriteError::from(error),
    })?;
    crash.point(CrashPoint::AfterOrderCommit);
    Ok(())
}
