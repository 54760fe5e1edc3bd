//! Bodies with a time limit, and answers that know when they are sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::InFlight;

/// What a body has to bring a second, beyond its first seconds, in bytes.
const LEAST_BYTES_PER_SECOND: u64 = 16 * 1024;

/// The client was too slow to send its body.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub struct BodyTooSlow;

/// A request's body that has to come in time: a fixed time, and a second more for every 16 KiB that came.
#[derive(Debug)]
pub struct TimedBody<B> {
    inner: B,
    began: Instant,
    limit: Duration,
    received: u64,
    /// Made when there is first something to wait for.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> TimedBody<B> {
    pub fn new(inner: B, limit: Duration) -> Self {
        Self { inner, began: Instant::now(), limit, received: 0, timer: None }
    }

    fn deadline(&self) -> Instant {
        let earned = Duration::from_secs(self.received / LEAST_BYTES_PER_SECOND);
        self.began + self.limit.saturating_add(earned)
    }
}

impl<B> HttpBody for TimedBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                let length = frame.data_ref().map_or(0, Buf::remaining);
                self.received = self.received.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let deadline = self.deadline();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(context));
        // By its kind those who read the body know it: they know nothing of this file.
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, BodyTooSlow).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body that keeps its request in flight until it is sent.
#[derive(Debug)]
pub struct GuardedBody {
    inner: Body,
    _guard: InFlight,
}

impl GuardedBody {
    pub fn new(inner: Body, guard: InFlight) -> Self {
        Self { inner, _guard: guard }
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
