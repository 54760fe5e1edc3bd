//! Deletes a product type that no product has.

use tradepost_domain::kernel::ids::ProductTypeId;
use tradepost_store::catalog::product_type;

use super::conflict;
use super::view::ProductTypeView;
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the product type, unless products have it.
pub async fn delete_product_type(
    context: &StaffContext,
    wanted: &Reference<ProductTypeId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_product_type").await?;
    let row = product_type::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<ProductTypeView>)?;
    check_version(version, row.version)?;
    product_type::delete(&work.tx, row.id).await.map_err(conflict)?;
    work.finish_deleted(&ProductTypeView::from(row), no_payload()).await
}
