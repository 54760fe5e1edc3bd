//! `POST /api/admin/products/{product}/publish`.

use axum::response::Response;
use jiff::Timestamp;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::transition::publish_product;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::ProductId;
use utoipa::ToSchema;

use super::body::{stored_time, too_early};
use super::target;
use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsWrite;
use crate::extract::{Body, IdOrHandle, IfMatch, NoParams, Path, Staff, WriteRequest};
use crate::problem::Problem;

/// When to publish.
#[derive(Debug, Default, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductPublish {
    /// A time to come, until when the product is a draft; now when it is not said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_at: Option<Timestamp>,
}

impl ProductPublish {
    /// The time; `at` is the body's own path.
    pub(super) fn time(self, at: &str) -> Result<Option<Timestamp>, Problem> {
        self.publish_at.map(|time| stored_time(time).ok_or_else(|| too_early(at))).transpose()
    }
}

/// Puts a product on the shelf, now or at a time to come.
#[utoipa::path(
    post,
    path = "/api/admin/products/{product}/publish",
    operation_id = "publish_product",
    tag = "products",
    params(
        ("product" = String, Path, description = "Id or handle"),
        ("If-Match" = String, Header, description = "ETag of the version that was read, or *")
    ),
    request_body = Option<ProductPublish>,
    responses((status = 200, body = ProductAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: IfMatch,
    (_, request): (NoParams, WriteRequest),
    body: Option<Body<ProductPublish>>,
) -> Result<Response, Problem> {
    let target = target(product, version);
    let (value, hash) =
        body.map_or_else(|| (ProductPublish::default(), body_hash(b"")), |body| (body.value, body.hash));
    let time = value.time("$")?;
    let run = |context| async move { Ok(publish_product(&context, &target, time).await?) };
    staff.write(request, hash, run).await
}
