//! A product that goes for good.

use serde_json::json;
use tradepost_domain::catalog::ProductStatus;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::catalog::product;

use super::audit::snapshot;
use super::patch::{ProductTarget, load};
use super::retried;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::work::StaffContext;

const PRODUCT_IN_USE: &str = "units of the product belong to open orders or checkouts: archive it instead";

/// Deletes a product that is not on the shelf and of which nothing is promised to anybody.
pub async fn delete_product(context: &StaffContext, target: &ProductTarget) -> Result<Answer, WriteError> {
    retried!(attempt(context, target))
}

async fn attempt(context: &StaffContext, target: &ProductTarget) -> Result<Answer, WriteError> {
    let mut work = context.begin("delete_product").await?;
    let record = load(&work, target).await?;
    let product = &record.product;
    if product.status == ProductStatus::Published {
        let detail = "a published product is not deleted: unpublish or archive it first";
        return Err(WriteError::conflict("product_published", detail, None).with_fact("status", "published"));
    }
    let promised: i64 = record.stock.iter().map(|level| level.allocated.saturating_add(level.reserved)).sum();
    if promised > 0 {
        return Err(
            WriteError::conflict("product_in_use", PRODUCT_IN_USE, None).with_fact("promised", promised)
        );
    }
    let in_use = [("stock_level_promised", "product_in_use", PRODUCT_IN_USE, "$")];
    let deleted = product::delete(&work.tx, product.id).await;
    deleted.map_err(|error| WriteError::from_constraint(error, &in_use))?;
    let id = product.id.as_uuid();
    work.event("product.deleted", id, product.version + 1, json!({"handle": product.handle.as_str()}));
    work.audit("product.delete", ("product", id), Some(snapshot(&record)?), None);
    work.finish(Answer::deleted()).await
}
