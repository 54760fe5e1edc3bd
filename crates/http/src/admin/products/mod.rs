//! Products.
//!
//! Every change of a product, of its variants and of its pictures needs `If-Match` and counts in the product's version. A
//! batch carries versions in its items.

mod archive;
mod batch;
pub(super) mod body;
mod create;
mod delete;
mod fields;
mod get;
mod list;
mod media;
mod patch;
mod publish;
mod unpublish;
mod variants;

use tradepost_app::catalog::product::ProductKey;
use tradepost_app::catalog::product::patch::ProductTarget;
use tradepost_domain::kernel::ids::ProductId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{IdOrHandle, IfMatch};
use crate::state::ApiState;

/// Routes of products.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(batch::handler))
        .routes(routes!(get::handler, patch::handler, delete::handler))
        .routes(routes!(publish::handler))
        .routes(routes!(unpublish::handler))
        .routes(routes!(archive::handler))
        .merge(variants::routes())
        .merge(media::routes())
}

/// The body of a change that has nothing to say but which product it is for.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn key(product: IdOrHandle<ProductId>) -> ProductKey {
    match product {
        IdOrHandle::Id(id) => ProductKey::Id(id),
        IdOrHandle::Handle(handle) => ProductKey::Handle(handle),
    }
}

fn target(product: IdOrHandle<ProductId>, version: IfMatch) -> ProductTarget {
    ProductTarget { key: key(product), version: version.version() }
}
