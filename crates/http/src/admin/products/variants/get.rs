//! `GET /api/admin/products/{product}/variants/{variant}`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::product::get::get_variant;
use tradepost_app::catalog::product::view::VariantAdminView;
use tradepost_domain::kernel::ids::{ProductId, VariantId};

use crate::admin::products::{fields, key};
use crate::document::StaffReadProblems;
use crate::extract::path::Path2;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Staff};
use crate::problem::Problem;
use crate::respond;

/// One variant; its `ETag` is the product's.
#[utoipa::path(
    get,
    path = "/api/admin/products/{product}/variants/{variant}",
    operation_id = "get_variant",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("variant" = String, Path, description = "Id")
    ),
    responses((status = 200, body = VariantAdminView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path2(product, variant): Path2<IdOrHandle<ProductId>, VariantId>,
    _: NoParams,
) -> Result<Response, Problem> {
    let found = get_variant(&staff.context.shop, &key(product), variant).await?;
    let (view, version) = found.ok_or_else(|| Problem::missing("variant"))?;
    Ok(respond::private(StatusCode::OK, fields::bytes(&view)?, Some(respond::etag(version)), None))
}
