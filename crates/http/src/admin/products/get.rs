//! `GET /api/admin/products/{product}`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::get::get_product;
use tradepost_domain::kernel::ids::ProductId;

use super::{fields, key};
use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, ListParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// One product, whatever its status.
#[utoipa::path(
    get,
    path = "/api/admin/products/{product}",
    operation_id = "get_admin_product",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("fields" = Option<String>, Query, description = "Fields to show, separated by commas")
    ),
    responses((status = 200, body = ProductAdminView), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(product): Path<IdOrHandle<ProductId>>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shown = fields::take(&mut params)?;
    params.finish()?;
    let view = get_product(&staff.context.shop, &key(product)).await?;
    let view = view.ok_or_else(|| Problem::missing("product"))?;
    let body = fields::bytes(&fields::pick(&view, &shown)?)?;
    Ok(respond::private(StatusCode::OK, body, Some(respond::etag(view.version)), None))
}
