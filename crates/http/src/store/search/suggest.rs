//! Suggests how to go on from what was typed: `GET /api/search/suggest`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use tradepost_app::search::suggest::{SuggestError, suggest};
use tradepost_app::search::views::SuggestionList;
use tradepost_domain::kernel::limits::SEARCH_TEXT_MAX;
use tradepost_port::search::SearchError;
use utoipa::IntoParams;

use crate::document::ReadProblems;
use crate::extract::ListParams;
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::shopper::Storefront;

/// Suggestions when nothing else is asked for, and at most.
const LIMITS: (usize, usize) = (8, 20);

/// How the parameters stand in the OpenAPI document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read by name")]
pub struct SuggestQuery {
    /// What has been typed so far.
    #[param(max_length = 200)]
    q: String,
    /// Suggestions at most.
    #[param(required = false, minimum = 1, maximum = 20, default = 8)]
    limit: Option<u32>,
    /// Locale of the texts; the channel's default when absent.
    #[param(required = false)]
    locale: Option<String>,
}

/// Suggests searches, categories, brands and products for what was typed.
#[utoipa::path(get, path = "/api/search/suggest", operation_id = "suggest", tag = "search",
    params(SuggestQuery, ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 200, body = SuggestionList, description = "Ways to go on, the best first"), (status = 304, description = "It is as `If-None-Match` says"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    headers: HeaderMap,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let (typed, limit) = read(params)?;
    let list = suggest(&state.shop.catalog, &shopper, typed, limit).await?;
    let body: Bytes = serde_json::to_vec(&list).map_err(|error| Problem::internal(&error))?.into();
    if list.degraded.is_some() {
        return Ok(caching::passing(body));
    }
    Ok(caching::public(&headers, body, "products"))
}

fn read(mut params: ListParams) -> Result<(String, usize), Problem> {
    let typed = params.take("q");
    let typed = typed.filter(|text| text.chars().count() <= SEARCH_TEXT_MAX).ok_or_else(|| {
        Problem::malformed("invalid_parameter", "q", "expected what was typed, at most 200 characters")
    })?;
    let (usual, max) = LIMITS;
    let limit = params.take_parsed::<usize>("limit", "a whole number from 1 to 20")?.unwrap_or(usual);
    if !(1..=max).contains(&limit) {
        let detail = "expected a whole number from 1 to 20";
        return Err(Problem::malformed("invalid_parameter", "limit", detail));
    }
    params.finish()?;
    Ok((typed, limit))
}

impl From<SuggestError> for Problem {
    fn from(error: SuggestError) -> Self {
        match error {
            SuggestError::Search(SearchError::Unavailable(_)) => Self::unavailable(&error),
            SuggestError::Search(SearchError::Failed(_) | SearchError::Misplaced) => Self::internal(&error),
            SuggestError::Cards(error) => error.into(),
            SuggestError::Store(error) => error.into(),
        }
    }
}
