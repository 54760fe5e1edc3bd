//! `POST /api/admin/products/batch`.

use axum::response::Response;
use serde_json::Value;
use tradepost_app::batch::{BatchView, run_batch};
use tradepost_app::catalog::product::batch::ProductOperation;
use tradepost_app::catalog::product::patch::ProductTarget;
use tradepost_app::catalog::product::{ProductAdminView, ProductKey};
use tradepost_app::change::Versions;
use tradepost_domain::kernel::ids::ProductId;
use utoipa::ToSchema;

use super::body::{ProductCreate, ProductPatch};
use super::publish::ProductPublish;
use crate::admin::batch;
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
    operations: Vec<Value>,
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
    /// Version that the change is meant for; needed for `patch` and `delete`, any will do for the others without it.
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
        /// Version that the change is meant for; any when it is not said.
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
        /// Version that the change is meant for; any when it is not said.
        #[schema(required = false)]
        version: i64,
    },
    /// Takes a product off the shelf for good.
    Archive {
        /// Which product.
        #[schema(pattern = "^prod_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
        id: String,
        /// Version that the change is meant for; any when it is not said.
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
    fn into_operation(self, at: &str) -> Result<ProductOperation, Problem> {
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
            return Ok(ProductOperation::Create(Box::new(body.into_changes(&inner)?)));
        }
        let key = ProductKey::Id(id.ok_or_else(|| missing("id"))?);
        let target = ProductTarget { key, version: version.map(Versions::from) };
        let needs_version = matches!(op, ProductBatchOp::Patch | ProductBatchOp::Delete);
        if needs_version && target.version.is_none() {
            return Err(missing("version"));
        }
        match (op, data) {
            (ProductBatchOp::Patch, data) => {
                let body: ProductPatch = read_part(data.ok_or_else(|| missing("data"))?, &inner)?;
                Ok(ProductOperation::Patch(target, Box::new(body.into_changes(&inner)?)))
            }
            (ProductBatchOp::Publish, None) => Ok(ProductOperation::Publish(target, None)),
            (ProductBatchOp::Publish, Some(data)) => {
                let body: ProductPublish = read_part(data, &inner)?;
                Ok(ProductOperation::Publish(target, body.time(&inner)?))
            }
            (_, Some(_)) => Err(unwanted("data")),
            (ProductBatchOp::Unpublish, None) => Ok(ProductOperation::Unpublish(target)),
            (ProductBatchOp::Archive, None) => Ok(ProductOperation::Archive(target)),
            (ProductBatchOp::Delete | ProductBatchOp::Create, None) => Ok(ProductOperation::Delete(target)),
        }
    }
}

/// Runs up to 50 changes, one after the other, each by itself: one that fails, or that cannot be read, leaves the others
/// as they are. Items carry the versions they are meant for, so that there is no `If-Match`. With an `Idempotency-Key`, a batch that broke off goes on where it stopped when it is sent
/// again; without one, a failure on our side is the answer of its item, and the last.
#[utoipa::path(
    post,
    path = "/api/admin/products/batch",
    operation_id = "batch_products",
    tag = "products",
    request_body = ProductBatch,
    responses((status = 200, body = BatchView<ProductAdminView>), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    _: NoParams,
    request: WriteRequest,
    body: Body<ProductBatch>,
) -> Result<Response, Problem> {
    let operations =
        batch::read_items(body.value.operations, "$.operations", ProductBatchItem::into_operation)?;
    let refuse = batch::refusing(&request);
    let run = |context| async move { run_batch(&context, operations, refuse).await };
    staff.write(request, body.hash, run).await
}
