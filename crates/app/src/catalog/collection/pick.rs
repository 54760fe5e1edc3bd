//! Picks the products of a collection by hand: all anew, one more, one less.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::{CollectionId, EntityId, ProductId};
use tradepost_domain::kernel::limits::COLLECTION_PRODUCTS_MAX;
use tradepost_store::catalog::collection::{self, CollectionRow};
use utoipa::ToSchema;

use super::view::CollectionView;
use super::{is_manual, payload, picked_by_hand};
use crate::answer::{Answer, Outcome};
use crate::catalog::Reference;
use crate::change::{Resource, Versions, check_version, missing, refuse};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// All products of a collection, in their order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionProducts {
    /// Ids of the products, each once.
    #[schema(value_type = Vec<String>, max_items = 10_000)]
    pub product_ids: Vec<ProductId>,
}

/// A product to add behind the others.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionProductAdd {
    /// Id of the product.
    #[schema(value_type = String)]
    pub product_id: ProductId,
}

/// The collection, locked, if its products are picked by hand.
async fn begin_picking(
    work: &Work<'_>,
    wanted: &Reference<CollectionId>,
) -> Result<CollectionRow, WriteError> {
    let row = collection::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<CollectionView>)?;
    if is_manual(&row) {
        return Ok(row);
    }
    let detail = "a rule picks the products of this collection: change the rule";
    Err(WriteError::conflict("collection_by_rule", detail, Some("collection")))
}

/// Stores the collection's new version and tells of the products that came or went.
async fn finish_picking(
    mut work: Work<'_>,
    mut row: CollectionRow,
    added: &BTreeSet<ProductId>,
    removed: &BTreeSet<ProductId>,
) -> Result<Answer, WriteError> {
    row.version += 1;
    row.updated_at = work.now;
    collection::update(&work.tx, &row).await?;
    let id = row.id.as_uuid();
    let reached = added | removed;
    work.event(CollectionView::KIND.updated, id, row.version, payload(&reached));
    let (before, after) = (json!({"product_ids": removed}), json!({"product_ids": added}));
    work.audit("collection.pick", ("collection", id), Some(before), Some(after));
    let version = row.version;
    work.finish_with(Outcome::Done, &CollectionView::from(row), Some(version)).await
}

/// Puts these products, in this order, in the place of those that were there.
pub async fn replace_collection_products(
    context: &StaffContext,
    wanted: &Reference<CollectionId>,
    version: Option<Versions>,
    products: CollectionProducts,
) -> Result<Answer, WriteError> {
    let ids = products.product_ids;
    refuse(too_many(ids.len()))?;
    let work = context.begin("replace_collection_products").await?;
    let row = begin_picking(&work, wanted).await?;
    check_version(version, row.version)?;
    let known = collection::known_products(&work.tx, &ids).await?.into_iter().collect();
    refuse(list_issues(&ids, &known))?;
    let before = picked_by_hand(&work.tx, row.id).await?;
    collection::replace_products(&work.tx, row.id, &ids).await?;
    finish_picking(work, row, &known, &before).await
}

fn too_many(count: usize) -> Vec<Issue> {
    let message = || format!("a collection has at most {COLLECTION_PRODUCTS_MAX} products");
    let issue = (count > COLLECTION_PRODUCTS_MAX).then(|| Issue::new("$.product_ids", "too_many", message()));
    issue.into_iter().collect()
}

fn list_issues(wanted: &[ProductId], known: &BTreeSet<ProductId>) -> Vec<Issue> {
    let mut seen = BTreeSet::new();
    let mut issues = Vec::new();
    for (index, product) in wanted.iter().enumerate() {
        let path = || format!("$.product_ids[{index}]");
        if !known.contains(product) {
            issues.push(Issue::new(path(), "product_not_found", "there is no such product"));
        } else if !seen.insert(product) {
            issues.push(Issue::new(path(), "duplicate_product", "the product is there twice"));
        }
    }
    issues
}

/// Adds a product behind the others.
pub async fn add_collection_product(
    context: &StaffContext,
    wanted: &Reference<CollectionId>,
    add: CollectionProductAdd,
) -> Result<Answer, WriteError> {
    let work = context.begin("add_collection_product").await?;
    let row = begin_picking(&work, wanted).await?;
    let before = picked_by_hand(&work.tx, row.id).await?;
    if before.contains(&add.product_id) {
        let detail = "the collection has this product";
        return Err(WriteError::conflict("product_in_collection", detail, Some("$.product_id")));
    }
    refuse(too_many(before.len().saturating_add(1)))?;
    if !collection::add_product(&work.tx, row.id, add.product_id).await? {
        return Err(WriteError::invalid("$.product_id", "product_not_found", "there is no such product"));
    }
    finish_picking(work, row, &BTreeSet::from([add.product_id]), &BTreeSet::new()).await
}

/// Takes a product out.
pub async fn remove_collection_product(
    context: &StaffContext,
    wanted: &Reference<CollectionId>,
    product: &Reference<ProductId>,
) -> Result<Answer, WriteError> {
    let work = context.begin("remove_collection_product").await?;
    let row = begin_picking(&work, wanted).await?;
    let removed = collection::remove_product(&work.tx, row.id, product).await?;
    let product = removed.ok_or(WriteError::NotFound { kind: "collection_product" })?;
    finish_picking(work, row, &BTreeSet::new(), &BTreeSet::from([product])).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_unknown_or_repeated_product_is_named() {
        let id = |number| ProductId::from_uuid(Uuid::from_u128(number));
        let known = BTreeSet::from([id(1), id(2)]);
        let found = list_issues(&[id(1), id(3), id(2), id(1)], &known);
        let found: Vec<_> = found.iter().map(|issue| (issue.path.as_str(), issue.code)).collect();
        assert_eq!(
            found,
            [("$.product_ids[1]", "product_not_found"), ("$.product_ids[3]", "duplicate_product")]
        );
    }
}
