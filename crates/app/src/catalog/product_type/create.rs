//! Makes a product type.

use serde::Deserialize;
use tradepost_domain::catalog::AttributeSchema;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::ProductTypeId;
use tradepost_store::catalog::product_type::{self, ProductTypeRow};
use utoipa::ToSchema;

use super::shape::{self, AttributeShape};
use super::{conflict, view};
use crate::answer::Answer;
use crate::change::{choose_handle, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A product type to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductTypeCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in URLs; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The attributes of its products, in the order of display.
    #[serde(default)]
    #[schema(value_type = Vec<AttributeShape>, required = false)]
    pub attributes: AttributeSchema,
}

/// Makes a product type.
pub async fn create_product_type(
    context: &StaffContext,
    create: ProductTypeCreate,
) -> Result<Answer, WriteError> {
    let work = context.begin("create_product_type").await?;
    let row = ProductTypeRow {
        id: work.next_id(),
        handle: choose_handle::<ProductTypeId>(create.handle, &create.name)?.to_string(),
        name: create.name,
        attributes: shape::checked(&create.attributes)?,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    refuse(view::issues(&row))?;
    product_type::insert(&work.tx, &row).await.map_err(conflict)?;
    work.finish_created(&view::ProductTypeView::from(row), no_payload()).await
}
