//! Variants of a product.

mod add;
mod delete;
mod get;
mod list;
mod patch;

use tradepost_domain::kernel::MoneyError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::ApiState;

/// Routes of variants.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list::handler, add::handler)).routes(routes!(
        get::handler,
        patch::handler,
        delete::handler
    ))
}

#[expect(clippy::needless_pass_by_value, reason = "maps an error")]
fn misfit(error: MoneyError) -> Problem {
    Problem::malformed("invalid_value", "$.price", error.to_string())
}
