//! Changes a product type.

use serde::Deserialize;
use tradepost_domain::catalog::AttributeSchema;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ProductTypeId;
use tradepost_store::catalog::product_type;
use utoipa::ToSchema;

use super::conflict;
use super::shape::{self, AttributeShape};
use super::view::{self, ProductTypeView};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{present, set};
use crate::work::StaffContext;

/// What to change of a product type; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductTypePatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Name in URLs.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
    /// The attributes of its products, all of them anew. Products that are there are not checked again: the next write
    /// of each is.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<AttributeShape>, required = false)]
    pub attributes: Option<AttributeSchema>,
}

/// Changes the product type if it still has the version that was read.
pub async fn patch_product_type(
    context: &StaffContext,
    wanted: &Reference<ProductTypeId>,
    version: Option<Versions>,
    patch: ProductTypePatch,
) -> Result<Answer, WriteError> {
    let work = context.begin("patch_product_type").await?;
    let before =
        product_type::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<ProductTypeView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    set(&mut after.name, patch.name);
    if let Some(handle) = patch.handle {
        check_handle::<ProductTypeId>(&handle)?;
        handle.as_str().clone_into(&mut after.handle);
    }
    if let Some(attributes) = &patch.attributes {
        after.attributes = shape::checked(attributes)?;
    }
    refuse(view::issues(&after))?;
    if after == before {
        return work.finish_unchanged(&ProductTypeView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    product_type::update(&work.tx, &after).await.map_err(conflict)?;
    work.finish_updated(&ProductTypeView::from(before), &ProductTypeView::from(after), no_payload()).await
}
