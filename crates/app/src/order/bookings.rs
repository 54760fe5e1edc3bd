//! What the ledger books of an order's life. Signs: what comes to an account is above zero.
//!
//! Placing an order makes the buyer owe its total; a capture turns the debt into money at the provider; a refund by the
//! shop is money that goes for nothing sold; money that nobody was owed (a second capture, a capture of an order that was
//! given up) goes back out of the buyer's own account.

use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use tradepost_store::order::{OrderRow, OrderTotals};
use tradepost_store::payment::ledger::Booking;

fn receivable(order: OrderId) -> String {
    format!("receivable:{order}")
}

/// The sales of an order, by what they are; tax that is contained in prices is taken out of them.
fn sales(totals: &OrderTotals) -> [(&'static str, i64); 3] {
    let revenue = totals.total.saturating_sub(totals.shipping).saturating_sub(totals.tax);
    [
        ("revenue", revenue.saturating_neg()),
        ("shipping", totals.shipping.saturating_neg()),
        ("tax", totals.tax.saturating_neg()),
    ]
}

fn of_sale(order: &OrderRow, kind: &'static str, sign: i64) -> Booking {
    let sales =
        sales(&order.totals).map(|(account, amount)| (account.to_owned(), amount.saturating_mul(sign)));
    let owed = (receivable(order.id), order.totals.total.saturating_mul(sign));
    Booking {
        order_id: order.id,
        source_kind: "order",
        // A canceled order that comes back to life is sold again: each time is a booking of its own.
        source_id: format!("{}:{}", order.id.as_uuid(), order.version),
        kind,
        currency: order.currency,
        entries: sales.into_iter().chain([owed]).filter(|(_, amount)| *amount != 0).collect(),
    }
}

/// The buyer owes the total.
pub fn sold(order: &OrderRow) -> Booking {
    of_sale(order, "sold", 1)
}

/// The buyer owes it no more.
pub fn unsold(order: &OrderRow) -> Booking {
    of_sale(order, "unsold", -1)
}

/// What a movement of money through a provider is told by.
#[derive(Debug, Clone)]
pub struct Movement<'a> {
    /// The order.
    pub order_id: OrderId,
    /// The provider and its id of the object that moved.
    pub source: (&'static str, &'a str),
    /// How much.
    pub amount: Money,
}

fn moved(movement: &Movement<'_>, kind: &'static str, account: String, amount: i64) -> Booking {
    Booking {
        order_id: movement.order_id,
        source_kind: movement.source.0,
        source_id: movement.source.1.to_owned(),
        kind,
        currency: movement.amount.currency(),
        entries: vec![("psp_clearing".to_owned(), amount), (account, amount.saturating_neg())],
    }
}

/// Money came in.
pub fn captured(movement: &Movement<'_>) -> Booking {
    moved(movement, "captured", receivable(movement.order_id), movement.amount.amount())
}

/// The shop gave money back.
pub fn refunded(movement: &Movement<'_>) -> Booking {
    moved(movement, "refunded", "refunds".to_owned(), movement.amount.amount().saturating_neg())
}

/// A refund came back from the bank.
pub fn refund_reverted(movement: &Movement<'_>) -> Booking {
    moved(movement, "refund_reverted", "refunds".to_owned(), movement.amount.amount())
}

/// A bank took money for a dispute.
pub fn disputed(movement: &Movement<'_>) -> Booking {
    moved(movement, "disputed", "disputes".to_owned(), movement.amount.amount().saturating_neg())
}

/// A dispute was won: the money is back.
pub fn dispute_won(movement: &Movement<'_>) -> Booking {
    moved(movement, "dispute_won", "disputes".to_owned(), movement.amount.amount())
}
