//! Changes a stock location.

use serde::Deserialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_store::stock_location;
use utoipa::ToSchema;

use super::view::{self, StockLocationView};
use super::{conflict, default_required, take_default};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{present, set};
use crate::work::StaffContext;

/// What to change of a stock location; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLocationPatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Name in imports.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
    /// `true` makes it the default in the place of the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    pub is_default: Option<bool>,
}

/// Changes the stock location if it still has the version that was read.
pub async fn patch_stock_location(
    context: &StaffContext,
    wanted: &Reference<StockLocationId>,
    version: Option<Versions>,
    patch: StockLocationPatch,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("patch_stock_location").await?;
    let all = match patch.is_default {
        Some(_) => stock_location::lock_all(&work.tx).await?,
        None => Vec::new(),
    };
    let before =
        stock_location::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<StockLocationView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    set(&mut after.name, patch.name);
    if let Some(handle) = patch.handle {
        check_handle::<StockLocationId>(&handle)?;
        handle.as_str().clone_into(&mut after.handle);
    }
    set(&mut after.is_default, patch.is_default);
    if before.is_default && !after.is_default {
        return Err(default_required());
    }
    refuse(view::issues(&after))?;
    if after == before {
        return work.finish_unchanged(&StockLocationView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    if after.is_default && !before.is_default {
        take_default(&mut work, &all, before.id).await?;
    }
    stock_location::update(&work.tx, &after).await.map_err(conflict)?;
    work.finish_updated(&StockLocationView::from(before), &StockLocationView::from(after), no_payload()).await
}
