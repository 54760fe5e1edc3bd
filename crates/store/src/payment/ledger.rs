//! The ledger: double entry, append-only. A fact is booked once, under whatever event it was told.

use jiff::Timestamp;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use uuid::Uuid;

use crate::db::Tx;
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    // Both in one statement: a booking that is there already brings no entries.
    BOOK = "
        with booked as (
            insert into ledger_txn (id, order_id, source_kind, source_id, kind, created_at)
            select t.id, t.order_id, t.source_kind, t.source_id, t.kind, $6
              from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as t (id, order_id, source_kind, source_id, kind)
            on conflict (source_kind, source_id, kind) do nothing
            returning id)
        insert into ledger_entry (txn_id, account, currency, amount)
        select b.id, e.account, e.currency, e.amount
          from unnest($7::uuid[], $8::text[], $9::text[], $10::int8[]) as e (txn_id, account, currency, amount)
          join booked b on b.id = e.txn_id";
}

/// One booking: its entries sum to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// Id.
    pub id: Uuid,
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
    /// Accounts with what came (above zero) or went, minor units. Entries of nothing are left out.
    pub entries: Vec<(String, i64)>,
}

/// Refuses entries that do not sum to nothing.
pub(crate) fn check(bookings: &[Booking]) -> Result<(), StoreError> {
    for booking in bookings {
        let sum: i128 = booking.entries.iter().map(|(_, amount)| i128::from(*amount)).sum();
        if sum != 0 {
            let what = format!("{} of {} sums to {sum}", booking.kind, booking.source_id);
            return Err(StoreError::inconsistent("ledger_entry", what));
        }
    }
    Ok(())
}

/// Books what happened, each fact once. Refuses entries that do not sum to nothing: a fault of ours.
pub async fn book(tx: &Tx, bookings: &[Booking], now: Timestamp) -> Result<(), StoreError> {
    if bookings.is_empty() {
        return Ok(());
    }
    check(bookings)?;
    let column = |of: fn(&Booking) -> Uuid| bookings.iter().map(of).collect::<Vec<_>>();
    let words = |of: fn(&Booking) -> &str| bookings.iter().map(of).collect::<Vec<_>>();
    let entries = || {
        bookings.iter().flat_map(|booking| {
            let filled = booking.entries.iter().filter(|(_, amount)| *amount != 0);
            filled.map(move |(account, amount)| (booking, account.as_str(), *amount))
        })
    };
    let params: crate::db::Params<'_> = &[
        &column(|booking| booking.id),
        &column(|booking| booking.order_id.as_uuid()),
        &words(|booking| booking.source_kind),
        &words(|booking| &booking.source_id),
        &words(|booking| booking.kind),
        &now,
        &entries().map(|(booking, ..)| booking.id).collect::<Vec<_>>(),
        &entries().map(|(_, account, _)| account).collect::<Vec<_>>(),
        &entries().map(|(booking, ..)| booking.currency.code()).collect::<Vec<_>>(),
        &entries().map(|(.., amount)| amount).collect::<Vec<_>>(),
    ];
    tx.execute(BOOK, params).await.map(drop)
}
