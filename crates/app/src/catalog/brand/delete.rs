//! Deletes a brand that no product has.

use tradepost_domain::kernel::ids::BrandId;
use tradepost_store::catalog::brand;

use super::conflict;
use super::view::BrandView;
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the brand, unless products have it.
pub async fn delete_brand(
    context: &StaffContext,
    wanted: &Reference<BrandId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_brand").await?;
    let row = brand::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<BrandView>)?;
    check_version(version, row.version)?;
    brand::delete(&work.tx, row.id).await.map_err(conflict)?;
    work.finish_deleted(&BrandView::from(row), no_payload()).await
}
