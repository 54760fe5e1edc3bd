//! What many people search for, as a page that anybody may read where the shop has switched it on.
//!
//! The page is embedded and asks this server alone. Its figures are made at most once a minute for each span, whoever asks
//! how often; while they are made, everybody else waits for the same.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use rust_embed::RustEmbed;
use tokio::sync::Mutex;
use tradepost_app::search::analytics::publish_searches;

use super::{Ops, docs};
use crate::extract::ListParams;
use crate::problem::{self, Problem};
use crate::respond::json_bytes;
use crate::state::ApiState;

/// Days that the page can show.
const SPANS: [i64; 3] = [7, 30, 90];
const FIGURES_HOLD_FOR: Duration = Duration::from_mins(1);
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=60");

#[derive(Debug, RustEmbed)]
#[folder = "assets/search-analytics"]
struct Files;

/// Figures of each span that was asked for, and when they were made.
#[derive(Debug, Default)]
pub(super) struct Published([Mutex<Option<(Instant, Bytes)>>; SPANS.len()]);

/// Routes of the page; they are no part of the document.
pub(crate) fn pages() -> Router<ApiState> {
    Router::new()
        .route("/search-analytics", get(async |ops, headers: HeaderMap| page(&ops, "index.html", &headers)))
        .route("/search-analytics/data.json", get(data))
        .route(
            "/search-analytics/{file}",
            get(async |ops, Path(name): Path<String>, headers: HeaderMap| page(&ops, &name, &headers)),
        )
}

fn page(Extension(ops): &Extension<Ops>, name: &str, headers: &HeaderMap) -> Result<Response, Response> {
    if ops.0.shows_searches.is_none() {
        return Err(problem::no_route().into_response());
    }
    docs::file::<Files>(name, headers)
}

async fn data(
    State(state): State<ApiState>,
    Extension(ops): Extension<Ops>,
    mut params: ListParams,
) -> Result<Response, Problem> {
    let clients_min = ops.0.shows_searches.ok_or_else(problem::no_route)?;
    let wanted = params.take_parsed::<i64>("days", "7, 30 or 90")?.unwrap_or(30);
    params.finish()?;
    let spans = SPANS.iter().zip(&ops.0.published.0);
    let (days, kept) = spans
        .into_iter()
        .find(|(days, _)| **days == wanted)
        .ok_or_else(|| Problem::malformed("invalid_parameter", "days", "expected 7, 30 or 90"))?;
    let mut kept = kept.lock().await;
    let body = match &*kept {
        Some((at, body)) if at.elapsed() < FIGURES_HOLD_FOR => body.clone(),
        _ => {
            let shop = &state.shop;
            let made = publish_searches(shop.store.worker(), shop.clock.now(), (*days, clients_min)).await?;
            let body: Bytes = serde_json::to_vec(&made).map_err(|error| Problem::internal(&error))?.into();
            *kept = Some((Instant::now(), body.clone()));
            body
        }
    };
    let mut response = json_bytes(StatusCode::OK, body);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    Ok(response)
}
