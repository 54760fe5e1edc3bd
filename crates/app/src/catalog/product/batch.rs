//! Up to fifty changes of products in one request. Each is a transaction of its own and succeeds or fails alone.
//!
//! With an `Idempotency-Key`, each item has a key of its own, made of the request's and its place: its answer is stored
//! in its transaction. A crash in between leaves the items before it done and answered; a repeat of the request gives
//! their answers again and goes on with the rest. The whole answer is stored last, under the request's key. A failure
//! on our side (5xx) ends the request at its item, is never stored, and a repeat continues there.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use tradepost_store::idempotency::{Claim, StoredAnswer};
use utoipa::ToSchema;

use super::changes::ProductChanges;
use super::create::create_product;
use super::delete::delete_product;
use super::patch::{ProductTarget, patch_product};
use super::transition::{archive_product, publish_product, unpublish_product};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::idempotency::{self, Decision, KeyedRequest};
use crate::work::StaffContext;

/// One change of a batch.
#[derive(Debug, Clone)]
pub enum BatchOperation {
    /// A new product.
    Create(Box<ProductChanges>),
    /// A changed product.
    Patch(ProductTarget, Box<ProductChanges>),
    /// A product put on the shelf, now or at a time to come.
    Publish(ProductTarget, Option<Timestamp>),
    /// A product taken off the shelf, to be written on.
    Unpublish(ProductTarget),
    /// A product taken off the shelf for good.
    Archive(ProductTarget),
    /// A product that goes.
    Delete(ProductTarget),
}

/// A refusal that is an answer: its status and its problem as JSON. What is no answer stays an error.
#[derive(Debug)]
pub struct Refusal {
    /// Status code, 4xx.
    pub status: u16,
    /// The problem.
    pub problem: Vec<u8>,
}

/// What came of one change.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItemView {
    /// Place of the operation in the request.
    pub index: usize,
    /// Status code that the operation alone would have had.
    #[schema(example = 200)]
    pub status: u16,
    /// The product, when it was done and is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<super::view::ProductAdminView>)]
    pub body: Option<Box<RawValue>>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Box<RawValue>>,
}

/// What came of a batch, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductBatchView {
    /// One result an operation.
    pub results: Vec<BatchItemView>,
}

/// Runs a batch. `refuse` turns an error into a refusal, or gives it back when it must not be kept.
pub async fn run_product_batch<E, R>(
    context: &StaffContext,
    operations: Vec<BatchOperation>,
    refuse: R,
) -> Result<Answer, E>
where
    E: From<WriteError>,
    R: Fn(WriteError) -> Result<Refusal, E>,
{
    let mut results = Vec::with_capacity(operations.len());
    for (index, operation) in operations.into_iter().enumerate() {
        results.push(run_item(context, index, operation, &refuse).await?);
    }
    let view = ProductBatchView { results };
    let work = context.begin("finish_batch").await.map_err(WriteError::from)?;
    work.finish_with(Outcome::Done, &view, None).await.map_err(E::from)
}

async fn run_item<E, R>(
    context: &StaffContext,
    index: usize,
    operation: BatchOperation,
    refuse: &R,
) -> Result<BatchItemView, E>
where
    E: From<WriteError>,
    R: Fn(WriteError) -> Result<Refusal, E>,
{
    let claim = match claim_item(context, index).await? {
        Some(Decision::Run(claim)) => Some(claim),
        Some(Decision::Replay(answer)) => return Ok(stored_item(index, &answer)?),
        Some(Decision::Mismatch | Decision::InProgress) => return Err(WriteError::ClaimLost.into()),
        None => None,
    };
    let own = StaffContext { claim: claim.clone(), ..context.clone() };
    match Box::pin(run(&own, operation)).await {
        Ok(answer) => Ok(item(index, answer.outcome.status(), &answer.body)?),
        Err(error) => match refuse(error) {
            Ok(refusal) => {
                keep(context, claim.as_ref(), &refusal).await?;
                Ok(item(index, refusal.status, &refusal.problem)?)
            }
            Err(error) => {
                if let Some(claim) = claim {
                    let released = idempotency::release(context.shop.store.admin(), &claim).await;
                    released.map_err(WriteError::from)?;
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
    Ok(Some(idempotency::decide(context.shop.store.admin(), request, context.now()).await?))
}

async fn keep(context: &StaffContext, claim: Option<&Claim>, refusal: &Refusal) -> Result<(), WriteError> {
    let Some(claim) = claim else { return Ok(()) };
    let status = i16::try_from(refusal.status).unwrap_or(500);
    let answer = StoredAnswer { status, body: refusal.problem.clone(), etag: None, location: None };
    Ok(idempotency::keep_refusal(context.shop.store.admin(), claim, &answer).await?)
}

async fn run(context: &StaffContext, operation: BatchOperation) -> Result<Answer, WriteError> {
    match operation {
        BatchOperation::Create(changes) => create_product(context, *changes).await,
        BatchOperation::Patch(target, changes) => patch_product(context, &target, &changes).await,
        BatchOperation::Publish(target, at) => publish_product(context, &target, at).await,
        BatchOperation::Unpublish(target) => unpublish_product(context, &target).await,
        BatchOperation::Archive(target) => archive_product(context, &target).await,
        BatchOperation::Delete(target) => delete_product(context, &target).await,
    }
}

fn stored_item(index: usize, answer: &StoredAnswer) -> Result<BatchItemView, WriteError> {
    item(index, u16::try_from(answer.status).unwrap_or(500), &answer.body)
}

fn item(index: usize, status: u16, json: &[u8]) -> Result<BatchItemView, WriteError> {
    let value = if json.is_empty() { None } else { Some(serde_json::from_slice::<Box<RawValue>>(json)?) };
    let (body, problem) = if status < 400 { (value, None) } else { (None, value) };
    Ok(BatchItemView { index, status, body, problem })
}
