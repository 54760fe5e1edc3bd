//! Makes a stock location.

use serde::Deserialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_store::stock_location::{self, StockLocationRow};
use utoipa::ToSchema;

use super::{conflict, take_default, view};
use crate::answer::Answer;
use crate::change::{choose_handle, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A stock location to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockLocationCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in imports; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Whether it becomes the default in the place of the present one. The first location always does.
    #[serde(default)]
    pub is_default: bool,
}

/// Makes a stock location.
pub async fn create_stock_location(
    context: &StaffContext,
    create: StockLocationCreate,
) -> Result<Answer, WriteError> {
    let mut work = context.begin("create_stock_location").await?;
    let others = stock_location::lock_all(&work.tx).await?;
    let is_default = create.is_default || !others.iter().any(|other| other.is_default);
    let row = StockLocationRow {
        id: work.next_id(),
        handle: choose_handle::<StockLocationId>(create.handle, &create.name)?.to_string(),
        name: create.name,
        is_default,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    refuse(view::issues(&row))?;
    if is_default {
        take_default(&mut work, &others, row.id).await?;
    }
    stock_location::insert(&work.tx, &row).await.map_err(conflict)?;
    work.finish_created(&view::StockLocationView::from(row), no_payload()).await
}
