//! A brand as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::BrandId;
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;
use tradepost_store::catalog::brand::BrandRow;
use utoipa::ToSchema;

use crate::change::resource;

/// A brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BrandView {
    /// Id.
    #[schema(value_type = String)]
    pub id: BrandId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(BrandView, BrandId, "brand", "/api/admin/brands");

impl From<BrandRow> for BrandView {
    fn from(row: BrandRow) -> Self {
        let BrandRow { id, handle, name, version, created_at, updated_at } = row;
        Self { id, handle, name, version, created_at, updated_at }
    }
}

/// What is wrong with a brand.
pub(super) fn issues(brand: &BrandRow) -> Vec<Issue> {
    check_text("$.name", &brand.name, TITLE_LEN_MAX, true).into_iter().collect()
}
