//! Stock: who gets which units of what lies where.

mod parcel;
mod shelf;

pub use parcel::{PackRefusal, PackWant, Packed, Promise, pack, unpack};
pub use shelf::{Pick, Place, Shelf, Shortage, Supply, Want};
