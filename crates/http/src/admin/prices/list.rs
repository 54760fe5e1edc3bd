//! `GET /api/admin/prices`.

use axum::response::Response;
use tradepost_app::catalog::product::prices::{ListedPriceView, PriceFilter, list_prices};
use tradepost_app::page::Page;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::VariantId;

use crate::document::StaffReadProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{ListParams, PageQuery, Staff, take_page};
use crate::problem::Problem;
use crate::respond;

/// Prices in pages, by variant and currency.
#[utoipa::path(
    get,
    path = "/api/admin/prices",
    operation_id = "list_prices",
    tag = "prices",
    params(
        PageQuery,
        ("filter[variant_id]" = Option<String>, Query, description = "Of this variant"),
        ("filter[sku]" = Option<String>, Query, description = "Of the variant with this SKU"),
        ("filter[currency]" = Option<String>, Query, description = "In this currency")
    ),
    responses((status = 200, body = Page<ListedPriceView>), StaffReadProblems),
    security(("secret_key" = []))
)]
pub async fn handler(staff: Staff<ProductsRead>, mut params: ListParams) -> Result<Response, Problem> {
    let request = take_page(&mut params)?;
    let filter = PriceFilter {
        variant_id: params.take_parsed::<VariantId>("filter[variant_id]", "the id of a variant")?,
        sku: params.take("filter[sku]"),
        currency: params.take_parsed::<Currency>("filter[currency]", "a code of ISO 4217, such as EUR")?,
    };
    params.finish()?;
    respond::read(&list_prices(&staff.context.shop, &filter, &request).await?, None)
}
