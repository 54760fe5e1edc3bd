//! The category tree, as staff keep it.

mod create;
mod delete;
mod patch;
mod read;
mod reorder;
mod view;

pub use create::{CategoryCreate, create_category};
pub use delete::delete_category;
pub use patch::{CategoryPatch, patch_category};
pub use read::{find_category, list_categories};
pub use reorder::{CategoryOrder, CategoryOrderView, reorder_categories};
pub use view::{CategoryAdminView, CategoryTexts};

use tradepost_domain::catalog::category::{CategoryTree, CategoryTreeError};
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_store::catalog::category_write;
use tradepost_store::{StoreError, Tx};

use crate::error::WriteError;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    let taken = ("category_handle_key", "handle_taken", "another category has this handle", "$.handle");
    WriteError::from_constraint(error, &[taken])
}

/// The tree, kept as it is until the transaction ends.
async fn lock_tree(tx: &Tx) -> Result<CategoryTree, StoreError> {
    Ok(CategoryTree::new(category_write::lock_tree(tx).await?))
}

/// Checks that a category may hang where it shall.
fn check_place(tree: &CategoryTree, id: CategoryId, parent: Option<CategoryId>) -> Result<(), WriteError> {
    tree.check_parent(id, parent).map_err(|error| {
        let code = match error {
            CategoryTreeError::ParentNotFound => "parent_not_found",
            CategoryTreeError::Cycle => "category_cycle",
            CategoryTreeError::TooDeep => "category_too_deep",
        };
        WriteError::invalid("$.parent_id", code, error.to_string())
    })
}
