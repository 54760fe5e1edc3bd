//! One connection: driven by hyper, watched by its deadline and by the shutdown.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::Service;
use tradepost_http::middleware::gates::Respite;

use super::activity::Activity;
use super::body::{GuardedBody, TimedBody};
use super::refusal;
use super::{Phase, Shared, reached};

/// The line of a request with all its headers, in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Headers of a request.
const HEADERS_MAX: usize = 100;
/// Requests that an HTTP/2 connection may have in flight.
const STREAMS_MAX: u32 = 128;
/// How often a silent HTTP/2 connection is asked whether it is there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);
/// A connection that was told to close and has nothing in flight may take this long.
const FAREWELL: Duration = Duration::from_secs(1);
/// A connection that was taken just before the shutdown may still send the request it was opened for.
const FIRST_REQUEST: Duration = Duration::from_millis(500);

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The time for headers is `Activity`'s: hyper's own runs while a connection is idle, too.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Serves a connection to its end.
pub(super) async fn drive(stream: TcpStream, peer: SocketAddr, shared: &Shared) {
    let activity = Activity::new(&shared.limits);
    let io = TokioIo::new(Watched { stream, activity: activity.clone(), unsent: Vec::new() });
    let body_limit = Duration::from_secs(shared.limits.body_timeout_seconds);
    let of_requests = activity.clone();
    let respite = Respite::default();
    let service = service_fn(|request: Request<Incoming>| {
        let in_flight = of_requests.request(request.version() == Version::HTTP_2);
        let mut request = request.map(|body| Body::new(TimedBody::new(body, body_limit)));
        let client = shared.proxies.client(peer, request.headers());
        request.extensions_mut().insert(ConnectInfo(client));
        request.extensions_mut().insert(respite.clone());
        let answer = refusal::names_its_host(&request).then(|| shared.router.clone().call(request));
        async move {
            let response = match answer {
                Some(answer) => answer.await.unwrap_or_else(|never| match never {}),
                None => refusal::host_required(),
            };
            Ok::<Response<GuardedBody>, Infallible>(response.map(|body| GuardedBody::new(body, in_flight)))
        }
    });
    let builder = builder();
    let connection = pin!(builder.serve_connection(io, service));
    watch(connection, &activity, shared).await;
}

/// A connection that can be told to end after what is in flight.
trait Closes {
    fn close(self: Pin<&mut Self>);
}

impl<I, S, E, B> Closes for hyper_util::server::conn::auto::Connection<'_, I, S, E>
where
    S: hyper::service::Service<
            Request<Incoming>,
            Response = Response<B>,
            Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        >,
    I: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
    B: http_body::Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>> + 'static,
    E: hyper_util::server::conn::auto::HttpServerConnExec<S::Future, B>,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

async fn watch<C, T>(mut connection: Pin<&mut C>, activity: &Arc<Activity>, shared: &Shared)
where
    C: Future<Output = T> + Closes,
{
    let mut timer = pin!(sleep_until(activity.deadline()));
    let mut phase = shared.phase.clone();
    let mut closing = false;
    loop {
        tokio::select! {
            biased;
            // Errors are the client's: it went away, or it does not speak HTTP. hyper has answered where it could.
            _ = connection.as_mut() => return,
            () = reached(&mut phase, if closing { Phase::Cut } else { Phase::Closing }) => {
                if closing {
                    return;
                }
                closing = true;
                if !activity.was_used() {
                    let first = tokio::time::timeout(FIRST_REQUEST, until_used(connection.as_mut(), activity)).await;
                    if matches!(first, Ok(Used::Ended)) {
                        return;
                    }
                }
                connection.as_mut().close();
            }
            () = expired(timer.as_mut(), activity) => {
                if activity.is_idle() {
                    connection.as_mut().close();
                    let _ = tokio::time::timeout(FAREWELL, connection).await;
                }
                return;
            }
        }
    }
}

/// What became of a connection that was waited for.
enum Used {
    ByRequest,
    Ended,
}

async fn until_used<C: Future>(mut connection: Pin<&mut C>, activity: &Activity) -> Used {
    poll_fn(|context| {
        if connection.as_mut().poll(context).is_ready() {
            return Poll::Ready(Used::Ended);
        }
        if activity.was_used() { Poll::Ready(Used::ByRequest) } else { Poll::Pending }
    })
    .await
}

/// Ends when the deadline of what the connection is doing has passed; looks at it whenever the connection was woken.
async fn expired(mut timer: Pin<&mut Sleep>, activity: &Activity) {
    poll_fn(|context| {
        loop {
            let deadline = activity.deadline();
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            // What has no limit gets another deadline each time; only an earlier one matters.
            if timer.deadline() > deadline || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}

/// A socket that tells what passes through it.
#[derive(Debug)]
struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
    /// Of an answer that was put in the place of hyper's own, what the client has not taken yet.
    unsent: Vec<u8>,
}

impl Watched {
    /// Sends what is left of an answer that was put in the place of another.
    fn poll_unsent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let outcome = Pin::new(&mut self.stream).poll_write(context, &self.unsent);
            let count = ready!(self.wrote(outcome))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..count.min(self.unsent.len()));
        }
        Poll::Ready(Ok(()))
    }

    /// Takes an answer of hyper's own, to send another in its place; `None` for all others.
    fn replace(&mut self, answer: &[u8], context: &mut Context<'_>) -> Option<Poll<io::Result<usize>>> {
        self.unsent = refusal::in_place_of(answer)?;
        // What does not go out now does when it is flushed.
        let sent = self.poll_unsent(context);
        Some(Poll::Ready(if let Poll::Ready(Err(error)) = sent { Err(error) } else { Ok(answer.len()) }))
    }

    fn wrote<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.activity.stalled();
        } else {
            self.activity.sent();
        }
        outcome
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.received();
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(context))?;
        if let Some(replaced) = self.replace(bytes, context) {
            return replaced;
        }
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(context))?;
        if let [only] = parts
            && let Some(replaced) = self.replace(only, context)
        {
            return replaced;
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
