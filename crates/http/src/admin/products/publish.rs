//! `POST /api/admin/products/{product}/publish`.

use axum::response::Response;
use jiff::Timestamp;
use tradepost_app::catalog::product::ProductAdminView;
use tradepost_app::catalog::product::transition::publish_product;
use tradepost_app::idempotency::body_hash;
use tradepost_domain::kernel::ids::ProductId;
use utoipa::ToSchema;

use super::{body_time, target};
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
        let refuse =
            || Problem::malformed("invalid_value", &format!("{at}.publish_at"), "expected a time after 1970");
        self.publish_at.map(|time| body_time(time).ok_or_else(refuse)).transpose()
    }
}

/// Puts a product on the shelf, now or at a time to come.
#[utoipa::path(
    post,
    path = "/api/admin/products/{product}/publish",
    operation_id = "publish_product",
    tag = "products",
    params(("product" = String, Path, description = "Id or handle")),
    request_body = Option<ProductPublish>,
    responses((status = 200, body = ProductAdminView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsWrite>,
    Path(product): Path<IdOrHandle<ProductId>>,
    version: Option<IfMatch>,
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
