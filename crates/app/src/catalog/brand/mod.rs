//! Brands, as staff keep them.

mod create;
mod delete;
mod patch;
mod read;
mod view;

pub use create::{BrandCreate, create_brand};
pub use delete::delete_brand;
pub use patch::{BrandPatch, patch_brand};
pub use read::{find_brand, list_brands};
pub use view::BrandView;

use tradepost_store::StoreError;

use crate::error::WriteError;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    WriteError::from_constraint(
        error,
        &[
            ("brand_handle_key", "handle_taken", "another brand has this handle", "$.handle"),
            (
                "product_brand_id_fkey",
                "brand_in_use",
                "products have this brand: give them another first",
                "brand",
            ),
        ],
    )
}
