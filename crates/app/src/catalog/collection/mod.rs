//! Collections, as staff keep them: picked by hand, or by a rule.

mod create;
mod delete;
mod patch;
mod pick;
mod read;
mod view;

pub use create::{CollectionCreate, create_collection};
pub use delete::delete_collection;
pub use patch::{CollectionPatch, patch_collection};
pub use pick::{
    CollectionProductAdd, CollectionProducts, add_collection_product, remove_collection_product,
    replace_collection_products,
};
pub use read::{CollectionProductsPage, find_collection, list_collection_products, list_collections};
pub use view::{CollectionKindShape, CollectionProductView, CollectionView, RuleShape};

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tradepost_domain::catalog::CollectionKind;
use tradepost_domain::kernel::ids::{CollectionId, ProductId};
use tradepost_store::StoreError;
use tradepost_store::Tx;
use tradepost_store::catalog::collection::{self, CollectionRow};

use crate::error::WriteError;

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    let taken = ("collection_handle_key", "handle_taken", "another collection has this handle", "$.handle");
    WriteError::from_constraint(error, &[taken])
}

fn is_manual(row: &CollectionRow) -> bool {
    row.kind == CollectionKind::Manual.as_str()
}

/// The payload of a collection's event: the products that a collection lists or listed, which cannot be found by it
/// once it has let go of them. A rule's products are found by the rule.
fn payload(products: &BTreeSet<ProductId>) -> Value {
    json!({ "product_ids": products })
}

/// The products of a collection that is picked by hand; none of one by rule.
async fn picked(tx: &Tx, row: &CollectionRow) -> Result<BTreeSet<ProductId>, StoreError> {
    if is_manual(row) { picked_by_hand(tx, row.id).await } else { Ok(BTreeSet::new()) }
}

async fn picked_by_hand(tx: &Tx, id: CollectionId) -> Result<BTreeSet<ProductId>, StoreError> {
    Ok(collection::product_ids(tx, id).await?.into_iter().collect())
}
