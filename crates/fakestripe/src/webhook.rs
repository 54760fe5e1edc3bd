//! Webhooks: signed as Stripe signs them (<https://docs.stripe.com/webhooks#verify-manually>), sent as often and in the
//! order that a test wants.

use std::net::SocketAddr;

use ring::hmac;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A webhook that is ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedWebhook {
    /// Id of its event.
    pub event_id: String,
    /// What its event is about, such as `payment_intent.succeeded`.
    pub kind: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
    /// The very bytes that are signed.
    pub body: Vec<u8>,
}

/// Where webhooks go.
#[derive(Clone)]
pub struct WebhookTarget {
    /// The shop's server.
    pub address: SocketAddr,
    /// Path of the endpoint, such as `/api/payments/webhook`.
    pub path: String,
    /// The endpoint's secret.
    pub secret: String,
}

impl std::fmt::Debug for WebhookTarget {
    /// Without the secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let target = &mut formatter.debug_struct("WebhookTarget");
        target.field("address", &self.address).field("path", &self.path).finish_non_exhaustive()
    }
}

/// How often and in what order webhooks are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryPlan {
    /// Each once, oldest first.
    Once,
    /// Each twice, one right after the other.
    Twice,
    /// Each once, newest first.
    Reversed,
    /// All of them oldest first, then all of them again newest first.
    BackAndForth,
    /// None: they are lost.
    Never,
}

impl DeliveryPlan {
    /// The webhooks as they are to be sent.
    pub fn arrange(self, webhooks: Vec<SignedWebhook>) -> Vec<SignedWebhook> {
        let reversed = || webhooks.iter().rev().cloned();
        match self {
            Self::Once => webhooks,
            Self::Twice => webhooks.into_iter().flat_map(|webhook| [webhook.clone(), webhook]).collect(),
            Self::Reversed => reversed().collect(),
            Self::BackAndForth => webhooks.iter().cloned().chain(reversed()).collect(),
            Self::Never => Vec::new(),
        }
    }
}

impl SignedWebhook {
    /// Signs an event at a time in seconds.
    pub fn sign(secret: &str, seconds: i64, event: &Value) -> Self {
        let body = event.to_string().into_bytes();
        let signature = header(secret, seconds, &body);
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { event_id: text("id"), kind: text("type"), signature, body }
    }

    /// The same body, signed at another time.
    #[must_use]
    pub fn signed_again(self, secret: &str, seconds: i64) -> Self {
        Self { signature: header(secret, seconds, &self.body), ..self }
    }
}

fn header(secret: &str, seconds: i64, body: &[u8]) -> String {
    let message = [format!("{seconds}.").as_bytes(), body].concat();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), &message);
    let hex = signature.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("t={seconds},v1={hex}")
}

impl WebhookTarget {
    /// Sends a webhook and gives the status of the answer.
    pub async fn send(&self, webhook: &SignedWebhook) -> std::io::Result<u16> {
        let mut stream = TcpStream::connect(self.address).await?;
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             stripe-signature: {}\r\nconnection: close\r\n\r\n",
            self.path,
            self.address,
            webhook.body.len(),
            webhook.signature
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&webhook.body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        // `HTTP/1.1 200 OK`
        let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        status.ok_or_else(|| std::io::Error::other("the answer has no status"))
    }
}
