//! Stock under orders: holds, what becomes of them, and what leaves and comes back.

mod moves;
mod reserve;
