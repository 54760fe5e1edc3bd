//! The API: one file an endpoint under the folder of its URL, thin handlers over the use cases of `app`.
//!
//! `extract` holds what handlers are given (authority, bodies, paths), `problem` the one form of every error,
//! `middleware` what wraps every request, `document` the OpenAPI description. No SQL and no rule of the shop is here.

pub mod admin;
pub mod document;
pub mod extract;
mod media;
pub mod middleware;
pub mod problem;
pub mod respond;
pub mod state;
pub mod store;

pub use document::openapi;
pub use problem::Problem;
pub use state::ApiState;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

/// Every documented route.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().merge(store::routes()).merge(admin::routes()).merge(media::routes())
}

/// The whole API of a shop.
pub fn router(state: ApiState) -> Router {
    let (router, _) = routes().split_for_parts();
    let router = router.fallback(problem::not_found).method_not_allowed_fallback(problem::method_not_allowed);
    middleware::wrap(router, &state).with_state(state)
}
