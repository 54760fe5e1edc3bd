//! ProductTypes, as staff keep them.

mod create;
mod delete;
mod patch;
mod read;
mod shape;
mod view;

pub use create::{ProductTypeCreate, create_product_type};
pub use delete::delete_product_type;
pub use patch::{ProductTypePatch, patch_product_type};
pub use read::{find_product_type, list_product_types};
pub use shape::AttributeShape;
pub use view::ProductTypeView;

use tradepost_store::StoreError;

use crate::error::WriteError;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    WriteError::from_constraint(
        error,
        &[
            ("product_type_handle_key", "handle_taken", "another product type has this handle", "$.handle"),
            (
                "product_product_type_id_fkey",
                "product_type_in_use",
                "products have this product type: give them another first",
                "product_type",
            ),
        ],
    )
}
