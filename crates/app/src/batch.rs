//! Up to fifty changes in one request. Each is a transaction of its own and succeeds or fails alone.
//!
//! With an `Idempotency-Key`, each item has a key of its own, made of the request's and its place: its answer is stored
//! in its transaction. A crash in between leaves the items before it done and answered; a repeat of the request gives
//! their answers again and goes on with the rest. The whole answer is stored last, under the request's key. A failure
//! on our side (5xx) ends the request at its item, is never stored, and a repeat continues there.
//!
//! Without a key nothing could be asked for again: such a failure is the answer of its item, and the last one.

use std::future::Future;

use serde::Serialize;
use serde_json::value::RawValue;
use tradepost_store::idempotency::{Claim, StoredAnswer};
use utoipa::ToSchema;

use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::idempotency::{self, Decision, KeyedRequest};
use crate::work::StaffContext;

/// One change of a batch.
pub trait BatchOperation: Send {
    /// Makes the change as a request of its own would.
    fn run(self, context: &StaffContext) -> impl Future<Output = Result<Answer, WriteError>> + Send;
}

/// A refusal that is an answer: its status and its problem as JSON. What is no answer stays an error.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Status code; from 500 on the batch ends with it.
    pub status: u16,
    /// The problem.
    pub problem: Vec<u8>,
}

/// What came of one change: the finished bytes of what [`BatchItemView`] describes.
#[derive(Debug, Serialize)]
struct BatchItem {
    index: usize,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct Batch {
    results: Vec<BatchItem>,
}

/// What came of one change.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is put together of finished bytes")]
pub struct BatchItemView<T> {
    /// Place of the operation in the request.
    index: usize,
    /// Status code that the operation alone would have had.
    #[schema(example = 200)]
    status: u16,
    /// What was changed, when it was done and is still there.
    body: Option<T>,
    /// Why it was not done.
    #[schema(value_type = Option<Object>)]
    problem: Option<Box<RawValue>>,
}

/// What came of a batch, in the order of the request.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is put together of finished bytes")]
pub struct BatchView<T> {
    /// One result an operation; fewer where a failure on our side ended the batch, which is then the last.
    results: Vec<BatchItemView<T>>,
}

/// Runs a batch. What could not be read comes as its refusal, which needs no key: the same request is refused the same
/// way. `refuse` turns an error into a refusal, or gives it back when it must not be an item's answer.
pub async fn run_batch<O, E, R>(
    context: &StaffContext,
    operations: Vec<Result<O, Refusal>>,
    refuse: R,
) -> Result<Answer, E>
where
    O: BatchOperation,
    E: From<WriteError>,
    R: Fn(WriteError) -> Result<Refusal, E>,
{
    let mut results = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        let item = match operation {
            Ok(operation) => run_item(context, index, operation, &refuse).await?,
            Err(refusal) => item(index, refusal.status, &refusal.problem)?,
        };
        let failed = item.status >= 500;
        results.push(item);
        if failed {
            break;
        }
    }
    let view = Batch { results };
    if context.claim.is_none() {
        return Ok(Answer::new(Outcome::Done, &view, None).map_err(WriteError::from)?);
    }
    let work = context.begin("finish_batch").await.map_err(WriteError::from)?;
    work.finish_with(Outcome::Done, &view, None).await.map_err(E::from)
}

async fn run_item<O, E, R>(
    context: &StaffContext,
    index: usize,
    operation: O,
    refuse: &R,
) -> Result<BatchItem, E>
where
    O: BatchOperation,
    E: From<WriteError>,
    R: Fn(WriteError) -> Result<Refusal, E>,
{
    let claim = match claim_item(context, index).await? {
        Some(Decision::Run(claim)) => Some(claim),
        Some(Decision::Replay(answer)) => return Ok(stored_item(index, &answer)?),
        Some(Decision::Mismatch) => return Err(WriteError::KeyReused.into()),
        Some(Decision::InProgress) => return Err(WriteError::ClaimLost.into()),
        None => None,
    };
    let own = StaffContext { claim: claim.clone(), ..context.clone() };
    match Box::pin(operation.run(&own)).await {
        Ok(answer) => Ok(item(index, answer.outcome.status(), &answer.body)?),
        Err(error) => match refuse(error) {
            Ok(refusal) => {
                keep(context, claim.as_ref(), &refusal).await?;
                Ok(item(index, refusal.status, &refusal.problem)?)
            }
            Err(error) => {
                if let Some(claim) = claim {
                    // Suspended, not deleted: the item may have made something, or another request have the key.
                    let db = context.shop.store.admin();
                    let suspended = idempotency::suspend(db, &claim).await;
                    suspended
                        .inspect_err(|_| idempotency::suspend_later(db.clone(), claim))
                        .map_err(WriteError::from)?;
                }
                Err(error)
            }
        },
    }
}

/// Claims the item's own key. A client's key holds no spaces, so none can be the same.
async fn claim_item(context: &StaffContext, index: usize) -> Result<Option<Decision>, WriteError> {
    let Some(Claim { principal, key, operation, body_hash, .. }) = context.claim.clone() else {
        return Ok(None);
    };
    let request = KeyedRequest { principal, key: format!("{key} item {index}"), operation, body_hash };
    let until = (context.now(), context.shop.checkout.key_lease);
    Ok(Some(idempotency::decide(context.shop.store.admin(), request, until).await?))
}

async fn keep(context: &StaffContext, claim: Option<&Claim>, refusal: &Refusal) -> Result<(), WriteError> {
    let Some(claim) = claim else { return Ok(()) };
    let status = i16::try_from(refusal.status).unwrap_or(500);
    let answer = StoredAnswer { status, body: refusal.problem.clone(), etag: None, location: None };
    Ok(idempotency::keep_refusal(context.shop.store.admin(), claim, &answer).await?)
}

fn stored_item(index: usize, answer: &StoredAnswer) -> Result<BatchItem, WriteError> {
    item(index, u16::try_from(answer.status).unwrap_or(500), &answer.body)
}

fn item(index: usize, status: u16, json: &[u8]) -> Result<BatchItem, WriteError> {
    let value = if json.is_empty() { None } else { Some(serde_json::from_slice::<Box<RawValue>>(json)?) };
    let (body, problem) = if status < 400 { (value, None) } else { (None, value) };
    Ok(BatchItem { index, status, body, problem })
}
