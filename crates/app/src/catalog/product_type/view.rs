//! A product type as staff see it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::kernel::ids::ProductTypeId;
use tradepost_domain::kernel::limits::TITLE_LEN_MAX;
use tradepost_store::catalog::product_type::ProductTypeRow;
use utoipa::ToSchema;

use super::shape::AttributeShape;
use crate::change::resource;

/// A product type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductTypeView {
    /// Id.
    #[schema(value_type = String)]
    pub id: ProductTypeId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// The attributes of its products, in the order of display.
    #[schema(value_type = Vec<AttributeShape>)]
    pub attributes: Value,
    /// Grows by one with every change; the `ETag` is made of it.
    pub version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

resource!(ProductTypeView, ProductTypeId, "product_type", "/api/admin/product-types");

impl From<ProductTypeRow> for ProductTypeView {
    fn from(row: ProductTypeRow) -> Self {
        let ProductTypeRow { id, handle, name, attributes, version, created_at, updated_at } = row;
        Self { id, handle, name, attributes, version, created_at, updated_at }
    }
}

/// What is wrong with a product type.
pub(super) fn issues(product_type: &ProductTypeRow) -> Vec<Issue> {
    check_text("$.name", &product_type.name, TITLE_LEN_MAX, true).into_iter().collect()
}
