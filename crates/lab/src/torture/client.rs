//! A client over plain HTTP/1.1 that knows the difference between an answer and none: what was sent and not answered may
//! have been done, and only whoever asks may decide to ask again.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use memchr::memmem;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than the shop may take: no answer within is a broken promise.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: Vec::new(), body: None }
    }

    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: "POST", path: path.into(), headers: Vec::new(), body: Some(body) }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With an idempotency key.
    pub(super) fn once(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// To whatever version there is: everybody at once changes the same order here.
    pub(super) fn any_version(self) -> Self {
        self.header("If-Match", "*")
    }

    fn bytes(&self) -> Vec<u8> {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut head = format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.body.is_some() {
            let length = body.len();
            let _ = write!(head, "Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        head.push_str("\r\n");
        [head.into_bytes(), body.into_bytes()].concat()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Whether it was given before, to the same key.
    pub(super) replayed: bool,
    pub(super) body: Value,
}

impl Reply {
    /// The code of a problem; empty in an answer that is none.
    pub(super) fn code(&self) -> &str {
        self.text("/code")
    }

    /// A text of the body; empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number of the body; nothing where there is none.
    pub(super) fn number(&self, pointer: &str) -> i64 {
        self.body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
    }

    /// Whether the shop asks to come again: it is busy, its database is away, or the same request is being done now.
    pub(super) fn asks_to_come_again(&self) -> bool {
        matches!(self.status, 429 | 500..=599)
            || (self.status == 409 && self.code().starts_with("idempotency_"))
    }
}

/// One connection, kept from call to call.
#[derive(Debug)]
pub(super) struct Client {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: BytesMut,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: BytesMut::new() }
    }

    /// Sends a call once. An error means that there was no answer, not that nothing was done.
    pub(super) async fn send(&mut self, call: &Call) -> std::io::Result<Reply> {
        let answer = tokio::time::timeout(PATIENCE, self.exchange(call)).await;
        let answer = answer.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    /// Connects, so that what is sent next is sent at once.
    pub(super) async fn connect(&mut self) -> std::io::Result<()> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.buffer.clear();
            self.stream = Some(stream);
        }
        Ok(())
    }

    async fn exchange(&mut self, call: &Call) -> std::io::Result<Reply> {
        self.connect().await?;
        let Some(stream) = self.stream.as_mut() else { return Err(std::io::ErrorKind::NotConnected.into()) };
        stream.write_all(&call.bytes()).await?;
        let head_end = loop {
            if let Some(place) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break place + 4;
            }
            read_more(stream, &mut self.buffer).await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default()).to_lowercase();
        let header =
            |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        let status: u16 = status.ok_or_else(|| std::io::Error::other("the answer has no status"))?;
        let length: usize = header("content-length:").and_then(|digits| digits.parse().ok()).unwrap_or(0);
        let (replayed, closes) = (
            header("idempotent-replayed:").is_some(),
            header("connection:").is_some_and(|value| value == "close"),
        );
        self.buffer.advance(head_end);
        while self.buffer.len() < length {
            read_more(stream, &mut self.buffer).await?;
        }
        let body = serde_json::from_slice(&self.buffer.split_to(length)).unwrap_or(Value::Null);
        if closes {
            self.stream = None;
        }
        Ok(Reply { status, replayed, body })
    }
}

async fn read_more(stream: &mut TcpStream, buffer: &mut BytesMut) -> std::io::Result<()> {
    if stream.read_buf(buffer).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Sends until there is an answer that is for good.
pub(super) async fn until_answered(
    client: &mut Client,
    call: &Call,
    until: Instant,
) -> std::io::Result<Reply> {
    loop {
        match client.send(call).await {
            Ok(reply) if !reply.asks_to_come_again() => return Ok(reply),
            Ok(reply) if Instant::now() > until => return Ok(reply),
            Err(error) if Instant::now() > until => return Err(error),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
