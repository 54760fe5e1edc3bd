//! Events out: endpoints that are told, deliveries to them, and the tries of each.
//!
//! Deliveries are written by a trigger of the outbox, in the transaction of the change that they tell of
//! (docs/adr/0016).

pub mod delivery;
pub mod endpoint;
pub mod sending;

use crate::sql::Sql;

/// Every statement of events out.
pub(crate) fn statements() -> impl Iterator<Item = Sql> {
    [delivery::STATEMENTS, endpoint::STATEMENTS, sending::STATEMENTS].into_iter().flatten().copied()
}
