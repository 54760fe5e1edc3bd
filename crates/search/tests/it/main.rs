//! What the room promises as a whole, asked of the real engines.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod conformance;
mod opensearch;
mod quality;
mod shelf;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// What a future gives that never waits, as those of the embedded engine do not.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the embedded engine never waits"),
    }
}
