//! The API: one file an endpoint under the folder of its URL, thin handlers over the use cases of `app`.
//!
//! `extract` holds what handlers are given (authority, bodies, paths), `problem` the one form of every error,
//! `middleware` what wraps every request, `document` the OpenAPI description. No SQL and no rule of the shop is here.

pub mod admin;
pub mod auth;
pub mod browsers;
pub mod document;
pub mod extract;
pub mod media;
pub mod memory;
pub mod middleware;
pub mod ops;
pub mod problem;
pub mod respond;
pub mod state;
pub mod store;

pub use document::openapi;
pub use ops::Ops;
pub use problem::Problem;
pub use state::ApiState;

use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;

/// Every documented route.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(store::routes())
        .merge(auth::routes())
        .merge(admin::routes())
        .merge(media::routes())
        .merge(ops::routes())
}

/// The whole API of a shop, in a process that is only that.
pub fn router(state: ApiState) -> Router {
    router_with(state, Ops::default())
}

/// The whole API of a shop in this process.
pub fn router_with(state: ApiState, ops: Ops) -> Router {
    let (router, _) = routes().split_for_parts();
    let router = router.merge(ops::docs::pages()).merge(ops::search_analytics::pages()).layer(Extension(ops));
    let router = router.fallback(problem::not_found).method_not_allowed_fallback(problem::method_not_allowed);
    let router = middleware::wrap(router, &state).with_state(state.clone());
    Router::new().fallback_service(memory::Remembering::new(router, state))
}
