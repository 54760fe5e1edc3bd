//! `GET /api/admin/products/{product}/variants`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::product::get::get_product;
use tradepost_app::catalog::product::view::VariantAdminView;
use tradepost_app::page::{Page, PageInfo};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_domain::kernel::limits::VARIANTS_MAX;

use crate::admin::products::{fields, key};
use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{IdOrHandle, NoParams, Path, Staff};
use crate::problem::Problem;
use crate::respond;

/// All variants of a product on one page: there are never more than 250.
#[utoipa::path(
    get,
    path = "/api/admin/products/{product}/variants",
    operation_id = "list_variants",
    tag = "products",
    params(("product" = String, Path, description = "Id or handle")),
    responses((status = 200, body = Page<VariantAdminView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    Path(product): Path<IdOrHandle<ProductId>>,
    _: NoParams,
) -> Result<Response, Problem> {
    let view = get_product(&staff.context.shop, &key(product)).await?;
    let view = view.ok_or_else(|| Problem::missing("product"))?;
    let limit = u32::try_from(VARIANTS_MAX).unwrap_or(u32::MAX);
    let page = PageInfo { next: None, has_more: false, limit, total: None };
    let body = fields::bytes(&Page { data: view.variants, page })?;
    Ok(respond::private(StatusCode::OK, body, Some(respond::etag(view.version)), None))
}
