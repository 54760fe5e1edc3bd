//! Writing: changes of a batch become one state of each product, and go to the server under the sequence of the last change.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{Change, ChangeKind, IndexDocument, Live};

use super::client::OpenSearchError;
use super::entry::{Kept, entry, gone, id_of, key_of};
use super::{OpenSearch, READ_BATCH, layout};

/// Bytes of one request for writes, roughly.
const BULK_BYTES: usize = 8 << 20;

/// Times that a write is sent before it counts as failed.
const TRIES_MAX: u32 = 4;

/// Time before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// What happened to a product in a batch.
struct Pending {
    sequence: i64,
    state: State,
}

enum State {
    There(Box<IndexDocument>),
    Gone,
    /// It is what it was, but for these.
    Live(Vec<Live>),
}

#[derive(Deserialize)]
struct Read {
    docs: Vec<ReadDocument>,
}

#[derive(Deserialize)]
struct ReadDocument {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_version", default)]
    version: i64,
    #[serde(rename = "_source")]
    source: Option<Kept>,
}

#[derive(Deserialize)]
struct Written {
    errors: bool,
    items: Vec<WrittenItem>,
}

#[derive(Deserialize)]
struct WrittenItem {
    index: WrittenOne,
}

#[derive(Deserialize)]
struct WrittenOne {
    status: u16,
    #[serde(default)]
    error: Value,
}

/// Of several changes of a product, what they come to.
fn reduce(changes: Vec<Change<IndexDocument>>) -> BTreeMap<ProductId, Pending> {
    let mut pending: BTreeMap<ProductId, Pending> = BTreeMap::new();
    for change in changes {
        let known = pending
            .entry(change.id)
            .or_insert(Pending { sequence: change.sequence, state: State::Live(Vec::new()) });
        known.sequence = known.sequence.max(change.sequence);
        match (change.kind, &mut known.state) {
            (ChangeKind::Upsert(product), state) => *state = State::There(product),
            (ChangeKind::Delete, state) => *state = State::Gone,
            (ChangeKind::Live(live), State::There(product)) => product.document.take(&live),
            (ChangeKind::Live(live), State::Live(lives)) => lives.push(live),
            (ChangeKind::Live(_), State::Gone) => {}
        }
    }
    pending
}

impl OpenSearch {
    /// Takes changes; see [`tradepost_port::search::SearchEngine::apply`].
    pub(super) async fn take(&self, changes: Vec<Change<IndexDocument>>) -> Result<i64, OpenSearchError> {
        let _one_at_a_time = self.writing.lock().await;
        if changes.is_empty() {
            return Ok(self.applied.sequence());
        }
        let last = self.write_all(changes).await?;
        // Only now, when all of it is there: a restart goes on behind this.
        let mut state = Vec::new();
        line(&mut state, layout::STATE, last, &json!({"sequence": last}))?;
        self.write(state).await?;
        self.durable.fetch_max(last, Ordering::AcqRel);
        Ok(self.heard_of(last))
    }

    /// The same without a note of how far the index has come, for whoever compares the versions of its products instead: the note is
    /// a write of its own, which everybody who searches would wait for.
    pub(super) async fn take_unnoted(
        &self,
        changes: Vec<Change<IndexDocument>>,
    ) -> Result<i64, OpenSearchError> {
        let _one_at_a_time = self.writing.lock().await;
        let last = self.write_all(changes).await?;
        Ok(self.heard_of(last))
    }

    async fn write_all(&self, changes: Vec<Change<IndexDocument>>) -> Result<i64, OpenSearchError> {
        let last = changes.iter().map(|change| change.sequence).max().unwrap_or_default();
        let last = last.max(self.applied.sequence());
        let mut pending = reduce(changes);
        self.read_live(&mut pending).await?;
        let mut lines = Vec::new();
        for (id, Pending { sequence, state }) in &pending {
            match state {
                State::There(product) => {
                    line(&mut lines, &key_of(*id), *sequence, &entry(product, *sequence))?;
                }
                State::Gone => line(&mut lines, &key_of(*id), *sequence, &gone(*id))?,
                // It is not on the shelf.
                State::Live(_) => {}
            }
            if lines.len() >= BULK_BYTES {
                self.write(std::mem::take(&mut lines)).await?;
            }
        }
        if !lines.is_empty() {
            self.write(lines).await?;
        }
        Ok(last)
    }

    /// Fills in the products of which only prices and stock changed.
    async fn read_live(&self, pending: &mut BTreeMap<ProductId, Pending>) -> Result<(), OpenSearchError> {
        let wanted: Vec<String> = pending
            .iter()
            .filter(|(_, pending)| matches!(pending.state, State::Live(_)))
            .map(|(id, _)| key_of(*id))
            .collect();
        for keys in wanted.chunks(READ_BATCH) {
            let path = format!("{}/_mget?_source=shelved,words,document", self.target());
            let body = json!({"ids": keys});
            let read = self.server.call(Method::POST, &path, &body).await?;
            for read in serde_json::from_slice::<Read>(&read)?.docs {
                let Some(pending) = id_of(&read.id).and_then(|id| pending.get_mut(&id)) else { continue };
                // What is newer has these changes already.
                if read.version > pending.sequence {
                    continue;
                }
                let Some(mut product) = read.source.and_then(Kept::product) else { continue };
                if let State::Live(lives) = &pending.state {
                    for live in lives {
                        product.document.take(live);
                    }
                    pending.state = State::There(Box::new(product));
                }
            }
        }
        Ok(())
    }

    /// Sends lines; what is older than what is there is left out by the server, and that is no failure.
    async fn write(&self, lines: Vec<u8>) -> Result<(), OpenSearchError> {
        let target = self.target();
        // Without its index nothing is written: the server would make one up, of another layout.
        let path = format!("{target}/_bulk?require_alias={}", target == self.alias);
        let mut pause = PAUSE;
        for _ in 1..TRIES_MAX {
            match self.write_once(&path, lines.clone()).await {
                Err(error) if error.is_passing() => tokio::time::sleep(pause).await,
                done => return done,
            }
            pause = pause.saturating_mul(2);
        }
        self.write_once(&path, lines).await
    }

    async fn write_once(&self, path: &str, lines: Vec<u8>) -> Result<(), OpenSearchError> {
        let written: Written = serde_json::from_slice(&self.server.bulk(path, lines).await?)?;
        if !written.errors {
            return Ok(());
        }
        let failed = written.items.into_iter().find(|item| !matches!(item.index.status, 200..=299 | 409));
        match failed.map(|item| item.index) {
            None => Ok(()),
            Some(WrittenOne { status: status @ (429 | 502..=504), .. }) => {
                Err(OpenSearchError::Overloaded(status))
            }
            Some(WrittenOne { status, error }) => {
                Err(OpenSearchError::Refused { status, reason: error.to_string() })
            }
        }
    }
}

/// A write: it counts if nothing newer is there.
fn line(
    lines: &mut Vec<u8>,
    key: &str,
    version: i64,
    entry: &impl serde::Serialize,
) -> Result<(), OpenSearchError> {
    let action = json!({"index": {"_id": key, "version": version.max(0), "version_type": "external_gte"}});
    serde_json::to_writer(&mut *lines, &action)?;
    lines.push(b'\n');
    serde_json::to_writer(&mut *lines, entry)?;
    lines.push(b'\n');
    Ok(())
}
