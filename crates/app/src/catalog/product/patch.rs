//! A changed product.

use tradepost_store::catalog::product::{self, ProductRecord};

use super::changes::ProductChanges;
use super::save::{Saved, Start, save};
use super::view::ProductAdminView;
use super::{ProductKey, retried};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// A product to change, and the version that the change is meant for.
#[derive(Debug, Clone)]
pub struct ProductTarget {
    /// Which product.
    pub key: ProductKey,
    /// The version that was read; `None` for any.
    pub version: Option<Versions>,
}

/// Changes a product.
pub async fn patch_product(
    context: &StaffContext,
    target: &ProductTarget,
    changes: &ProductChanges,
) -> Result<Answer, WriteError> {
    retried!(change(context, target, changes, "product.update"))
}

/// One attempt at a change of a stored product that answers with the product.
pub(super) async fn change(
    context: &StaffContext,
    target: &ProductTarget,
    changes: &ProductChanges,
    action: &str,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("change_product").await?;
    let before = load(&work, target).await?;
    let Saved { record } =
        save(&mut work, &*context.shop.ids, Start::Stored(before), changes, action).await?;
    let view = ProductAdminView::from(&record);
    work.finish_with(Outcome::Done, &view, Some(view.version)).await
}

/// The product, kept from other writers until the transaction ends, if it has the version that is asked for.
pub(super) async fn load(work: &Work<'_>, target: &ProductTarget) -> Result<Box<ProductRecord>, WriteError> {
    let missing = WriteError::NotFound { kind: "product" };
    let Some(locked) = product::lock_product(&work.tx, &target.key).await? else { return Err(missing) };
    check_version(target.version, locked.version)?;
    product::get(&work.tx, locked.id).await?.map(Box::new).ok_or(missing)
}
