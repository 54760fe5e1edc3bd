//! Stock, as staff keep it: levels set in bulk, and the movements that say how they came about.

mod movements;
mod set_levels;

pub use movements::{
    CAUSE_PREFIXES, MovementCauseView, MovementFilter, StockMovementView, list_stock_movements, read_cause_id,
};
pub use set_levels::{SetStockLevel, create_stock_level, set_stock_levels};
pub use tradepost_store::catalog::stock_level::VariantRef;
