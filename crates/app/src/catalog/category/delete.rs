//! Deletes a category on which nothing hangs.

use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use tradepost_store::catalog::category_write::{self, CategoryUses};
use tradepost_store::catalog::handle_history;

use super::view::CategoryAdminView;
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the category, unless categories lie below it or products are in it.
pub async fn delete_category(
    context: &StaffContext,
    wanted: &Reference<CategoryId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_category").await?;
    let record =
        category_write::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<CategoryAdminView>)?;
    check_version(version, record.version)?;
    let CategoryUses { children, products } = category_write::uses(&work.tx, record.id).await?;
    if children {
        let detail = "categories lie below this one: move or delete them first";
        return Err(WriteError::conflict("category_has_children", detail, Some("category")));
    }
    if products {
        let detail = "products are in this category: give them another first";
        return Err(WriteError::conflict("category_has_products", detail, Some("category")));
    }
    handle_history::forget(&work.tx, "category", record.id.as_uuid()).await?;
    category_write::delete(&work.tx, record.id).await?;
    work.finish_deleted(&CategoryAdminView::of(record)?, no_payload()).await
}
