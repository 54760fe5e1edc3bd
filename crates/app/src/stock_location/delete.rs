//! Deletes a stock location where no stock is counted.

use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_store::stock_location;

use super::view::StockLocationView;
use super::{conflict, default_required};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, missing, no_payload};
use crate::error::WriteError;
use crate::work::StaffContext;

/// Deletes the stock location, unless stock is counted there or it is the default.
pub async fn delete_stock_location(
    context: &StaffContext,
    wanted: &Reference<StockLocationId>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin("delete_stock_location").await?;
    let row =
        stock_location::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<StockLocationView>)?;
    check_version(version, row.version)?;
    if row.is_default {
        return Err(default_required());
    }
    stock_location::delete(&work.tx, row.id).await.map_err(conflict)?;
    work.finish_deleted(&StockLocationView::from(row), no_payload()).await
}
