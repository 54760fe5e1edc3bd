//! What a connection is doing, from which follows when it has to be done.
//!
//! Written by the socket's wrapper, by the requests and by their answers, all of which may be on other threads (HTTP/2);
//! read by the task that drives the connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// No moment.
const NEVER: u64 = u64::MAX;

/// Activity of one connection. Moments are milliseconds since it began.
#[derive(Debug)]
pub struct Activity {
    began: Instant,
    header_timeout: Duration,
    keep_alive: Duration,
    /// Requests whose answers are not sent yet.
    in_flight: AtomicU32,
    /// Whether there was a request ever.
    used: AtomicBool,
    /// HTTP/2: what comes in between requests (pings, window updates) is no beginning of headers.
    multiplexed: AtomicBool,
    /// When the first byte of the headers came that are being read; [`NEVER`] between requests.
    headers_since: AtomicU64,
    /// When the last answer was sent.
    idle_since: AtomicU64,
    /// Since when the client does not take what is written; [`NEVER`] when it does.
    stalled_since: AtomicU64,
}

impl Activity {
    pub fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            header_timeout: Duration::from_secs(limits.header_timeout_seconds),
            keep_alive: Duration::from_secs(limits.keep_alive_seconds),
            in_flight: AtomicU32::new(0),
            used: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
            // A new connection owes its first headers from the beginning.
            headers_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(NEVER),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(NEVER)
    }

    /// When the connection has to be done with what it is doing.
    pub fn deadline(&self) -> Instant {
        let after = |since: u64, limit: Duration| {
            self.began.checked_add(Duration::from_millis(since)).and_then(|at| at.checked_add(limit))
        };
        let stalled = self.stalled_since.load(Ordering::Relaxed);
        let headers = self.headers_since.load(Ordering::Relaxed);
        let deadline = if stalled != NEVER {
            after(stalled, self.keep_alive)
        } else if self.in_flight.load(Ordering::Relaxed) > 0 {
            // The body has its own limit, and the handler those of what it calls.
            None
        } else if headers != NEVER {
            after(headers, self.header_timeout)
        } else {
            after(self.idle_since.load(Ordering::Relaxed), self.keep_alive)
        };
        // A year: `Instant` has no end of time.
        deadline.unwrap_or_else(|| Instant::now() + Duration::from_hours(24 * 365))
    }

    /// Whether it only waits for a next request.
    pub fn is_idle(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0
            && self.headers_since.load(Ordering::Relaxed) == NEVER
            && self.stalled_since.load(Ordering::Relaxed) == NEVER
    }

    /// Whether there was a request ever.
    pub fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Bytes came in.
    pub fn received(&self) {
        let between =
            self.in_flight.load(Ordering::Relaxed) == 0 && !self.multiplexed.load(Ordering::Relaxed);
        if between {
            // Not the first byte: the time runs already.
            let _ =
                self.headers_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The client took what was written.
    pub fn sent(&self) {
        self.stalled_since.store(NEVER, Ordering::Relaxed);
    }

    /// The client does not take what is written.
    pub fn stalled(&self) {
        // Stalled before: the time runs already.
        let _ = self.stalled_since.compare_exchange(NEVER, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// A request's headers are complete; it is in flight until the guard is dropped.
    pub fn request(self: &Arc<Self>, multiplexed: bool) -> InFlight {
        self.used.store(true, Ordering::Relaxed);
        self.multiplexed.store(multiplexed, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.headers_since.store(NEVER, Ordering::Relaxed);
        InFlight(self.clone())
    }
}

/// A request whose answer is not sent yet.
#[derive(Debug)]
pub struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
