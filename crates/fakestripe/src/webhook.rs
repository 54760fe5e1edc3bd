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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;
    use crate::FakeStripe;

    /// An endpoint that gives these statuses, one after the other, and then the heads and bodies that came.
    async fn endpoint(statuses: &'static [u16]) -> (WebhookTarget, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = tokio::spawn(async move {
            let mut heard = Vec::new();
            for status in statuses {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut call = Vec::new();
                while !call.ends_with(b"}") {
                    stream.read_buf(&mut call).await.unwrap();
                }
                heard.push(String::from_utf8(call).unwrap());
                let answer = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            heard
        });
        (WebhookTarget { address, path: "/hook".to_owned(), secret: "whsec_1".to_owned() }, heard)
    }

    async fn stripe_with_one_event() -> FakeStripe {
        let stripe = FakeStripe::start(Arc::new(|| 1_790_000_000)).await.unwrap();
        stripe.shared.world().tell("payment_intent.created", &json!({"id": "pi_1"}), 1);
        stripe
    }

    #[tokio::test]
    async fn what_happened_is_delivered_once_with_its_signature() {
        let (target, heard) = endpoint(&[204]).await;
        let stripe = stripe_with_one_event().await;
        let statuses: Vec<_> =
            stripe.deliver(&target, DeliveryPlan::Once).await.into_iter().flatten().collect();
        assert_eq!(statuses, [204]);
        assert!(stripe.deliver(&target, DeliveryPlan::Once).await.is_empty());
        let heard = heard.await.unwrap();
        assert!(heard[0].starts_with("POST /hook HTTP/1.1\r\n"));
        assert!(heard[0].contains("stripe-signature: t=1790000000,v1="));
    }

    #[tokio::test]
    async fn what_is_not_taken_is_delivered_again() {
        let (target, heard) = endpoint(&[500, 503, 200]).await;
        let stripe = stripe_with_one_event().await;
        let heard = tokio::select! {
            () = stripe.keep_delivering(&target, DeliveryPlan::Once) => unreachable!("it never ends"),
            heard = heard => heard.unwrap(),
        };
        assert_eq!((&heard[0], &heard[1]), (&heard[1], &heard[2]));
    }

    #[test]
    fn plans_repeat_and_reorder() {
        let webhooks: Vec<_> = ["a", "b"]
            .iter()
            .map(|id| SignedWebhook::sign("s", 1, &json!({"id": id, "type": "t"})))
            .collect();
        let order = |plan: DeliveryPlan| {
            plan.arrange(webhooks.clone()).iter().map(|webhook| webhook.event_id.clone()).collect::<String>()
        };
        let plans = [
            DeliveryPlan::Once,
            DeliveryPlan::Twice,
            DeliveryPlan::Reversed,
            DeliveryPlan::BackAndForth,
            DeliveryPlan::Never,
        ];
        assert_eq!(plans.map(order), ["ab", "aabb", "ba", "abba", ""]);
    }
}
