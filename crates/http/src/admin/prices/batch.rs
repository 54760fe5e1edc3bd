//! `POST /api/admin/prices/batch`.

use axum::response::Response;
use serde_json::Value;
use tradepost_app::batch::{BatchView, run_batch};
use tradepost_app::catalog::product::changes::VariantChanges;
use tradepost_app::catalog::product::prices::{SetPrices, VariantPricesView};
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::VariantId;
use utoipa::ToSchema;

use crate::admin::batch;
use crate::admin::products::body::PriceWrite;
use crate::document::StaffWriteProblems;
use crate::extract::patch::present;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Prices of up to 50 variants.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBatch {
    /// At most 50.
    #[schema(value_type = Vec<PriceBatchItem>, min_items = 1, max_items = 50)]
    prices: Vec<Value>,
}

/// New prices of a variant, which is named by its id or its SKU: either one `price`, or all its `prices`.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBatchItem {
    /// Id of the variant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    variant_id: Option<VariantId>,
    /// Stock-keeping unit of the variant.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, max_length = 100)]
    sku: Option<String>,
    /// Version of its product that the change is meant for; any when it is not said.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i64, required = false)]
    version: Option<i64>,
    /// Its price in one currency; those in others stay.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = PriceWrite, required = false)]
    price: Option<PriceWrite>,
    /// All its prices, at most one a currency.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Vec<PriceWrite>, required = false)]
    prices: Option<Vec<PriceWrite>>,
}

impl PriceBatchItem {
    fn into_operation(self, at: &str) -> Result<SetPrices, Problem> {
        let Self { variant_id, sku, version, price, prices } = self;
        one_of(at, ("variant_id", variant_id.is_some()), ("sku", sku.is_some()))?;
        one_of(at, ("price", price.is_some()), ("prices", prices.is_some()))?;
        let misfit = |error: tradepost_domain::kernel::MoneyError| {
            Problem::malformed("invalid_value", &format!("{at}.price"), error.to_string())
        };
        let price = price.map(PriceWrite::price).transpose().map_err(misfit)?;
        let all = prices.map(|prices| prices.into_iter().map(PriceWrite::price).collect());
        let changes =
            VariantChanges { price, prices: all.transpose().map_err(misfit)?, ..VariantChanges::default() };
        Ok(SetPrices { variant_id, sku, version, changes })
    }
}

/// Refuses an item that has neither of two fields, or both.
fn one_of(at: &str, one: (&str, bool), other: (&str, bool)) -> Result<(), Problem> {
    let (code, field, detail) = match (one.1, other.1) {
        (false, false) => ("missing_field", one.0, format!("give `{}` or `{}`", one.0, other.0)),
        (true, true) => ("conflicting_fields", other.0, format!("give either `{}` or `{}`", one.0, other.0)),
        _ => return Ok(()),
    };
    Err(Problem::invalid(vec![Issue::new(format!("{at}.{field}"), code, detail)]))
}

/// Sets the prices of up to 50 variants, one after the other, each by itself: one that fails, or that cannot be read,
/// leaves the others as they are. Each item raises the version of its product, and carries the one it
/// is meant for, so that there is no `If-Match`. With an `Idempotency-Key`, a batch that broke off goes on where it
/// stopped when it is sent again; without one, a failure on our side is the answer of its item, and the last.
#[utoipa::path(
    post,
    path = "/api/admin/prices/batch",
    operation_id = "batch_prices",
    tag = "prices",
    request_body = PriceBatch,
    responses((status = 200, body = BatchView<VariantPricesView>), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<PriceBatch>,
) -> Result<Response, Problem> {
    let operations = batch::read_items(body.value.prices, "$.prices", PriceBatchItem::into_operation)?;
    let refuse = batch::refusing(&request);
    let run = |context| async move { run_batch(&context, operations, refuse).await };
    staff.write(request, body.hash, run).await
}
