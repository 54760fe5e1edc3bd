//! StockLocations, as staff keep them.

mod create;
mod delete;
mod patch;
mod read;
mod view;

pub use create::{StockLocationCreate, create_stock_location};
pub use delete::delete_stock_location;
pub use patch::{StockLocationPatch, patch_stock_location};
pub use read::{find_stock_location, list_stock_locations};
pub use view::StockLocationView;

use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, StockLocationId};
use tradepost_store::StoreError;
use tradepost_store::stock_location::{self, StockLocationRow};

use crate::error::WriteError;
use crate::work::Work;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    WriteError::from_constraint(
        error,
        &[
            (
                "stock_location_handle_key",
                "handle_taken",
                "another stock location has this handle",
                "$.handle",
            ),
            (
                "stock_location_default_key",
                "default_changed",
                "another location became the default meanwhile: try again",
                "$.is_default",
            ),
            (
                "stock_level_location_id_fkey",
                "stock_location_in_use",
                "stock is counted here: move it first",
                "stock_location",
            ),
            (
                "fulfillment_location_id_fkey",
                "stock_location_in_use",
                "goods of orders left from here: orders keep that",
                "stock_location",
            ),
        ],
    )
}

/// That there is always a default.
fn default_required() -> WriteError {
    WriteError::conflict(
        "default_required",
        "this is the default location: make another the default first",
        Some("$.is_default"),
    )
}

/// Makes room for a new default among all locations, which are locked.
async fn take_default(
    work: &mut Work<'_>,
    all: &[StockLocationRow],
    id: StockLocationId,
) -> Result<(), StoreError> {
    stock_location::clear_default(&work.tx, id, work.now).await?;
    for former in all.iter().filter(|location| location.is_default && location.id != id) {
        let (before, after) = (json!({"is_default": true}), json!({"is_default": false}));
        work.audit(
            "stock_location.update",
            ("stock_location", former.id.as_uuid()),
            Some(before),
            Some(after),
        );
    }
    Ok(())
}
