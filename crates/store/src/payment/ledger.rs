//! The ledger: double entry, append-only. A fact is booked once, under whatever event it was told.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, OrderId};

use crate::columns::{Column, column, ranges, values};
use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // A booking that is there already stays as it is. Entries stand beside ranges of them, counted from 1.
    BOOK = "
        insert into ledger_txn (order_id, source_kind, source_id, kind, currency, accounts, amounts, created_at)
        select t.order_id, t.source_kind, t.source_id, t.kind, t.currency, ($8::text[])[t.first:t.last], ($9::int8[])[t.first:t.last],
               $10
          from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::int4[])
               as t (order_id, source_kind, source_id, kind, currency, first, last)
            on conflict (source_kind, source_id, kind) do nothing";
}

/// One booking: its entries sum to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The order that it is about.
    pub order_id: OrderId,
    /// Kind of thing that caused it, in snake case.
    pub source_kind: &'static str,
    /// Which of them: our id, or the provider's.
    pub source_id: String,
    /// What happened to it.
    pub kind: &'static str,
    /// Currency of its entries.
    pub currency: Currency,
    /// Accounts with what came (above zero) or went, minor units; none with nothing.
    pub entries: Vec<(String, i64)>,
}

/// Refuses entries that do not sum to nothing: a fault of ours.
fn check(bookings: &[Booking]) -> Result<(), StoreError> {
    for booking in bookings {
        let sum: i128 = booking.entries.iter().map(|(_, amount)| i128::from(*amount)).sum();
        if sum != 0 {
            let what = format!("{} of {} sums to {sum}", booking.kind, booking.source_id);
            return Err(StoreError::inconsistent("ledger_txn", what));
        }
    }
    Ok(())
}

/// Bookings as columns: what each is of, where its entries stand, and the entries of all.
pub(crate) fn columns(bookings: &[Booking]) -> Result<[Column<'_>; 9], StoreError> {
    check(bookings)?;
    let ranges = ranges(bookings.iter().map(|booking| booking.entries.len()));
    let entries: Vec<&(String, i64)> = bookings.iter().flat_map(|booking| &booking.entries).collect();
    Ok([
        column(bookings, |booking| booking.order_id.as_uuid()),
        column(bookings, |booking| booking.source_kind),
        column(bookings, |booking| booking.source_id.as_str()),
        column(bookings, |booking| booking.kind),
        column(bookings, |booking| booking.currency.code()),
        column(&ranges, |(first, _)| *first),
        column(&ranges, |(_, last)| *last),
        column(&entries, |(account, _)| account.as_str()),
        column(&entries, |(_, amount)| *amount),
    ])
}

/// Books what happened, each fact once. Refuses entries that do not sum to nothing: a fault of ours.
pub async fn book(tx: &Tx, bookings: &[Booking], now: Timestamp) -> Result<(), StoreError> {
    if bookings.is_empty() {
        return Ok(());
    }
    let columns = columns(bookings)?;
    let mut params: Vec<&(dyn ToSql + Sync)> = values(&columns);
    params.push(&now);
    tx.execute(BOOK, &params).await.map(drop)
}
