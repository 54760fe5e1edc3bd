//! What those who run the shop ask: is it alive, is it ready, how is it doing; and the reference of the API.
//!
//! [`Ops`] is the state of the process, beside the state of the shop: whether it is shutting down, its figures, its age.

pub mod docs;
pub mod health;
pub mod metrics;
mod process;
pub mod search_analytics;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::ApiState;

/// State of the process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Ops(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    draining: AtomicBool,
    figures: Option<PrometheusHandle>,
    readiness: Mutex<Option<health::Readiness>>,
    backlog: Mutex<Option<metrics::Backlog>>,
    document: OnceLock<Bytes>,
    /// Words are shown that so many browsers searched for; none where nothing is shown.
    shows_searches: Option<i64>,
    published: search_analytics::Published,
}

impl Default for Ops {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl Ops {
    /// A process that begins now; without `figures` its `/metrics` has only what is read when it is asked. `/search-analytics` is
    /// there only if it `shows_searches`: words that at least so many browsers searched for.
    pub fn new(figures: Option<PrometheusHandle>, shows_searches: Option<i64>) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            draining: AtomicBool::new(false),
            figures,
            readiness: Mutex::new(None),
            backlog: Mutex::new(None),
            document: OnceLock::new(),
            shows_searches,
            published: search_analytics::Published::default(),
        }))
    }

    /// From now on the process is not ready, whatever else is.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }
}

/// Routes of operations that are part of the document.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::handler))
        .routes(routes!(docs::document))
}
