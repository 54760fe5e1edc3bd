//! The accept loop: one listener a core, limits on every connection, a shutdown that loses no request.
//!
//! `axum::serve` has one accept task and no time limits, so connections are driven by hyper directly:
//!
//! * `listen`: a socket a core with SO_REUSEPORT, so that the kernel spreads new connections;
//! * `connection`: what one connection may do and for how long;
//! * `activity`: what a connection is doing, from which its next deadline follows;
//! * `body`: the time limit of a request's body;
//! * `refusal`: what is answered to what is no request.
//!
//! An idle connection costs a task of a few kilobytes and no timer that runs: its deadline is one entry in the
//! runtime's wheel.

mod activity;
mod body;
mod connection;
mod listen;
mod refusal;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

pub use listen::{Listeners, raise_file_limit};

use crate::config::Limits;
use crate::proxies::TrustedProxies;

/// Said to a connection over the limit before it is closed.
const OVERLOADED: &str = r#"{"type":"/docs/problems#overloaded","title":"Service Unavailable","status":503,"detail":"too many connections: try again in a moment","code":"overloaded"}"#;
/// After an error of accept that is not about one connection (too many open files), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How far the shutdown has come; each phase follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Requests are taken.
    Serving,
    /// Nothing new is taken; requests in flight are finished.
    Closing,
    /// What is still there is cut off.
    Cut,
}

/// How the drain went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut off at the deadline.
    pub cut: usize,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    router: Router,
    limits: Limits,
    proxies: TrustedProxies,
    /// A permit a connection.
    room: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
}

/// Serves until `phase` says to close, then finishes what is in flight. Returns when no connection is left.
pub async fn run(
    listeners: Listeners,
    router: Router,
    (limits, proxies): (Limits, TrustedProxies),
    phase: watch::Receiver<Phase>,
) -> std::io::Result<Drained> {
    let room = Arc::new(Semaphore::new(limits.connections));
    let shared = Arc::new(Shared { router, limits, proxies, room: room.clone(), phase });
    let mut loops = Vec::new();
    for listener in listeners.into_tokio()? {
        loops.push(tokio::spawn(accept(listener, shared.clone())));
    }
    for one in loops {
        // A loop that panicked has closed its listener; the others go on.
        let _ = one.await;
    }
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let deadline = Duration::from_secs(limits.drain_deadline_seconds);
    let finished = tokio::time::timeout(deadline, room.acquire_many(all)).await;
    let cut = limits.connections.saturating_sub(room.available_permits());
    Ok(Drained { cut: if finished.is_ok() { 0 } else { cut } })
}

/// Waits until the shutdown has come to a phase.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // Whoever tells the phase is gone: so is the process.
    let _ = phase.wait_for(|phase| *phase >= wanted).await;
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut phase = shared.phase.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            () = reached(&mut phase, Phase::Closing) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => take(stream, peer, &shared),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // The kernel has taken these for us already: closing the listener would reset them.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        take(stream, peer, &shared);
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

fn take(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared>) {
    let Ok(permit) = shared.room.clone().try_acquire_owned() else {
        metrics::counter!("http_connections_refused_total").increment(1);
        refuse(&stream);
        return;
    };
    metrics::counter!("http_connections_total").increment(1);
    let shared = shared.clone();
    tokio::spawn(async move {
        let open = OpenConnection::begin();
        connection::drive(stream, peer, &shared).await;
        drop(open);
        drop(permit);
    });
}

/// Says why, and waits for nobody: a client that does not read it is told nothing.
fn refuse(stream: &TcpStream) {
    // A socket that is closed with unread bytes in it resets the connection, and the answer is lost with it.
    let mut request = [0; 4096];
    let _ = stream.try_read(&mut request);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{OVERLOADED}",
        OVERLOADED.len()
    );
    let _ = stream.try_write(answer.as_bytes());
}

/// Counts a connection as open until it is dropped.
struct OpenConnection(metrics::Gauge);

impl OpenConnection {
    fn begin() -> Self {
        let gauge = metrics::gauge!("http_connections");
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

#[cfg(test)]
mod tests;
