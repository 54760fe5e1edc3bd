//! Stock that moves: what orders hold of it, and why each quantity changed.

use uuid::Uuid;

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
