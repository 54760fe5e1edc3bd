//! Answers that were given before and are still true, given again before anything is routed, parsed or looked up.
//!
//! A public answer is kept under the request's very words (path, query, publishable key) with the edition of the
//! catalogue that was known *before* it was made. While that edition lasts, the same words get the same bytes; a change
//! of the catalogue or of its search index ends it and with it every answer, without anyone looking for them. What a change
//! overtakes while it is being made carries the old edition and is never given.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::Either;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use tower::Service;
use tradepost_app::catalog::cache::CHANNEL_AGE_MAX_MS;

use crate::middleware::{API_VERSION, REQUEST_ID, Statements, request_id};
use crate::state::ApiState;
use crate::store::caching::{SURROGATE_KEY, has_it};
use crate::store::shopper::PUBLISHABLE_KEY;

/// Longest path and query that is kept.
const WORDS_MAX: usize = 1024;
/// What an answer takes beside its words, its body and its own headers, roughly.
const ANSWER_BYTES: usize = 400;
/// Heads that are shared by answers; more kinds than these there are not, and were there, each answer had its own.
const HEADS_MAX: usize = 64;

/// Marks a response whose body may be given again for the same words.
#[derive(Debug, Clone)]
pub struct Memorable(pub Bytes);

/// The words of a request: publishable key and path with query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Words {
    key: Option<HeaderValue>,
    path: String,
}

/// The same before it is known whether it is to be kept; looks up [`Words`] without copying.
#[derive(Hash)]
struct Asked<'a> {
    key: Option<&'a HeaderValue>,
    path: &'a str,
}

impl Equivalent<Words> for Asked<'_> {
    fn equivalent(&self, words: &Words) -> bool {
        self.key == words.key.as_ref() && self.path == words.path
    }
}

/// What the answers of a route have in common. One for all: a thousand answers in turn find it in the processor's
/// cache, where a head of their own each would be fetched from memory.
struct Head {
    route: String,
    headers: HeaderMap,
    answered: metrics::Counter,
    not_modified: metrics::Counter,
    duration: metrics::Histogram,
}

impl Head {
    fn new(route: &str, headers: HeaderMap) -> Self {
        let counter = |status: &'static str| metrics::counter!("http_requests_total", "route" => route.to_owned(), "method" => "GET", "status" => status);
        let duration = metrics::histogram!("http_request_duration_seconds", "route" => route.to_owned(), "method" => "GET");
        Self {
            answered: counter("200"),
            not_modified: counter("304"),
            duration,
            route: route.to_owned(),
            headers,
        }
    }
}

struct Answer {
    edition: u64,
    /// Milliseconds since 1970.
    made_at: i64,
    head: Arc<Head>,
    etag: HeaderValue,
    surrogate_keys: Option<HeaderValue>,
    body: Bytes,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Words, Arc<Answer>> for ByBytes {
    fn weight(&self, words: &Words, answer: &Arc<Answer>) -> u64 {
        let keys = answer.surrogate_keys.as_ref().map_or(0, HeaderValue::len);
        let bytes = words.path.len().saturating_add(answer.body.len()).saturating_add(keys);
        u64::try_from(bytes.saturating_add(ANSWER_BYTES)).unwrap_or(u64::MAX)
    }
}

/// The API with a memory in front of it.
#[derive(Clone)]
pub struct Remembering {
    inner: Router,
    state: ApiState,
    memory: Arc<Memory>,
}

struct Memory {
    answers: Cache<Words, Arc<Answer>, ByBytes>,
    heads: Mutex<Vec<Arc<Head>>>,
}

impl Remembering {
    /// Puts an empty memory before the router. It may hold three quarters of what the catalogue's caches may, with
    /// which it shares the bodies.
    pub fn new(inner: Router, state: ApiState) -> Self {
        let bytes = state.shop.catalog.cache.capacity() / 4 * 3;
        let answers = Cache::with_weighter(4096, bytes, ByBytes);
        Self { inner, state, memory: Arc::new(Memory { answers, heads: Mutex::default() }) }
    }

    fn now(&self) -> i64 {
        self.state.shop.clock.now().as_millisecond()
    }

    /// The answer that was given to these words, if it is still true.
    fn recall(&self, asked: &Asked<'_>, headers: &HeaderMap) -> Option<Response> {
        let started = Instant::now();
        let answer = self.memory.answers.get(asked)?;
        // A rule of search may be for a group of customers that the sender is of.
        let shelves = || self.state.shop.catalog.shelves.as_ref();
        if headers.contains_key(header::AUTHORIZATION)
            && shelves().is_some_and(|shelves| shelves.has_segments())
        {
            return None;
        }
        if !self.state.shop.catalog.cache.holds_edition(answer.edition) {
            return None;
        }
        // A key may be taken back or expire without a change of the catalogue.
        let age = || self.now().saturating_sub(answer.made_at);
        if asked.key.is_some() && !(0..=CHANNEL_AGE_MAX_MS).contains(&age()) {
            return None;
        }
        let known = headers.contains_key(header::IF_NONE_MATCH)
            && answer.etag.to_str().is_ok_and(|etag| has_it(headers, etag));
        let body = if known { Body::empty() } else { Body::from(answer.body.clone()) };
        let mut response = Response::new(body);
        let head = response.headers_mut();
        head.clone_from(&answer.head.headers);
        head.insert(header::ETAG, answer.etag.clone());
        if let Some(keys) = &answer.surrogate_keys {
            head.insert(SURROGATE_KEY, keys.clone());
        }
        if known {
            head.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            answer.head.not_modified.increment(1);
        } else {
            answer.head.answered.increment(1);
        }
        let id = request_id(headers, &self.state.request_ids);
        if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(id)) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        answer.head.duration.record(started.elapsed());
        response.extensions_mut().insert(Statements(0));
        Some(response)
    }
}

impl Memory {
    /// Keeps what was answered on a route, made in an epoch and at a time.
    fn keep(&self, words: Words, response: &Response, body: Bytes, made: (u64, i64, &str)) {
        let (edition, made_at, route) = made;
        let mut headers = response.headers().clone();
        headers.remove(REQUEST_ID);
        let Some(etag) = headers.remove(header::ETAG) else { return };
        let surrogate_keys = headers.remove(SURROGATE_KEY);
        let head = self.head(route, headers);
        let answer = Answer { edition, made_at, head, etag, surrogate_keys, body };
        self.answers.insert(words, Arc::new(answer));
    }

    /// The head of other answers like this one, or a new one.
    fn head(&self, route: &str, headers: HeaderMap) -> Arc<Head> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        // Handlers write their headers in one order: to look each of them up in the other map would cost more than all the rest.
        let is_same = |head: &&Arc<Head>| head.route == route && head.headers.iter().eq(headers.iter());
        if let Some(head) = heads.iter().find(is_same) {
            return head.clone();
        }
        let head = Arc::new(Head::new(route, headers));
        if heads.len() < HEADS_MAX {
            heads.push(head.clone());
        }
        head
    }
}

/// The words of a request whose answer may be kept.
fn asked(request: &Request) -> Option<Asked<'_>> {
    let headers = request.headers();
    let path = request.uri().path_and_query()?.as_str();
    let kept = request.method() == Method::GET
        && path.len() <= WORDS_MAX
        && (path.starts_with("/api/products") || path.starts_with("/api/categories"))
        && !headers.contains_key(API_VERSION);
    kept.then(|| Asked { key: headers.get(PUBLISHABLE_KEY), path })
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
        let Some(asked) = asked(&request) else {
            return Either::Right(Box::pin(Service::call(&mut self.inner, request)));
        };
        if let Some(response) = self.recall(&asked, request.headers()) {
            return Either::Left(ready(Ok(response)));
        }
        let words = Words { key: asked.key.cloned(), path: asked.path.to_owned() };
        let (edition, made_at) = (self.state.shop.catalog.cache.edition(), self.now());
        let memory = self.memory.clone();
        let answering = Service::call(&mut self.inner, request);
        Either::Right(Box::pin(async move {
            let mut response = answering.await?;
            let memorable = response.extensions_mut().remove::<Memorable>();
            let route = response.extensions_mut().remove::<MatchedPath>();
            if let Some((Memorable(body), route)) = memorable.zip(route) {
                memory.keep(words, &response, body, (edition, made_at, route.as_str()));
            }
            Ok(response)
        }))
    }
}
