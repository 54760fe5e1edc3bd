//! Requests that are sent twice: the first runs, the second gets the same answer.
//!
//! A key is claimed in a small transaction before the work and finished in the transaction of the work, so that there
//! is no moment at which the work is done and its answer is not kept. Only answers of work that ran are kept: an
//! answer that a repeat could better (401, 429) gives the key back. A failure of ours (5xx) may have left parts of a
//! batch done: its key stays with its request, which a repeat takes up at once.
//!
//! Orders claim their keys in the transaction that they are decided in (docs/adr/0018): a key is stored with its order or
//! not at all.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use tradepost_store::idempotency::{self, ExistingKey, StoredAnswer};

pub use tradepost_store::Db;
use tradepost_store::StoreError;
pub use tradepost_store::idempotency::Claim;

/// How long a claim holds where nothing else is configured; longer than any request may take.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

/// Time between two tries to end a claim that nothing works on.
const SUSPEND_EVERY: Duration = Duration::from_millis(500);
/// Tries at most: a lease.
const SUSPEND_TRIES: u32 = 60;

/// A request with a key.
#[derive(Debug, Clone)]
pub struct KeyedRequest {
    /// Whose key it is.
    pub principal: String,
    /// The key.
    pub key: String,
    /// Method and path.
    pub operation: String,
    /// SHA-256 of the body.
    pub body_hash: Vec<u8>,
}

impl KeyedRequest {
    /// The claim that the transaction of the work is to store.
    pub fn new_claim(self, now: Timestamp, lease: SignedDuration) -> Claim {
        let locked_until = now.saturating_add(lease).unwrap_or(now);
        let Self { principal, key, operation, body_hash } = self;
        Claim { principal, key, operation, body_hash, locked_until, resource_id: None, is_new: true }
    }
}

/// What to do with a keyed request.
#[derive(Debug)]
pub enum Decision {
    /// Run it and finish the claim.
    Run(Claim),
    /// It ran: give the same answer.
    Replay(StoredAnswer),
    /// The key was used for another request.
    Mismatch,
    /// It is running now.
    InProgress,
}

/// SHA-256 of a request's body.
pub fn body_hash(body: &[u8]) -> Vec<u8> {
    digest(&SHA256, body).as_ref().to_vec()
}

/// Claims the key for so long, or finds out what became of its first request.
pub async fn decide(
    db: &Db,
    request: KeyedRequest,
    (now, lease): (Timestamp, SignedDuration),
) -> Result<Decision, StoreError> {
    let conn = db.conn().await?;
    let mut claim = Claim { is_new: false, ..request.new_claim(now, lease) };
    match idempotency::claim(&conn, &claim, now).await {
        Ok(true) => return Ok(Decision::Run(claim)),
        Ok(false) => {}
        // It is inserted in a transaction that has not ended yet.
        Err(error) if error.is_lock_timeout() => return Ok(Decision::InProgress),
        Err(error) => return Err(error),
    }
    let Some(existing) = idempotency::get(&conn, &claim.principal, &claim.key).await? else {
        // Given back between the two statements: the client may try again at once.
        return Ok(Decision::InProgress);
    };
    let ExistingKey { operation, body_hash, locked_until, answer, .. } = existing;
    if operation != claim.operation || body_hash != claim.body_hash {
        return Ok(Decision::Mismatch);
    }
    if let Some(answer) = answer {
        return Ok(Decision::Replay(answer));
    }
    if locked_until >= now {
        return Ok(Decision::InProgress);
    }
    let Some(begun) = idempotency::take_over(&conn, &claim, now).await? else {
        return Ok(Decision::InProgress);
    };
    claim.resource_id = begun;
    Ok(Decision::Run(claim))
}

/// Keeps a refusal (404, 409, 412, 422) so that a repeat gets the same; nothing else was written with it.
pub async fn keep_refusal(db: &Db, claim: &Claim, answer: &StoredAnswer) -> Result<(), StoreError> {
    let tx = db.begin("keep_refusal").await?;
    idempotency::finish(&tx, claim, answer).await?;
    tx.commit().await
}

/// Ends the claim and leaves the key to its request: a repeat of it runs at once, another request is refused.
pub async fn suspend(db: &Db, claim: &Claim) -> Result<(), StoreError> {
    idempotency::suspend(&*db.conn().await?, claim).await
}

/// [`suspend`] for whoever cannot wait for it, or has tried in vain: until it succeeds, or the claim has run out by itself.
/// Nobody is to wait for a key that nothing works on.
pub fn suspend_later(db: Db, claim: Claim) {
    // Without a runtime the process ends, and the lease with time.
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        for _ in 0..SUSPEND_TRIES {
            match suspend(&db, &claim).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, "a claim is not suspended yet"),
            }
            tokio::time::sleep(SUSPEND_EVERY).await;
        }
    });
}

/// Gives the key back, so that a repeat runs.
pub async fn release(db: &Db, claim: &Claim) -> Result<(), StoreError> {
    idempotency::release(&*db.conn().await?, claim).await
}
