//! A stock location as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::StockLocationId;
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;
use tradepost_store::stock_location::StockLocationRow;
use utoipa::ToSchema;

use crate::change::resource;

/// A stock location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StockLocationView {
    /// Id.
    #[schema(value_type = String)]
    pub id: StockLocationId,
    /// Name in imports.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Whether stock lies here when nobody says where.
    pub is_default: bool,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(StockLocationView, StockLocationId, "stock_location", "/api/admin/stock-locations");

impl From<StockLocationRow> for StockLocationView {
    fn from(row: StockLocationRow) -> Self {
        let StockLocationRow { id, handle, name, is_default, version, created_at, updated_at } = row;
        Self { id, handle, name, is_default, version, created_at, updated_at }
    }
}

/// What is wrong with a stock location.
pub(super) fn issues(location: &StockLocationRow) -> Vec<Issue> {
    check_text("$.name", &location.name, TITLE_LEN_MAX, true).into_iter().collect()
}
