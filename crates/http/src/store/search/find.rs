//! Searches for products: `GET /api/search`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use tradepost_app::catalog::list_products::{list_products, with_query_id};
use tradepost_app::search::log::{AskedWords, Searcher, note_search};
use tradepost_app::search::personal::{Person, personalise};
use tradepost_app::search::steer::segment::segment;
use tradepost_app::search::views::SearchResults;
use uuid::Uuid;

use crate::document::ReadProblems;
use crate::extract::{ListParams, Recognised, Visitor};
use crate::problem::Problem;
use crate::state::ApiState;
use crate::store::caching;
use crate::store::products::query;
use crate::store::shopper::Storefront;

/// Searches for products in the shopper's words: errors are forgiven, conditions are read out of the words.
///
/// Takes what `/api/products` takes. Every answer has an id of its own, and so is kept by nobody. Its words are noted in lower
/// case, unless they hold an `@`, with nothing of the shopper but a hash of the `Client-Id`, where there is one.
#[utoipa::path(get, path = "/api/search", operation_id = "search_products", tag = "search",
    params(query::ProductListQuery,
        ("as_words" = Option<String>, Query, description = "Texts of conditions that were read out of the words and are not to be, separated by commas"),
        ("personalise" = Option<bool>, Query, description = "The shopper has agreed that the first page is put in order by what was done lately, by this browser (`Client-Id`) or in orders of the customer who is signed in"),
        ("Client-Id" = Option<String>, Header, description = "A random UUID by which the browser is told from others; send it only if its shopper has agreed", format = "uuid"),
        ("Publishable-Key" = Option<String>, Header, description = "Names the channel; the default one when absent")),
    responses((status = 200, body = SearchResults, description = "What was found"), ReadProblems))]
pub async fn handler(
    State(state): State<ApiState>,
    storefront: Storefront,
    (visitor, Recognised(customer)): (Visitor, Recognised),
    headers: HeaderMap,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let shopper = storefront.shopper(&mut params)?;
    let client_id = client_id(&headers)?;
    let agreed = params.take_parsed::<bool>("personalise", "true or false")?.unwrap_or(false);
    let mut command = query::search(params)?;
    command.groups = segment(&state.shop.catalog, customer).await?;
    let asked = AskedWords::of(&command);
    let document = list_products(&state.shop.catalog, &shopper, command).await?;
    let searcher = Searcher { shopper: &shopper, client_id, ip: visitor.0.origin.ip.as_deref() };
    let id = note_search(&state.shop, asked, searcher, &document);
    if !agreed {
        return Ok(caching::passing(with_query_id(&document, id)));
    }
    let person = Person { client_id, customer };
    let own = personalise(&state.shop, &shopper, person, &document).await?;
    Ok(caching::passing(with_query_id(&own, id)))
}

/// A UUID has no room for anything personal.
pub(super) fn client_id(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(value) = headers.get("client-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(|| Problem::malformed("invalid_header", "Client-Id", "expected a UUID"))
}
