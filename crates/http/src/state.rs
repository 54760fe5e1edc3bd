//! What handlers share: the shop.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tradepost_app::Shop;

use crate::middleware::RequestFigures;
use crate::middleware::gates::{CONNECTIONS_DEFAULT, Gates};

/// State of the router; cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// The shop that is served.
    pub shop: Arc<Shop>,
    /// Where requests get their ids.
    pub request_ids: Arc<RequestIds>,
    /// How much is worked at at once.
    pub gates: Arc<Gates>,
    /// What is counted of requests.
    pub figures: Arc<RequestFigures>,
}

impl ApiState {
    /// The state around a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        let request_ids = Arc::new(RequestIds::new(shop.ids.next_uuid().simple()));
        let gates = Arc::new(Gates::new(CONNECTIONS_DEFAULT));
        Self { shop, request_ids, gates, figures: Arc::default() }
    }

    /// With room for the requests that a pool of so many connections can serve.
    #[must_use]
    pub fn with_room(self, connections: usize) -> Self {
        Self { gates: Arc::new(Gates::new(connections)), ..self }
    }
}

/// Ids of requests: what is unique to this process, and a count. Drawing randomness for each would cost a system call.
#[derive(Debug)]
pub struct RequestIds {
    process: String,
    next: AtomicU64,
}

impl RequestIds {
    fn new(process: impl fmt::Display) -> Self {
        Self { process: process.to_string(), next: AtomicU64::new(0) }
    }

    /// The next id.
    pub fn next(&self) -> String {
        format!("req_{}_{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
