//! `POST /api/admin/search/preview`.

use axum::http::StatusCode;
use axum::response::Response;
use tradepost_app::catalog::list_products::ListProducts;
use tradepost_app::search::FacetChoice;
use tradepost_app::search::steer::preview::{PreviewError, SearchPreview, SearchPreviewView, preview};

use crate::document::StaffWriteProblems;
use crate::extract::staff::ProductsRead;
use crate::extract::{Body, ListParams, NoParams, Staff};
use crate::problem::Problem;
use crate::respond;
use crate::store::products::query;

/// Shows what shoppers would be shown, and why: at a moment, with a rule that is tried, without some. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/admin/search/preview",
    operation_id = "preview_search",
    tag = "search-steering",
    request_body = SearchPreview,
    responses((status = 200, body = SearchPreviewView), StaffWriteProblems),
    security(("secret_key" = []))
)]
pub async fn handler(
    staff: Staff<ProductsRead>,
    _: NoParams,
    body: Body<SearchPreview>,
) -> Result<Response, Problem> {
    let mut asked = body.value;
    let command = query::search(ListParams::of(std::mem::take(&mut asked.parameters))).map_err(of_body)?;
    let ListProducts { cursor, facets, fields, expand, .. } = &command;
    if cursor.is_some() || *facets != FacetChoice::None || fields.is_some() || !expand.is_empty() {
        let detail = "a preview has one page, and no facets, fields or expand";
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_parameter", detail).param("$.parameters")
        );
    }
    respond::read(&preview(&staff.context.shop.catalog, command, asked).await?, None)
}

/// What is wrong with a parameter, where it is a member of the body: that is an object, as it should be.
fn of_body(problem: Problem) -> Problem {
    let param = format!("$.parameters['{}']", problem.param.unwrap_or_default());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &problem.code, problem.detail).param(param)
}

impl From<PreviewError> for Problem {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Write(error) => error.into(),
            PreviewError::NotReady => Self::unavailable(&error),
            PreviewError::List(error) => error.into(),
        }
    }
}
