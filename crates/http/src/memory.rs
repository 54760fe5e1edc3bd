//! Answers that were given before and are still true, given again before anything is routed, parsed or looked up.
//!
//! A public answer is kept under the request's very words (path, query, publishable key) with the epoch of the
//! catalogue that was known *before* it was made. While that epoch lasts, the same words get the same bytes; a change
//! of the catalogue ends the epoch and with it every answer, without anyone looking for them. What a change overtakes
//! while it is being made carries the old epoch and is never given.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::Either;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tower::Service;
use tradepost_app::catalog::cache::CHANNEL_AGE_MAX_MS;

use crate::middleware::{API_VERSION, REQUEST_ID, Statements, request_id};
use crate::state::ApiState;
use crate::store::caching::has_it;
use crate::store::shopper::PUBLISHABLE_KEY;

/// Bytes of bodies and heads that are kept at most; the bodies are shared with the catalogue's own cache.
const BYTES_MAX: u64 = 192 * 1024 * 1024;
/// Longest path and query that is kept.
const WORDS_MAX: usize = 1024;
/// What the head of an answer takes, roughly.
const HEAD_BYTES: usize = 1024;

/// Marks a response whose body may be given again for the same words.
#[derive(Debug, Clone)]
pub struct Memorable(pub Bytes);

/// The words of a request: publishable key and path with query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Words {
    key: Option<HeaderValue>,
    path: String,
}

#[derive(Clone)]
struct Answer {
    epoch: i64,
    /// Milliseconds since 1970.
    made_at: i64,
    head: HeaderMap,
    etag: String,
    body: Bytes,
    answered: metrics::Counter,
    not_modified: metrics::Counter,
    duration: metrics::Histogram,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Words, Arc<Answer>> for ByBytes {
    fn weight(&self, words: &Words, answer: &Arc<Answer>) -> u64 {
        let bytes = words.path.len().saturating_add(answer.body.len()).saturating_add(HEAD_BYTES);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// The API with a memory in front of it.
#[derive(Clone)]
pub struct Remembering {
    inner: Router,
    state: ApiState,
    answers: Arc<Cache<Words, Arc<Answer>, ByBytes>>,
}

impl Remembering {
    /// Puts an empty memory before the router.
    pub fn new(inner: Router, state: ApiState) -> Self {
        let answers = Arc::new(Cache::with_weighter(4096, BYTES_MAX, ByBytes));
        Self { inner, state, answers }
    }

    fn now(&self) -> i64 {
        self.state.shop.clock.now().as_millisecond()
    }

    /// The answer that was given to these words, if it is still true.
    fn recall(&self, words: &Words, headers: &HeaderMap) -> Option<Response> {
        let started = Instant::now();
        let answer = self.answers.get(words)?;
        if !self.state.shop.catalog.cache.holds_epoch(answer.epoch) {
            return None;
        }
        // A key may be taken back or expire without a change of the catalogue.
        let age = || self.now().saturating_sub(answer.made_at);
        if words.key.is_some() && !(0..=CHANNEL_AGE_MAX_MS).contains(&age()) {
            return None;
        }
        let known = headers.contains_key(header::IF_NONE_MATCH) && has_it(headers, &answer.etag);
        let body = if known { Body::empty() } else { Body::from(answer.body.clone()) };
        let mut response = Response::new(body);
        *response.headers_mut() = answer.head.clone();
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response.headers_mut().remove(header::CONTENT_TYPE);
            answer.not_modified.increment(1);
        } else {
            answer.answered.increment(1);
        }
        let id = request_id(headers, &self.state.request_ids);
        if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(id)) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        answer.duration.record(started.elapsed());
        response.extensions_mut().insert(Statements(0));
        Some(response)
    }
}

/// The words of a request whose answer may be kept.
fn words(request: &Request) -> Option<Words> {
    let headers = request.headers();
    let path = request.uri().path_and_query()?.as_str();
    let kept = request.method() == Method::GET
        && path.len() <= WORDS_MAX
        && (path.starts_with("/api/products") || path.starts_with("/api/categories"))
        && !headers.contains_key(API_VERSION);
    kept.then(|| Words { key: headers.get(PUBLISHABLE_KEY).cloned(), path: path.to_owned() })
}

fn answer(response: &Response, body: Bytes, (epoch, made_at): (i64, i64), route: &str) -> Option<Answer> {
    let mut head = response.headers().clone();
    head.remove(REQUEST_ID);
    let etag = head.get(header::ETAG)?.to_str().ok()?.to_owned();
    let counter = |status: &'static str| metrics::counter!("http_requests_total", "route" => route.to_owned(), "method" => "GET", "status" => status);
    let (answered, not_modified) = (counter("200"), counter("304"));
    let duration =
        metrics::histogram!("http_request_duration_seconds", "route" => route.to_owned(), "method" => "GET");
    Some(Answer { epoch, made_at, head, etag, body, answered, not_modified, duration })
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl Service<Request> for Remembering {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, Answering>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(words) = words(&request) else {
            return Either::Right(Box::pin(Service::call(&mut self.inner, request)));
        };
        if let Some(response) = self.recall(&words, request.headers()) {
            return Either::Left(ready(Ok(response)));
        }
        let made = (self.state.shop.catalog.cache.epoch(), self.now());
        let answers = self.answers.clone();
        let answering = Service::call(&mut self.inner, request);
        Either::Right(Box::pin(async move {
            let mut response = answering.await?;
            let memorable = response.extensions_mut().remove::<Memorable>();
            let route = response.extensions_mut().remove::<MatchedPath>();
            if let Some((Memorable(body), route)) = memorable.zip(route)
                && let Some(answer) = answer(&response, body, made, route.as_str())
            {
                answers.insert(words, Arc::new(answer));
            }
            Ok(response)
        }))
    }
}
