//! `POST /api/admin/products/batch`.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;
use tradepost_app::WriteError;
use tradepost_app::catalog::product::ProductKey;
use tradepost_app::catalog::product::batch::{BatchOperation, ProductBatchView, Refusal, run_product_batch};
use tradepost_app::catalog::product::patch::ProductTarget;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_domain::kernel::limits::BATCH_MAX;
use utoipa::ToSchema;

use super::body::{ProductCreate, ProductPatch};
use super::publish::ProductPublish;
use crate::document::StaffWriteProblems;
use crate::extract::body::read_part;
use crate::extract::patch::present;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, NoParams, Staff, WriteRequest};
use crate::problem::Problem;

/// Changes of products, done one after the other, each by itself.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductBatch {
    /// At most 50.
    #[schema(value_type = Vec<ProductBatchItemShape>, min_items = 1, max_items = 50)]
    operations: Vec<ProductBatchItem>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductBatchOp {
    /// Make a product of `data`.
    Create,
    /// Change a product by `data`.
    Patch,
    /// Put it on the shelf; `data` may hold `publish_at`.
    Publish,
    /// Take it off the shelf, to be written on.
    Unpublish,
    /// Take it off the shelf for good.
    Archive,
    /// Delete it.
    Delete,
}

/// One change.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductBatchItem {
    /// What to do.
    op: ProductBatchOp,
    /// Which product; not for `create`.
    #[serde(default, deserialize_with = "present")]
    id: Option<ProductId>,
    /// Version that the change is meant for; needed for `patch` and `delete`.
    #[serde(default, deserialize_with = "present")]
    version: Option<i64>,
    /// The body that the operation alone would have.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
}

/// One change: what it takes depends on `op`.
#[derive(Debug, ToSchema)]
#[schema(as = ProductBatchItem)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(dead_code, reason = "describes what is read by operation")]
enum ProductBatchItemShape {
    /// Makes a product.
    Create {
        /// The product.
        data: Box<ProductCreate>,
    },
    /// Changes a product.
    Patch {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for.
        version: i64,
        /// What changes.
        data: Box<ProductPatch>,
    },
    /// Puts a product on the shelf.
    Publish {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for.
        #[schema(required = false)]
        version: i64,
        /// When; now when it is not said.
        #[schema(required = false)]
        data: ProductPublish,
    },
    /// Takes a product off the shelf, to be written on.
    Unpublish {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for.
        #[schema(required = false)]
        version: i64,
    },
    /// Takes a product off the shelf for good.
    Archive {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for.
        #[schema(required = false)]
        version: i64,
    },
    /// Deletes a product.
    Delete {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for.
        version: i64,
    },
}

impl ProductBatchItem {
    fn into_operation(self, at: &str) -> Result<BatchOperation, Problem> {
        let missing = |field: &str| {
            let detail = format!("this operation needs `{field}`");
            Problem::malformed("missing_field", &format!("{at}.{field}"), detail)
        };
        let unwanted = |field: &str| {
            let detail = format!("this operation takes no `{field}`");
            Problem::malformed("unknown_field", &format!("{at}.{field}"), detail)
        };
        let Self { op, id, version, data } = self;
        let inner = format!("{at}.data");
        if op == ProductBatchOp::Create {
            if id.is_some() || version.is_some() {
                return Err(unwanted(if id.is_some() { "id" } else { "version" }));
            }
            let body: ProductCreate = read_part(data.ok_or_else(|| missing("data"))?, &inner)?;
            return Ok(BatchOperation::Create(Box::new(body.into_changes(&inner)?)));
        }
        let target = ProductTarget { key: ProductKey::Id(id.ok_or_else(|| missing("id"))?), version };
        let needs_version = matches!(op, ProductBatchOp::Patch | ProductBatchOp::Delete);
        if needs_version && target.version.is_none() {
            return Err(missing("version"));
        }
        match (op, data) {
            (ProductBatchOp::Patch, data) => {
                let body: ProductPatch = read_part(data.ok_or_else(|| missing("data"))?, &inner)?;
                Ok(BatchOperation::Patch(target, Box::new(body.into_changes(&inner)?)))
            }
            (ProductBatchOp::Publish, None) => Ok(BatchOperation::Publish(target, None)),
            (ProductBatchOp::Publish, Some(data)) => {
                let body: ProductPublish = read_part(data, &inner)?;
                Ok(BatchOperation::Publish(target, body.time(&inner)?))
            }
            (_, Some(_)) => Err(unwanted("data")),
            (ProductBatchOp::Unpublish, None) => Ok(BatchOperation::Unpublish(target)),
            (ProductBatchOp::Archive, None) => Ok(BatchOperation::Archive(target)),
            (ProductBatchOp::Delete | ProductBatchOp::Create, None) => Ok(BatchOperation::Delete(target)),
        }
    }
}

/// Runs up to 50 changes, one after the other, each by itself: one that fails leaves the others as they are. What
/// cannot be read refuses the whole batch before anything is done. With an `Idempotency-Key`, a batch that broke off
/// goes on where it stopped when it is sent again.
#[utoipa::path(
    post,
    path = "/api/admin/products/batch",
    operation_id = "batch_products",
    tag = "products",
    request_body = ProductBatch,
    responses((status = 200, body = ProductBatchView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<ProductBatch>,
) -> Result<Response, Problem> {
    let items = body.value.operations;
    if items.is_empty() || items.len() > BATCH_MAX {
        let detail = format!("a batch has 1 to {BATCH_MAX} operations");
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_size", detail).param("$.operations")
        );
    }
    let items = items.into_iter().enumerate();
    let operations = items.map(|(index, item)| item.into_operation(&format!("$.operations[{index}]")));
    let operations = operations.collect::<Result<Vec<_>, _>>()?;
    let run = |context| async move { run_product_batch(&context, operations, refuse).await };
    staff.write(request, body.hash, run).await
}

/// A refusal becomes the item's answer; a failure of ours, or a key that is in use, ends the batch.
fn refuse(error: WriteError) -> Result<Refusal, Problem> {
    let problem = Problem::from(error);
    if problem.status >= 500 || problem.code == "idempotency_in_progress" {
        return Err(problem);
    }
    let json = serde_json::to_vec(&problem).map_err(|error| Problem::internal(&error))?;
    Ok(Refusal { status: problem.status, problem: json })
}
