//! Somebody who is told what happens in the shop: an endpoint of its webhooks, which outlives it and keeps what it hears.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde::Deserialize;
use tokio::task::JoinHandle;

use crate::LabError;

/// The part of a message that matters here.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    version: i64,
    data: Thing,
}

#[derive(Debug, Deserialize)]
struct Thing {
    id: String,
}

/// What was heard: the ids of the messages that told the same.
type Heard = Arc<Mutex<BTreeMap<(String, String, i64), BTreeSet<String>>>>;

/// An endpoint that takes everything.
#[derive(Debug)]
pub(super) struct Ears {
    address: SocketAddr,
    heard: Heard,
    listening: JoinHandle<()>,
}

impl Ears {
    /// Opens on a free port of this machine.
    pub(super) async fn open() -> Result<Self, LabError> {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let heard = Heard::default();
        let router = Router::new().route("/", post(hear)).with_state(heard.clone());
        let listening = tokio::spawn(async move {
            // It ends with the torture.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, heard, listening })
    }

    /// Where messages go.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Orders that were told to be placed.
    pub(super) fn placed(&self) -> BTreeSet<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.keys().filter(|(kind, ..)| kind == "order.placed").map(|(_, id, _)| id.clone()).collect()
    }

    /// What was told under more than one id, so that nobody could know it for a repetition.
    pub(super) fn told_twice(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let twice = heard.iter().filter(|((kind, ..), ids)| kind.starts_with("order.") && ids.len() > 1);
        twice.map(|((kind, id, version), _)| format!("{kind} of {id}, version {version}")).collect()
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: String) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let (Some(id), Ok(message)) = (id, serde_json::from_str::<Message>(&body)) else {
        return StatusCode::BAD_REQUEST;
    };
    let what = (message.kind, message.data.id, message.version);
    heard.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default().insert(id.to_owned());
    StatusCode::NO_CONTENT
}
