//! Stock under orders: holds, what becomes of them, and what leaves and comes back.

mod audit;
mod moves;
mod races;
mod reserve;
