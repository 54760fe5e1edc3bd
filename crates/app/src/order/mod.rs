//! Orders: placed from a cart or from items, read by their owner, given up, claimed by a new customer; moved on by
//! payments and by staff.

mod batch;
pub mod bookings;
pub mod cancel;
mod check;
pub mod claim;
pub mod desk;
mod draft;
pub mod fulfillment;
pub mod get;
pub mod in_hand;
pub mod input;
mod keys;
pub mod place;
pub mod staff;
pub mod sweep;
pub mod view;
mod write;

pub use cancel::{OrderCancel, cancel_order, cancel_own_order};
pub use claim::claim_order;
pub use get::{get_own_order, list_own_orders};
pub use input::OrderCreate;
pub use place::place_order;
pub use staff::{
    NoteCreate, OrderEventView, OrderExplanationView, OrderFilter, OrderKey, OrderPatch, add_order_note,
    explain_order, find_order, list_order_events, list_orders, patch_order, resend_order_confirmation,
};
pub use sweep::OrderSweeper;
pub use view::{OrderView, PlacedOrderView};

use jiff::SignedDuration;

use crate::error::WriteError;

/// How long stock is held for an order that is not paid yet, unless the shop says otherwise.
pub const RESERVATION_TTL: SignedDuration = SignedDuration::from_mins(15);

fn missing() -> WriteError {
    WriteError::NotFound { kind: "order" }
}

impl From<tradepost_domain::kernel::MoneyError> for WriteError {
    fn from(error: tradepost_domain::kernel::MoneyError) -> Self {
        Self::Store(tradepost_store::StoreError::inconsistent("orders", error))
    }
}
