//! The load driver: a closed loop of keep-alive connections over plain HTTP/1.1.
//!
//! It writes requests that were made before and reads answers by their `Content-Length`, and nothing more, so that on
//! one machine the driver takes as little as possible from the server. Requests go to loopback addresses only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use hdrhistogram::Histogram;
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::LabError;

/// How hard and how long to drive.
#[derive(Debug, Clone, Copy)]
pub struct LoadPlan {
    /// Connections, each with one request under way.
    pub connections: usize,
    /// How long.
    pub duration: Duration,
    /// Whether a 503 is borne, and not counted: a shop refuses early what it cannot do in time. Else it ends the load.
    pub bears_refusals: bool,
}

/// The request to send as the n-th: its head, and its body if it has one.
pub type Requests = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// What came of a load.
#[derive(Debug, Clone)]
pub struct LoadResult {
    /// Answers with status 200 or 201.
    pub answers: u64,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// Bytes of bodies.
    pub body_bytes: u64,
    /// Microseconds from sending to the end of the answer.
    pub latency_us: Histogram<u64>,
}

impl LoadResult {
    /// Answers a second.
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds.max(f64::EPSILON)
    }

    /// Mean size of a body in bytes.
    pub fn mean_body(&self) -> u64 {
        self.body_bytes.checked_div(self.answers).unwrap_or(0)
    }
}

/// Head of a GET request for a path.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n")
}

/// Drives an address of this machine and stops by itself. Blocks: it runs on threads of its own, so that the server's
/// runtime is left to the server.
pub fn drive(address: SocketAddr, requests: &Requests, plan: LoadPlan) -> Result<LoadResult, LabError> {
    if !address.ip().is_loopback() {
        return Err(LabError::Preparation(format!(
            "{address} is not of this machine: load goes nowhere else"
        )));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(drive_all(address, requests, plan))
}

async fn drive_all(address: SocketAddr, requests: &Requests, plan: LoadPlan) -> Result<LoadResult, LabError> {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let end = started + plan.duration;
    let connections = (0..plan.connections).map(|_| {
        let (next, requests) = (next.clone(), requests.clone());
        tokio::spawn(async move { drive_one(address, &requests, &next, (end, plan.bears_refusals)).await })
    });
    let mut total = LoadResult { answers: 0, seconds: 0.0, body_bytes: 0, latency_us: new_histogram() };
    for connection in connections.collect::<Vec<_>>() {
        let one = connection.await.map_err(std::io::Error::other)??;
        total.answers += one.answers;
        total.body_bytes += one.body_bytes;
        let _ = total.latency_us.add(&one.latency_us);
    }
    total.seconds = started.elapsed().as_secs_f64();
    Ok(total)
}

fn new_histogram() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants that the histogram takes")]
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds")
}

async fn drive_one(
    address: SocketAddr,
    requests: &Requests,
    next: &AtomicU64,
    (end, bears_refusals): (Instant, bool),
) -> Result<LoadResult, LabError> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    let mut result = LoadResult { answers: 0, seconds: 0.0, body_bytes: 0, latency_us: new_histogram() };
    while Instant::now() < end {
        let request = requests(next.fetch_add(1, Ordering::Relaxed));
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let answer = read_answer(&mut stream, &mut buffer, (&request, bears_refusals)).await?;
        let Some(body) = answer else { continue };
        let micros = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        result.latency_us.saturating_record(micros.max(1));
        result.answers += 1;
        result.body_bytes += body;
    }
    Ok(result)
}

/// Reads one answer and drops it; answers the size of its body, or none for a refusal that is borne.
async fn read_answer(
    stream: &mut TcpStream,
    buffer: &mut BytesMut,
    (request, bears_refusals): (&str, bool),
) -> Result<Option<u64>, LabError> {
    let head_end = loop {
        if let Some(place) = memmem::find(buffer, b"\r\n\r\n") {
            break place + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
    };
    let head = buffer.get(..head_end).unwrap_or_default();
    let is_refused = head.starts_with(b"HTTP/1.1 503") && bears_refusals;
    if !is_refused && !head.starts_with(b"HTTP/1.1 200") && !head.starts_with(b"HTTP/1.1 201") {
        return Err(LabError::UnexpectedAnswer {
            what: "load".to_owned(),
            status: String::from_utf8_lossy(head).lines().next().unwrap_or_default().to_owned(),
            request: request.lines().next().unwrap_or_default().to_owned(),
        });
    }
    let length = content_length(head);
    let length =
        length.ok_or_else(|| LabError::Preparation("the answer has no Content-Length".to_owned()))?;
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
    }
    buffer.advance(head_end + length);
    Ok((!is_refused).then(|| u64::try_from(length).unwrap_or(u64::MAX)))
}

/// The length of the body. Only the two spellings that servers here use are looked for: what the driver spends on
/// reading heads would be taken from the server.
fn content_length(head: &[u8]) -> Option<usize> {
    let names: [&[u8]; 2] = [b"\r\ncontent-length: ", b"\r\nContent-Length: "];
    let start = names.iter().find_map(|name| memmem::find(head, name).map(|place| place + name.len()))?;
    let mut digits = head.get(start..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0_usize, |number, digit| number.checked_mul(10)?.checked_add(usize::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answer(listener: tokio::net::TcpListener, status: &'static str) {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = BytesMut::new();
                while stream.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
                    while let Some(place) = memmem::find(&buffer, b"\r\n\r\n") {
                        buffer.advance(place + 4);
                        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nhello");
                        if stream.write_all(text.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    }

    fn load(status: &'static str) -> Result<LoadResult, LabError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(answer(listener, status));
        let requests: Requests = Arc::new(|number| get(&format!("/{number}")));
        drive(
            address,
            &requests,
            LoadPlan { connections: 3, duration: Duration::from_millis(100), bears_refusals: false },
        )
    }

    #[test]
    fn every_answer_is_counted_with_its_size_and_time() {
        let result = load("200 OK").unwrap();
        assert!(result.answers >= 3);
        assert_eq!(result.body_bytes, result.answers * 5);
        assert_eq!(result.latency_us.len(), result.answers);
        assert_eq!(result.mean_body(), 5);
    }

    #[test]
    fn a_failing_server_is_no_measurement() {
        assert!(matches!(load("503 Service Unavailable"), Err(LabError::UnexpectedAnswer { .. })));
    }

    #[test]
    fn load_goes_to_this_machine_only() {
        let requests: Requests = Arc::new(|_| get("/"));
        let plan = LoadPlan { connections: 1, duration: Duration::from_millis(1), bears_refusals: false };
        assert!(matches!(
            drive("192.0.2.1:80".parse().unwrap(), &requests, plan),
            Err(LabError::Preparation(_))
        ));
    }
}
