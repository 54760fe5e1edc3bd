//! The figures of requests, looked up once for each kind of answer: to find them by their labels takes longer than to count.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::Method;
use metrics::{Counter, Gauge, Histogram};

/// Figures of the answers of a route to a method with a status.
struct Figures {
    method: &'static str,
    status: u16,
    answered: Counter,
    duration: Histogram,
    statements: Counter,
}

impl Figures {
    fn new(route: &str, method: &'static str, status: u16) -> Self {
        let labels = [("route", route.to_owned()), ("method", method.to_owned())];
        Self {
            method,
            status,
            answered: metrics::counter!("http_requests_total", "route" => route.to_owned(), "method" => method, "status" => status.to_string()),
            duration: metrics::histogram!("http_request_duration_seconds", &labels),
            statements: metrics::counter!("sql_statements_total", &labels),
        }
    }
}

/// The figures of all requests, by route. There are as many as there are routes, methods of HTTP and kinds of answers.
#[derive(Default)]
pub struct RequestFigures(RwLock<HashMap<String, Vec<Arc<Figures>>>>);

impl fmt::Debug for RequestFigures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RequestFigures")
    }
}

impl RequestFigures {
    /// Counts an answer, with how long it took and how many statements it ran.
    pub(super) fn record(
        &self,
        route: &str,
        (method, status): (&Method, u16),
        (elapsed, statements): (Duration, u32),
    ) {
        let figures = self.of(route, method_label(method), status);
        figures.answered.increment(1);
        figures.duration.record(elapsed);
        figures.statements.increment(statements.into());
    }

    fn of(&self, route: &str, method: &'static str, status: u16) -> Arc<Figures> {
        let is_it = |figures: &&Arc<Figures>| figures.method == method && figures.status == status;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(route).and_then(|of_route| of_route.iter().find(is_it)) {
            return found.clone();
        }
        drop(known);
        let new = Arc::new(Figures::new(route, method, status));
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.entry(route.to_owned()).or_default();
        if !of_route.iter().any(|other| is_it(&other)) {
            of_route.push(new.clone());
        }
        new
    }
}

/// The methods that HTTP defines; what clients make up beyond them must not make figures of its own.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts a request as being answered, until it is dropped: also when the client goes away before the answer.
pub(super) struct InFlight(Gauge);

impl InFlight {
    pub(super) fn begin() -> Self {
        let gauge = metrics::gauge!("http_requests_in_flight");
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
