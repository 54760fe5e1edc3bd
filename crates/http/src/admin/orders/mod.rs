//! Orders, as staff look after them.

mod cancel;
mod explain;
mod fulfillments;
mod get;
mod list;
mod notes;
mod patch;
mod refunds;
mod resend_confirmation;
mod timeline;

use axum::http::StatusCode;
use tradepost_app::order::OrderKey;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::path::PathValue;
use crate::problem::Problem;
use crate::state::ApiState;

/// Routes of orders.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(get::handler, patch::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(explain::handler))
        .routes(routes!(timeline::handler))
        .routes(routes!(notes::handler))
        .routes(routes!(resend_confirmation::handler))
        .merge(fulfillments::routes())
        .merge(refunds::routes())
}

/// An order's id, or the number that people read out.
#[derive(Debug)]
pub struct IdOrNumber(OrderKey);

impl PathValue for IdOrNumber {
    fn read(text: &str) -> Result<Self, Problem> {
        if text.strip_prefix(OrderId::PREFIX).is_some_and(|rest| rest.starts_with('_')) {
            return OrderId::read(text).map(|id| Self(OrderKey::Id(id)));
        }
        let refuse = |error: tradepost_domain::order::number::OrderNumberError| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_id", error.to_string())
        };
        text.parse().map(|number| Self(OrderKey::Number(number))).map_err(refuse)
    }
}
