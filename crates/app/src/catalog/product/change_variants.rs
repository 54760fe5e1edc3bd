//! One variant of a product: added, changed, removed. The product's version counts these changes.

use tradepost_domain::kernel::ids::VariantId;
use tradepost_store::catalog::product::ProductRecord;

use super::changes::{ProductChanges, VariantChanges, VariantsChange};
use super::patch::{ProductTarget, load};
use super::save::{Start, save};
use super::view::variant_view;
use super::{PRODUCTS_PATH, retried};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Adds a variant. The product's options grow with its values.
pub async fn add_variant(
    context: &StaffContext,
    target: &ProductTarget,
    variant: VariantChanges,
) -> Result<Answer, WriteError> {
    let changes = VariantsChange::Add(Box::new(variant));
    let changes = ProductChanges { variants: changes, ..ProductChanges::default() };
    retried!(attempt(context, target, &changes, None))
}

/// Changes a variant.
pub async fn patch_variant(
    context: &StaffContext,
    target: &ProductTarget,
    id: VariantId,
    variant: VariantChanges,
) -> Result<Answer, WriteError> {
    let changes = VariantsChange::Patch(id, Box::new(variant));
    let changes = ProductChanges { variants: changes, ..ProductChanges::default() };
    retried!(attempt(context, target, &changes, Some(id)))
}

/// Removes a variant; the last one stays.
pub async fn remove_variant(
    context: &StaffContext,
    target: &ProductTarget,
    id: VariantId,
) -> Result<Answer, WriteError> {
    let changes = ProductChanges { variants: VariantsChange::Remove(id), ..ProductChanges::default() };
    retried!(attempt(context, target, &changes, Some(id)))
}

async fn attempt(
    context: &StaffContext,
    target: &ProductTarget,
    changes: &ProductChanges,
    id: Option<VariantId>,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("change_variant").await?;
    let before = load(&work, target).await?;
    if id.is_some_and(|id| !before.product.variants.iter().any(|variant| variant.id == id)) {
        return Err(WriteError::NotFound { kind: "variant" });
    }
    if before.product.variants.len() == 1 && matches!(changes.variants, VariantsChange::Remove(_)) {
        let detail = "a product needs a variant: add another first, or delete the product";
        return Err(WriteError::conflict("last_variant", detail, None));
    }
    let saved = save(&mut work, &*context.shop.ids, Start::Stored(before), changes, "product.update").await?;
    let answer = answer(&saved.record, changes, id)?;
    work.finish(answer).await
}

fn answer(
    record: &ProductRecord,
    changes: &ProductChanges,
    id: Option<VariantId>,
) -> Result<Answer, WriteError> {
    let product = &record.product;
    // What was added stands last.
    let variant = match id {
        Some(id) => product.variants.iter().find(|variant| variant.id == id),
        None => product.variants.last(),
    };
    let Some(variant) = variant else { return Ok(Answer::deleted()) };
    let view = variant_view(record, variant);
    let is_new = matches!(changes.variants, VariantsChange::Add(_));
    let outcome = if is_new { Outcome::Created } else { Outcome::Done };
    let answer = Answer::new(outcome, &view, Some(product.version))?;
    Ok(if is_new {
        answer.at(format!("{PRODUCTS_PATH}/{}/variants/{}", product.id, view.id))
    } else {
        answer
    })
}
