//! Stock that moves: what orders hold of it, and why each quantity changed.
//!
//! Every function takes any number of orders or lines and a constant number of statements. Levels are locked in the order
//! of variant and location, whoever does it, and after the reservations of an order: so two never wait for each other.
//! A reservation goes from state to state by conditional updates alone: who changes the row owns what follows from it.
//! The movements are written by the tables themselves (V10), made of the change.

mod movement;
mod reserve;
mod restock;
mod ship;
mod transition;

use tokio_postgres::Row;
use tradepost_domain::kernel::ids::{EntityId, OrderId, ProductId, StockLevelId, VariantId};
use uuid::Uuid;

pub use movement::{MovementFilter, StockMovement, list_movements};
pub use reserve::{
    Hold, Locked, NextId, Outcome, ReserveOrder, Reserved, lock, ready_to_lock, reserve, take,
};
pub use restock::{ReturnedLine, lock_return, restock};
pub use ship::{LineUnits, ShipFrom, allocated, give_back, ship};
pub use transition::{allocate, deallocate, expired, extend, release};

use crate::sql::Sql;

/// Every statement of this context.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [movement::STATEMENTS, reserve::STATEMENTS, restock::STATEMENTS, ship::STATEMENTS, transition::STATEMENTS]
        .into_iter()
        .flatten()
        .copied()
}

/// Why quantities change: kept with every movement of stock.
///
/// A cause moves one level once in one way: the same cause again is refused by the database, and so is a change that
/// names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Kind of thing in snake case: `order`, `fulfillment`, `staff`.
    pub kind: &'static str,
    /// The thing, or an id that was drawn for this one change.
    pub id: Uuid,
    /// What people say about it.
    pub note: Option<String>,
}

impl Cause {
    /// A cause without a word about it.
    pub fn new(kind: &'static str, id: Uuid) -> Self {
        Self { kind, id, note: None }
    }
}

/// The cause of movements that orders make by themselves.
const ORDER: &str = "order";

/// A level after a change of its quantities, for the event that tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedLevel {
    /// The level.
    pub stock_level_id: StockLevelId,
    /// Its variant.
    pub variant_id: VariantId,
    /// The variant's product.
    pub product_id: ProductId,
    /// Units that lie there now.
    pub on_hand: i64,
    /// Units that can still be sold; below zero where more was promised than there is.
    pub available: i64,
    /// At most as many as could be sold before the change.
    pub available_before: i64,
    /// Whether the variant may be ordered when none is left.
    pub backorder: bool,
    /// The level's version now.
    pub version: i64,
}

/// Columns of [`moved_level`], of a level `l` and its variant `v`; `$back` takes the change of what is available back.
macro_rules! moved_columns {
    ($back:literal) => {
        concat!(
            "l.id, l.variant_id, v.product_id, l.on_hand, l.on_hand - l.allocated - l.reserved as available,
                  l.on_hand - l.allocated - l.reserved ",
            $back,
            " as available_before, l.backorder, l.version"
        )
    };
}
use moved_columns;

fn moved_level(row: &Row) -> MovedLevel {
    MovedLevel {
        stock_level_id: StockLevelId::from_uuid(row.get("id")),
        variant_id: VariantId::from_uuid(row.get("variant_id")),
        product_id: ProductId::from_uuid(row.get("product_id")),
        on_hand: row.get("on_hand"),
        available: row.get("available"),
        available_before: row.get("available_before"),
        backorder: row.get("backorder"),
        version: row.get("version"),
    }
}

/// Ids of orders as a parameter, in the order of locks.
fn order_ids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(EntityId::as_uuid).collect()
}

/// Kind, id and note of a cause; the id is absent where each order is its own.
fn cause_parts(cause: Option<&Cause>) -> (&'static str, Option<Uuid>, Option<&str>) {
    cause.map_or((ORDER, None, None), |cause| (cause.kind, Some(cause.id), cause.note.as_deref()))
}
