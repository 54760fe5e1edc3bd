//! Changes a brand.

use serde::Deserialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::BrandId;
use tradepost_store::catalog::brand;
use utoipa::ToSchema;

use super::conflict;
use super::view::{self, BrandView};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{present, set};
use crate::work::StaffContext;

/// What to change of a brand; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandPatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Name in URLs.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
}

/// Changes the brand if it still has the version that was read.
pub async fn patch_brand(
    context: &StaffContext,
    wanted: &Reference<BrandId>,
    version: Option<Versions>,
    patch: BrandPatch,
) -> Result<Answer, WriteError> {
    let work = context.begin("patch_brand").await?;
    let before = brand::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<BrandView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    set(&mut after.name, patch.name);
    if let Some(handle) = patch.handle {
        check_handle::<BrandId>(&handle)?;
        handle.as_str().clone_into(&mut after.handle);
    }
    refuse(view::issues(&after))?;
    if after == before {
        return work.finish_unchanged(&BrandView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    brand::update(&work.tx, &after).await.map_err(conflict)?;
    work.finish_updated(&BrandView::from(before), &BrandView::from(after), no_payload()).await
}
