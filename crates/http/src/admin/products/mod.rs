//! Products.
//!
//! PATCH and DELETE need `If-Match`; a POST takes it where it is sent. Every change of a product, of its variants and
//! of its pictures counts in the product's version.

mod archive;
mod batch;
mod body;
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

fn key(product: IdOrHandle<ProductId>) -> ProductKey {
    match product {
        IdOrHandle::Id(id) => ProductKey::Id(id),
        IdOrHandle::Handle(handle) => ProductKey::Handle(handle),
    }
}

fn target(product: IdOrHandle<ProductId>, version: Option<IfMatch>) -> ProductTarget {
    ProductTarget { key: key(product), version: version.and_then(IfMatch::version) }
}
