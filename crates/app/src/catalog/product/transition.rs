//! A product on its way to the shelf and off it.

use jiff::Timestamp;
use tradepost_domain::catalog::ProductStatus;

use super::changes::ProductChanges;
use super::patch::{ProductTarget, change};
use super::retried;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Puts a product on the shelf: now, or at a time to come, until when it is a draft.
pub async fn publish_product(
    context: &StaffContext,
    target: &ProductTarget,
    publish_at: Option<Timestamp>,
) -> Result<Answer, WriteError> {
    let planned = publish_at.filter(|at| *at > context.now());
    let changes = match planned {
        None => to(ProductStatus::Published),
        Some(at) => ProductChanges { publish_at: Some(Some(at)), ..to(ProductStatus::Draft) },
    };
    retried!(change(context, target, &changes, "product.publish"))
}

/// Takes a product off the shelf, to be written on; a planned publication is called off.
pub async fn unpublish_product(context: &StaffContext, target: &ProductTarget) -> Result<Answer, WriteError> {
    let changes = ProductChanges { publish_at: Some(None), ..to(ProductStatus::Draft) };
    retried!(change(context, target, &changes, "product.unpublish"))
}

/// Takes a product off the shelf for good.
pub async fn archive_product(context: &StaffContext, target: &ProductTarget) -> Result<Answer, WriteError> {
    let changes = to(ProductStatus::Archived);
    retried!(change(context, target, &changes, "product.archive"))
}

fn to(status: ProductStatus) -> ProductChanges {
    ProductChanges { status: Some(status), ..ProductChanges::default() }
}
