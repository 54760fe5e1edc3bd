//! Events out: which there are, who wants them, and when a delivery that failed is tried again.

pub mod event_type;
pub mod schedule;

pub use event_type::{EventType, event_types, find_event_type};
pub use schedule::{DeliveryState, DisabledReason, Verdict, judge};
