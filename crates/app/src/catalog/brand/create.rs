//! Makes a brand.

use serde::Deserialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::BrandId;
use tradepost_store::catalog::brand::{self, BrandRow};
use utoipa::ToSchema;

use super::{conflict, view};
use crate::answer::Answer;
use crate::change::{choose_handle, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A brand to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in URLs; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
}

/// Makes a brand.
pub async fn create_brand(context: &StaffContext, create: BrandCreate) -> Result<Answer, WriteError> {
    let work = context.begin("create_brand").await?;
    let row = BrandRow {
        id: work.next_id(),
        handle: choose_handle::<BrandId>(create.handle, &create.name)?.to_string(),
        name: create.name,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    refuse(view::issues(&row))?;
    brand::insert(&work.tx, &row).await.map_err(conflict)?;
    work.finish_created(&view::BrandView::from(row), no_payload()).await
}
