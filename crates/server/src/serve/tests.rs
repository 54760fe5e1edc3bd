//! The accept loop against real sockets.

use std::time::{Duration, Instant};

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

struct Running {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    done: tokio::task::JoinHandle<std::io::Result<Drained>>,
}

fn limits() -> Limits {
    Limits {
        connections: 100,
        header_timeout_seconds: 1,
        body_timeout_seconds: 1,
        keep_alive_seconds: 3,
        shutdown_grace_seconds: 0,
        drain_deadline_seconds: 5,
    }
}

fn start(limits: Limits) -> Running {
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                "finished"
            }),
        )
        .route(
            "/stuck",
            get(async || {
                tokio::time::sleep(Duration::from_mins(1)).await;
            }),
        )
        .route("/body", post(body_length));
    let listeners = Listeners::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listeners.address();
    let (phase, phases) = watch::channel(Phase::Serving);
    let done = tokio::spawn(run(listeners, router, (limits, TrustedProxies::default()), phases));
    Running { address, phase, done }
}

/// Reads a body as the API does.
async fn body_length(body: axum::body::Body) -> Result<String, tradepost_http::Problem> {
    let bytes = tradepost_http::extract::body::read(body, 1024 * 1024).await?;
    Ok(bytes.len().to_string())
}

/// The code of an answer that is a problem, whole and of the length it promises.
fn code_of(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(answer.starts_with(&format!(
        "HTTP/1.1 {} {}\r\n",
        problem["status"],
        problem["title"].as_str().unwrap()
    )));
    let code = problem["code"].as_str().unwrap().to_owned();
    assert_eq!(problem["type"], format!("/docs/problems#{code}"));
    code
}

async fn connect(server: &Running) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// What comes until the server closes, or nothing more within the patience.
async fn read_to_end(stream: &mut TcpStream, patience: Duration) -> (String, bool) {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(patience, stream.read_to_end(&mut bytes)).await.is_ok();
    (String::from_utf8_lossy(&bytes).into_owned(), ended)
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(4), stream.read(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

const GET: &str = "GET / HTTP/1.1\r\nhost: shop\r\n\r\n";

#[tokio::test]
async fn a_connection_that_trickles_its_headers_is_closed_in_time() {
    let server = start(limits());
    let mut slow = connect(&server).await;
    send(&mut slow, "GET / HTTP/1.1\r\n").await;
    let begun = Instant::now();
    let trickle = async {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if slow.write_all(b"x-a: b\r\n").await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(3), trickle).await.expect("the server closes the connection");
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_in_time_while_others_are_served() {
    let server = start(limits());
    let mut silent = connect(&server).await;
    let mut other = connect(&server).await;
    send(&mut other, GET).await;
    assert!(read_some(&mut other).await.ends_with("hello"));
    let (said, ended) = read_to_end(&mut silent, Duration::from_millis(2_500)).await;
    assert!(ended && said.is_empty(), "{said}");
}

#[tokio::test]
async fn headers_of_a_later_request_have_the_same_time_and_idling_has_more() {
    let server = start(limits());
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    assert!(read_some(&mut stream).await.contains("200 OK"));
    // Longer than the time for headers, shorter than the one for idling.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    send(&mut stream, GET).await;
    assert!(read_some(&mut stream).await.contains("200 OK"));
    send(&mut stream, "GET / HT").await;
    let begun = Instant::now();
    let (_, ended) = read_to_end(&mut stream, Duration::from_millis(2_500)).await;
    assert!(ended && begun.elapsed() >= Duration::from_millis(900));
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_time() {
    let server = start(limits());
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    assert!(read_some(&mut stream).await.contains("200 OK"));
    let begun = Instant::now();
    let (_, ended) = read_to_end(&mut stream, Duration::from_secs(5)).await;
    assert!(ended && begun.elapsed() >= Duration::from_millis(2_800), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_that_stalls_is_refused_and_one_that_flows_is_not() {
    let server = start(limits());
    let mut stalled = connect(&server).await;
    send(&mut stalled, "POST /body HTTP/1.1\r\nhost: shop\r\ncontent-length: 100\r\n\r\nabc").await;
    let (answer, ended) = read_to_end(&mut stalled, Duration::from_secs(3)).await;
    assert!(ended && answer.starts_with("HTTP/1.1 408"), "{answer}");

    let mut flowing = connect(&server).await;
    let piece = vec![b'x'; 20_000];
    let head = format!("POST /body HTTP/1.1\r\nhost: shop\r\ncontent-length: {}\r\n\r\n", piece.len() * 6);
    send(&mut flowing, &head).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        flowing.write_all(&piece).await.unwrap();
    }
    assert!(read_some(&mut flowing).await.ends_with("120000"));
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = start(limits());
    let mut busy = connect(&server).await;
    send(&mut busy, "GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    let mut idle = connect(&server).await;
    send(&mut idle, GET).await;
    assert!(read_some(&mut idle).await.contains("200 OK"));
    // Opened before the shutdown, its request comes after: it must not be lost.
    let mut late = connect(&server).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.phase.send(Phase::Closing).unwrap();
    send(&mut late, GET).await;
    let (answer, ended) = read_to_end(&mut late, Duration::from_secs(1)).await;
    assert!(ended && answer.contains("200 OK"), "{answer}");
    let (_, ended) = read_to_end(&mut idle, Duration::from_millis(500)).await;
    assert!(ended, "an idle connection is closed at once");
    let (answer, ended) = read_to_end(&mut busy, Duration::from_secs(3)).await;
    assert!(ended && answer.ends_with("finished") && answer.contains("connection: close"), "{answer}");
    assert_eq!(server.done.await.unwrap().unwrap(), Drained { cut: 0 });
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_drain_ends_at_its_deadline_and_says_how_many_were_cut() {
    let server = start(Limits { drain_deadline_seconds: 1, ..limits() });
    let mut stuck = connect(&server).await;
    send(&mut stuck, "GET /stuck HTTP/1.1\r\nhost: shop\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.phase.send(Phase::Closing).unwrap();
    assert_eq!(server.done.await.unwrap().unwrap(), Drained { cut: 1 });
    server.phase.send(Phase::Cut).unwrap();
    let (answer, ended) = read_to_end(&mut stuck, Duration::from_secs(1)).await;
    assert!(ended && answer.is_empty(), "{answer}");
}

#[tokio::test]
async fn a_connection_over_the_limit_is_told_so_and_room_comes_back() {
    let server = start(Limits { connections: 2, ..limits() });
    let first = connect(&server).await;
    let second = connect(&server).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut third = connect(&server).await;
    let (answer, ended) = read_to_end(&mut third, Duration::from_millis(700)).await;
    assert!(ended && answer.starts_with("HTTP/1.1 503"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())));
    assert!(body.contains("\"code\":\"overloaded\""));
    drop((first, second));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut fourth = connect(&server).await;
    send(&mut fourth, GET).await;
    assert!(read_some(&mut fourth).await.contains("200 OK"));
}

#[tokio::test]
async fn headers_beyond_the_limits_are_refused() {
    let server = start(limits());
    let mut large = connect(&server).await;
    let head = format!("GET / HTTP/1.1\r\nhost: shop\r\nx-large: {}\r\n\r\n", "x".repeat(64 * 1024));
    // The server may close before all of it is sent.
    let _ = large.write_all(head.as_bytes()).await;
    let answer = read_some(&mut large).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(code_of(&answer), "headers_too_large");
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_a_problem() {
    let server = start(limits());
    for (text, code) in [
        ("NONSENSE\r\n\r\n", "malformed_request"),
        ("GET / HTTP/7.3\r\nhost: shop\r\n\r\n", "malformed_request"),
        ("GET / HTTP/1.1\r\nhost: shop\r\nno header\r\n\r\n", "malformed_request"),
        ("GET / HTTP/1.1\r\nhost: shop\r\ncontent-length: 1x\r\n\r\n", "malformed_request"),
    ] {
        let mut stream = connect(&server).await;
        send(&mut stream, text).await;
        let (answer, ended) = read_to_end(&mut stream, Duration::from_secs(1)).await;
        assert!(ended, "{text}");
        assert_eq!(code_of(&answer), code, "{text}");
    }
    // Behind a sound one on the same connection, too.
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    assert!(read_some(&mut stream).await.ends_with("hello"));
    send(&mut stream, "NONSENSE\r\n\r\n").await;
    assert_eq!(code_of(&read_some(&mut stream).await), "malformed_request");
}

#[tokio::test]
async fn a_request_says_which_host_it_is_for_once() {
    let server = start(limits());
    for (text, expected) in [
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", Some("host_required")),
        ("GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\nconnection: close\r\n\r\n", Some("host_required")),
        ("GET / HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n", None),
        ("GET / HTTP/1.0\r\n\r\n", None),
    ] {
        let mut stream = connect(&server).await;
        send(&mut stream, text).await;
        let (answer, ended) = read_to_end(&mut stream, Duration::from_secs(1)).await;
        assert!(ended, "{text}");
        match expected {
            Some(code) => assert_eq!(code_of(&answer), code, "{text}"),
            None => assert!(answer.ends_with("hello"), "{text}: {answer}"),
        }
    }
}

#[tokio::test]
async fn a_thousand_idle_connections_leave_room_for_requests() {
    raise_file_limit();
    let server = start(Limits { connections: 2_000, header_timeout_seconds: 20, ..limits() });
    let mut idle = Vec::new();
    for _ in 0..1_000 {
        idle.push(connect(&server).await);
    }
    let begun = Instant::now();
    let mut stream = connect(&server).await;
    send(&mut stream, GET).await;
    assert!(read_some(&mut stream).await.contains("200 OK"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn driving_a_connection_takes_few_kilobytes() {
    let listeners = Listeners::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listeners.address();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_, phase) = watch::channel(Phase::Serving);
        let room = Arc::new(Semaphore::new(1));
        let shared = Shared {
            router: Router::new(),
            limits: limits(),
            proxies: TrustedProxies::default(),
            room,
            phase,
        };
        let stream = TcpStream::connect(address).await.unwrap();
        let size = size_of_val(&connection::drive(stream, address, &shared));
        assert!(size < 8 * 1024, "{size} bytes");
    });
}
