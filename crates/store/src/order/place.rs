//! New orders with all that stands beside them, stored by one statement that the commit travels behind: nothing here decides.
//!
//! Orders, lines, payments, timeline, bookings, events, holds of stock and kept answers are rows of the same number of
//! statements however many orders arrive together. Columns travel as arrays and are taken apart by their place: a function that
//! unnests so many keeps a table for each of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio_postgres::types::{Json, ToSql};
use tradepost_domain::inventory::Pick;
use tradepost_domain::kernel::ids::{CartId, EntityId, OrderId, StockLevelId};
use tradepost_domain::payment::Attempt;
use uuid::Uuid;

use super::timeline::OrderEventRow;
use super::{OrderLineRow, OrderRow, OrderTotals};
use crate::columns::{Column, column, ranges, values};
use crate::db::Tx;
use crate::error::StoreError;
use crate::idempotency::{Claim, StoredAnswer};
use crate::inventory::{Hold, NextId, ReserveOrder};
use crate::outbox::{self, Event};
use crate::payment::ledger::{self, Booking};
use crate::payment::{AttemptDetails, PaymentRecord};
use crate::sql::sql;

sql! {
    // The commit is on its way before the answer is seen: what must hold is asked for here, and refuses by an error. What is
    // locked and was read so holds. A coupon's code holds no comma.
    PLACE = "
        with heads as (
            insert into orders (id, number, channel_id, cart_id, customer_id, email, token_hash, locale, currency, status,
                payment_status, fulfillment_status, subtotal, discount, shipping, tax, tax_included, total,
                shipping_address, billing_address, shipping_method, pricing, explanation, coupons, metadata, version,
                placed_at, updated_at, expires_at, confirmed_at)
            select ($2::uuid[])[i], ($3::text[])[i], ($4::uuid[])[i], ($5::uuid[])[i], ($6::uuid[])[i],
                   ($7::text[])[i], ($8::bytea[])[i], ($9::text[])[i], ($10::text[])[i], ($11::text[])[i],
                   ($12::text[])[i], ($13::text[])[i], ($14::int8[])[i], ($15::int8[])[i], ($16::int8[])[i],
                   ($17::int8[])[i], ($18::bool[])[i], ($19::int8[])[i], ($20::jsonb[])[i], ($21::jsonb[])[i],
                   ($22::jsonb[])[i], ($23::json[])[i], ($24::json[])[i], string_to_array(($25::text[])[i], ','),
                   ($26::jsonb[])[i], ($27::int8[])[i], $1, $1, ($28::timestamptz[])[i], ($29::timestamptz[])[i]
              from generate_subscripts($2::uuid[], 1) as i
        ), lines as (
            insert into order_line (id, order_id, position, variant_id, product_id, sku, title, product, quantity, unit_price,
                discount, total, tax, weight_grams, requires_shipping, metadata)
            select ($30::uuid[])[i], ($31::uuid[])[i], ($32::int4[])[i], ($33::uuid[])[i], ($34::uuid[])[i],
                   ($35::text[])[i], ($36::text[])[i], ($37::json[])[i], ($38::int4[])[i], ($39::int8[])[i],
                   ($40::int8[])[i], ($41::int8[])[i], ($42::int8[])[i], ($43::int8[])[i], ($44::bool[])[i],
                   ($45::jsonb[])[i]
              from generate_subscripts($30::uuid[], 1) as i
        ), owed as (
            insert into payment (id, order_id, provider, amount, currency, capture, customer_id, save_method, version,
                created_at, updated_at)
            select ($46::uuid[])[i], ($47::uuid[])[i], ($48::text[])[i], ($49::int8[])[i], ($50::text[])[i],
                   ($51::text[])[i], ($52::uuid[])[i], ($53::bool[])[i], ($54::int8[])[i], $1, $1
              from generate_subscripts($46::uuid[], 1) as i
        ), tries as (
            insert into payment_attempt (id, payment_id, order_id, provider, provider_ref, status, amount, capture_amount, currency,
                payer_ref, created_at, updated_at)
            select ($55::uuid[])[i], ($56::uuid[])[i], ($57::uuid[])[i], ($58::text[])[i], ($59::text[])[i],
                   ($60::text[])[i], ($61::int8[])[i], ($62::int8[])[i], ($63::text[])[i], ($64::text[])[i], $1, $1
              from generate_subscripts($55::uuid[], 1) as i
        ), placed as (
            insert into order_event (id, order_id, kind, actor_kind, actor_id, data, created_at)
            select ($65::uuid[])[i], ($66::uuid[])[i], ($67::text[])[i], ($68::text[])[i], ($69::uuid[])[i],
                   ($70::jsonb[])[i], $1
              from generate_subscripts($65::uuid[], 1) as i
        ), booked as (
            insert into ledger_txn (order_id, source_kind, source_id, kind, currency, accounts, amounts, created_at)
            select ($71::uuid[])[i], ($72::text[])[i], ($73::text[])[i], ($74::text[])[i], ($75::text[])[i],
                   ($78::text[])[($76::int4[])[i]:($77::int4[])[i]], ($79::int8[])[($76::int4[])[i]:($77::int4[])[i]], $1
              from generate_subscripts($71::uuid[], 1) as i
        ), told as (
            insert into outbox (event_id, type, aggregate_id, version, payload, dispatched_at, created_at)
            select ($80::uuid[])[i], ($81::text[])[i], ($82::uuid[])[i], ($83::int8[])[i], ($84::json[])[i],
                   ($85::timestamptz[])[i], $1
              from generate_subscripts($80::uuid[], 1) as i
        ), held as (
            insert into reservation (id, order_id, order_line_id, stock_level_id, variant_id, location_id, quantity, expires_at,
                state, created_at, updated_at)
            select ($86::uuid[])[i], ($87::uuid[])[i], ($88::uuid[])[i], ($89::uuid[])[i], ($90::uuid[])[i],
                   ($91::uuid[])[i], ($92::int8[])[i], ($93::timestamptz[])[i], 'held', $1, $1
              from generate_subscripts($86::uuid[], 1) as i
        ), moved as (
            update stock_level l
               set reserved = l.reserved + s.units, version = l.version + 1, updated_at = $1, moved_kind = 'reserved',
                   moved_by = 'order', moved_id = s.causes[1], moved_note = null, moved_for = s.causes, moved_units = s.parts
              from (select id, ($95::int8[])[i] as units, ($98::uuid[])[($96::int4[])[i]:($97::int4[])[i]] as causes,
                           ($99::int8[])[($96::int4[])[i]:($97::int4[])[i]] as parts
                      from (select id, place::int4 as i from unnest($94::uuid[]) with ordinality as w (id, place)) w) s
             where l.id = s.id
               and (not l.tracked or l.backorder or l.on_hand - l.allocated - l.reserved >= s.units)
            returning 1
        ), closed as (
            update cart c
               set status = 'ordered', successor_id = o.order_id, version = c.version + 1, updated_at = $1
              from unnest($100::uuid[], $101::uuid[]) as o (cart_id, order_id)
             where c.id = o.cart_id and c.status = 'open'
            returning 1
        ), answered as (
            update idempotency_key k
               set state = case when ($105::int2[])[i] is null then 'running' else 'done' end,
                   response_status = ($105::int2[])[i], response_body = ($106::bytea[])[i],
                   response_etag = ($107::text[])[i], response_location = ($108::text[])[i],
                   resource_id = ($109::uuid[])[i]
              from (select principal, key, place::int4 as i
                      from unnest($102::text[], $103::text[]) with ordinality as a (principal, key, place)) a
             where k.principal = a.principal and k.key = a.key and k.state = 'running'
               and k.locked_until = ($104::timestamptz[])[i]
            returning 1
        )
        select must((select count(*) from moved) = cardinality($94::uuid[]), 'a locked level has fewer units than it had'),
               must((select count(*) from closed) = cardinality($100::uuid[]), 'a locked cart is not open any more'),
               must((select count(*) from answered) = cardinality($102::text[]), 'a claim that was kept is gone')";
}

/// An order to store.
#[derive(Debug, Clone, Copy)]
pub struct NewOrder<'a> {
    /// The order with its lines.
    pub order: &'a OrderRow,
    /// SHA-256 of the secret that opens a guest's.
    pub token_hash: Option<&'a [u8]>,
    /// Why it comes to what it does, as pricing explained it.
    pub explanation: &'a RawValue,
}

/// What is kept under the claim of an order's request.
#[derive(Debug, Clone)]
pub enum Kept {
    /// Its answer.
    Answer(StoredAnswer),
    /// The order, while its answer is not known before somebody else was asked.
    Order(OrderId),
}

/// Everything that is stored of orders that stand.
#[derive(Debug, Default)]
pub struct Placing<'a> {
    /// The orders with their lines.
    pub orders: Vec<NewOrder<'a>>,
    /// What is owed for them, of which nothing has been heard yet.
    pub payments: Vec<&'a PaymentRecord>,
    /// The beginnings of their timelines.
    pub placed: Vec<OrderEventRow>,
    /// What the ledger books: new facts, each once.
    pub sold: Vec<Booking>,
    /// What is told of them.
    pub events: Vec<Event>,
    /// What they hold until they are paid: of levels that are locked and were found to have it.
    pub held: Vec<(&'a ReserveOrder, &'a [Pick])>,
    /// The locked, open carts that they are made of.
    pub carts: Vec<(CartId, OrderId)>,
    /// What is kept under their claims, which are ours until the transaction ends.
    pub kept: Vec<(&'a Claim, Kept)>,
}

/// Stores orders and commits the transaction, in one flight. `about_to_commit` is called before the commit is sent: up to there
/// it is certain that a failure has stored nothing.
///
/// The unique key `orders_cart_id_key` refuses a second order of one cart.
pub async fn place(
    tx: Tx,
    placing: &Placing<'_>,
    (now, next_id): (Timestamp, NextId<'_>),
    about_to_commit: impl FnOnce(),
) -> Result<(), StoreError> {
    let columns = columns(placing, now, next_id)?;
    tx.commit_behind(PLACE, &values(&columns), about_to_commit).await
}

/// Stores orders as [`place`] does, and leaves the commit to the caller.
pub async fn write(
    tx: &Tx,
    placing: &Placing<'_>,
    (now, next_id): (Timestamp, NextId<'_>),
) -> Result<(), StoreError> {
    let columns = columns(placing, now, next_id)?;
    tx.execute(PLACE, &values(&columns)).await.map(drop)
}

fn columns<'a>(
    placing: &'a Placing<'_>,
    now: Timestamp,
    next_id: NextId<'_>,
) -> Result<Vec<Column<'a>>, StoreError> {
    let mut columns: Vec<Column<'a>> = vec![Box::new(now)];
    columns.extend(heads(&placing.orders));
    columns.extend(lines(&placing.orders));
    columns.extend(owed(&placing.payments));
    columns.extend(tries(&placing.payments));
    columns.extend(placed(&placing.placed));
    columns.extend(ledger::columns(&placing.sold)?);
    columns.extend(told(&placing.events, now));
    columns.extend(held(&placing.held, next_id));
    columns.extend(moved(&placing.held));
    columns.push(column(&placing.carts, |(id, _)| id.as_uuid()));
    columns.push(column(&placing.carts, |(_, order)| order.as_uuid()));
    columns.extend(kept(&placing.kept));
    Ok(columns)
}

fn heads<'a>(orders: &'a [NewOrder<'_>]) -> [Column<'a>; 28] {
    fn each<'a, V: ToSql + Sync + Send + 'a>(
        orders: &'a [NewOrder<'_>],
        of: impl Fn(&'a OrderRow) -> V,
    ) -> Column<'a> {
        column(orders, |new| of(new.order))
    }
    let amounts = |of: fn(&OrderTotals) -> i64| each(orders, move |order| of(&order.totals));
    [
        each(orders, |order| order.id.as_uuid()),
        each(orders, |order| order.number.as_str()),
        each(orders, |order| order.channel_id.as_uuid()),
        each(orders, |order| order.cart_id.map(|id| id.as_uuid())),
        each(orders, |order| order.customer_id.map(|id| id.as_uuid())),
        each(orders, |order| order.email.as_str()),
        column(orders, |new| new.token_hash),
        each(orders, |order| order.locale.as_str()),
        each(orders, |order| order.currency.code()),
        each(orders, |order| order.status.as_str()),
        each(orders, |order| order.payment_status.as_str()),
        each(orders, |order| order.fulfillment_status.as_str()),
        amounts(|totals| totals.subtotal),
        amounts(|totals| totals.discount),
        amounts(|totals| totals.shipping),
        amounts(|totals| totals.tax),
        each(orders, |order| order.totals.tax_included),
        amounts(|totals| totals.total),
        each(orders, |order| order.shipping_address.as_ref().map(Json)),
        each(orders, |order| order.billing_address.as_ref().map(Json)),
        each(orders, |order| order.shipping_method.as_ref()),
        each(orders, |order| &order.pricing),
        column(orders, |new| Json(new.explanation)),
        each(orders, |order| order.coupons.join(",")),
        each(orders, |order| Json(&order.metadata)),
        each(orders, |order| order.version),
        each(orders, |order| order.expires_at),
        each(orders, |order| order.confirmed_at),
    ]
}

fn lines<'a>(orders: &'a [NewOrder<'_>]) -> [Column<'a>; 16] {
    let numbered =
        orders.iter().flat_map(|new| (1_i32..).zip(&new.order.lines).map(|line| (new.order.id, line)));
    let rows: Vec<(OrderId, i32, &'a OrderLineRow)> =
        numbered.map(|(order, (position, line))| (order, position, line)).collect();
    let uuids = |of: fn(&OrderLineRow) -> Uuid| column(&rows, |(.., line)| of(line));
    let amounts = |of: fn(&OrderLineRow) -> i64| column(&rows, |(.., line)| of(line));
    [
        uuids(|line| line.id.as_uuid()),
        column(&rows, |(order, ..)| order.as_uuid()),
        column(&rows, |(_, position, _)| *position),
        uuids(|line| line.variant_id.as_uuid()),
        uuids(|line| line.product_id.as_uuid()),
        column(&rows, |(.., line)| line.sku.as_deref()),
        column(&rows, |(.., line)| line.title.as_str()),
        column(&rows, |(.., line)| &line.product),
        column(&rows, |(.., line)| i32::try_from(line.quantity).unwrap_or(i32::MAX)),
        amounts(|line| line.unit_price),
        amounts(|line| line.discount),
        amounts(|line| line.total),
        amounts(|line| line.tax),
        column(&rows, |(.., line)| line.weight_grams),
        column(&rows, |(.., line)| line.requires_shipping),
        column(&rows, |(.., line)| Json(&line.metadata)),
    ]
}

fn owed<'a>(payments: &'a [&'a PaymentRecord]) -> [Column<'a>; 9] {
    [
        column(payments, |payment| payment.id.as_uuid()),
        column(payments, |payment| payment.order_id.as_uuid()),
        column(payments, |payment| payment.state.provider.as_str()),
        column(payments, |payment| payment.state.owed.amount()),
        column(payments, |payment| payment.state.owed.currency().code()),
        column(payments, |payment| payment.capture.as_str()),
        column(payments, |payment| payment.customer_id.map(|id| id.as_uuid())),
        column(payments, |payment| payment.save_method),
        column(payments, |payment| payment.version),
    ]
}

/// An attempt with its payment.
type Try<'a> = (&'a PaymentRecord, &'a Attempt, &'a AttemptDetails);

fn tries<'a>(payments: &'a [&'a PaymentRecord]) -> [Column<'a>; 10] {
    let tries = payments.iter().flat_map(|payment| {
        let attempts = payment.state.attempts.values();
        attempts.filter_map(|attempt| Some((*payment, attempt, payment.details.get(&attempt.id)?)))
    });
    let rows: Vec<Try<'a>> = tries.collect();
    [
        column(&rows, |(_, attempt, _)| attempt.id.as_uuid()),
        column(&rows, |(payment, ..)| payment.id.as_uuid()),
        column(&rows, |(payment, ..)| payment.order_id.as_uuid()),
        column(&rows, |(payment, ..)| payment.state.provider.as_str()),
        column(&rows, |(.., details)| details.provider_ref.as_deref()),
        column(&rows, |(_, attempt, _)| attempt.status.as_str()),
        column(&rows, |(_, attempt, _)| attempt.amount.amount()),
        column(&rows, |(_, attempt, _)| attempt.capture_amount.amount()),
        column(&rows, |(_, attempt, _)| attempt.amount.currency().code()),
        column(&rows, |(.., details)| details.payer_ref.as_deref()),
    ]
}

fn placed(entries: &[OrderEventRow]) -> [Column<'_>; 6] {
    [
        column(entries, |entry| entry.id.as_uuid()),
        column(entries, |entry| entry.order_id.as_uuid()),
        column(entries, |entry| entry.kind.as_str()),
        column(entries, |entry| entry.actor_kind.as_str()),
        column(entries, |entry| entry.actor_id),
        column(entries, |entry| &entry.data),
    ]
}

fn told(events: &[Event], now: Timestamp) -> [Column<'_>; 6] {
    [
        column(events, |event| event.id.as_uuid()),
        column(events, |event| event.kind),
        column(events, |event| event.aggregate_id),
        column(events, |event| event.version),
        column(events, |event| Json(&event.payload)),
        column(events, |event| outbox::dispatched_at(event, now)),
    ]
}

fn held<'a>(held: &[(&ReserveOrder, &[Pick])], next_id: NextId<'_>) -> [Column<'a>; 8] {
    let rows: Vec<(&ReserveOrder, &Pick)> =
        held.iter().flat_map(|(order, picks)| picks.iter().map(move |pick| (*order, pick))).collect();
    let expires_at = |order: &ReserveOrder| match order.hold {
        Hold::Held { expires_at } => expires_at,
        Hold::Allocated => None,
    };
    [
        Box::new(rows.iter().map(|_| next_id()).collect::<Vec<Uuid>>()),
        column(&rows, |(order, _)| order.order_id.as_uuid()),
        column(&rows, |(_, pick)| pick.order_line_id.as_uuid()),
        column(&rows, |(_, pick)| pick.level_id.as_uuid()),
        column(&rows, |(_, pick)| pick.variant_id.as_uuid()),
        column(&rows, |(_, pick)| pick.location_id.as_uuid()),
        column(&rows, |(_, pick)| pick.quantity),
        column(&rows, |(order, _)| expires_at(order)),
    ]
}

/// Each level with all units that it gives, and for whom: levels stand beside ranges of causes, counted from 1.
fn moved<'a>(held: &[(&ReserveOrder, &[Pick])]) -> [Column<'a>; 6] {
    let mut levels: BTreeMap<StockLevelId, BTreeMap<Uuid, i64>> = BTreeMap::new();
    for (order, picks) in held {
        for pick in *picks {
            let units = levels.entry(pick.level_id).or_default().entry(order.cause_id).or_default();
            *units = units.saturating_add(pick.quantity);
        }
    }
    let sums = column(levels.values(), |causes| {
        causes.values().fold(0_i64, |sum, units| sum.saturating_add(*units))
    });
    let ranges = ranges(levels.values().map(BTreeMap::len));
    [
        column(levels.keys(), StockLevelId::as_uuid),
        sums,
        column(&ranges, |(first, _)| *first),
        column(&ranges, |(_, last)| *last),
        column(levels.values().flat_map(BTreeMap::keys), |cause| *cause),
        column(levels.values().flat_map(BTreeMap::values), |units| *units),
    ]
}

fn kept<'a>(kept: &'a [(&'a Claim, Kept)]) -> [Column<'a>; 8] {
    fn each<'a, V: ToSql + Sync + Send + 'a>(
        kept: &'a [(&'a Claim, Kept)],
        of: impl Fn(&'a StoredAnswer) -> Option<V>,
    ) -> Column<'a> {
        column(kept, |(_, kept)| match kept {
            Kept::Answer(answer) => of(answer),
            Kept::Order(_) => None,
        })
    }
    let made = |kept: &Kept| match kept {
        Kept::Answer(_) => None,
        Kept::Order(order) => Some(order.as_uuid()),
    };
    [
        column(kept, |(claim, _)| claim.principal.as_str()),
        column(kept, |(claim, _)| claim.key.as_str()),
        column(kept, |(claim, _)| claim.locked_until),
        each(kept, |answer| Some(answer.status)),
        each(kept, |answer| Some(answer.body.as_slice())),
        each(kept, |answer| answer.etag.as_deref()),
        each(kept, |answer| answer.location.as_deref()),
        column(kept, |(_, kept)| made(kept)),
    ]
}
