//! The projector: fragments are always what rendering now would give.

mod changes;
mod faults;
mod fragments;
mod lanes;
mod price_lists;
mod proof;
mod shop;
mod wide;
