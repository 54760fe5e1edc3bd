//! Writes run once for their idempotency key: the first request runs, a repeat is given the answer that it had.

use std::future::Future;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use tradepost_app::idempotency::{self, Claim, Db, Decision, KeyedRequest};
use tradepost_app::shop::Shop;
use tradepost_app::{Answer, StoredAnswer, WriteError};

use super::headers::WriteRequest;
use crate::problem::Problem;
use crate::respond;

/// Runs a write once for its key and principal; without a key, it just runs.
pub async fn run_once<F, Fut>(
    (db, now, lease): (&Db, Timestamp, SignedDuration),
    principal: String,
    (request, body_hash): (WriteRequest, Vec<u8>),
    run: F,
) -> Result<Response, Problem>
where
    F: FnOnce(Option<Claim>) -> Fut,
    Fut: Future<Output = Result<Answer, Problem>>,
{
    let Some(key) = request.key else {
        // On the heap: what a checkout has in hand is large, and this is held by all that waits for it.
        return Box::pin(run(None)).await.map(respond::written);
    };
    let keyed = KeyedRequest { principal, key, operation: request.operation, body_hash };
    match idempotency::decide(db, keyed, (now, lease)).await? {
        Decision::Run(claim) => run_claimed(db, claim, |claim| run(Some(claim))).await,
        decision => decided(decision),
    }
}

/// Runs a write that claims its key itself, in the transaction that stores what it makes: what fails has left no claim.
///
/// Nothing is refused before the key is known to be nobody else's: a repeat gets the answer of its first, whatever stands
/// against it by now.
pub async fn run_claiming<F, Fut>(shop: &Shop, keyed: KeyedRequest, run: F) -> Result<Response, Problem>
where
    F: Fn(Claim) -> Fut,
    Fut: Future<Output = Result<Answer, WriteError>>,
{
    let (db, lease) = (shop.store.storefront(), shop.checkout.key_lease);
    let refusal = match Box::pin(run(keyed.clone().new_claim(shop.clock.now(), lease))).await {
        Ok(answer) => return Ok(respond::written(answer)),
        Err(WriteError::KeyTaken) => None,
        Err(error) => Some(Problem::from(error)),
    };
    // What failed tells nothing of the key; what is refused for the sake of the key has looked at it.
    if let Some(problem) = refusal.as_ref().filter(|refusal| refusal.status >= 500 || is_about_key(refusal)) {
        return Err(problem.clone());
    }
    match (idempotency::decide(db, keyed, (shop.clock.now(), lease)).await?, refusal) {
        // Claimed after the fact: as it was refused, nobody had the key.
        (Decision::Run(claim), Some(problem)) if claim.resource_id.is_none() => {
            run_claimed(db, claim, |_| async { Err(problem) }).await
        }
        (Decision::Run(claim), _) => {
            run_claimed(db, claim, |claim| async { run(claim).await.map_err(Problem::from) }).await
        }
        (decision, _) => decided(decision),
    }
}

/// The answer to a request that is not to run.
fn decided(decision: Decision) -> Result<Response, Problem> {
    match decision {
        Decision::Replay(answer) => Ok(replay(answer)),
        Decision::Mismatch => Err(WriteError::KeyReused.into()),
        Decision::Run(_) | Decision::InProgress => Err(WriteError::ClaimLost.into()),
    }
}

async fn run_claimed<F, Fut>(db: &Db, claim: Claim, run: F) -> Result<Response, Problem>
where
    F: FnOnce(Claim) -> Fut,
    Fut: Future<Output = Result<Answer, Problem>>,
{
    match Box::pin(run(claim.clone())).await {
        Ok(answer) => Ok(respond::written(answer)),
        Err(problem) => {
            let settled = settle(db, &claim, &problem).await;
            settled.inspect_err(|_| idempotency::suspend_later(db.clone(), claim))?;
            Err(problem)
        }
    }
}

/// Leaves the key as a request that came to nothing has to leave it.
async fn settle(db: &Db, claim: &Claim, problem: &Problem) -> Result<(), Problem> {
    if is_kept(problem) {
        idempotency::keep_refusal(db, claim, &stored(problem)?).await?;
    } else if problem.status >= 500 || is_lost(problem) {
        idempotency::suspend(db, claim).await?;
    } else {
        idempotency::release(db, claim).await?;
    }
    Ok(())
}

/// Whether somebody else may have the key, or have made something under it: it is not ours to delete.
fn is_lost(problem: &Problem) -> bool {
    problem.code == "idempotency_in_progress"
}

/// Refusals that a repeat must get again: the work ran and was against the rules or the state.
fn is_kept(problem: &Problem) -> bool {
    matches!(problem.status, 404 | 409 | 412 | 422) && !is_about_key(problem)
}

fn is_about_key(problem: &Problem) -> bool {
    problem.code.starts_with("idempotency_")
}

fn stored(problem: &Problem) -> Result<StoredAnswer, Problem> {
    let body = serde_json::to_vec(problem).map_err(|error| Problem::internal(&error))?;
    let status = i16::try_from(problem.status).unwrap_or(500);
    Ok(StoredAnswer { status, body, etag: None, location: None })
}

fn replay(answer: StoredAnswer) -> Response {
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if status.is_success() {
        let etag = answer.etag.and_then(|etag| HeaderValue::from_str(&etag).ok());
        respond::private(status, answer.body, etag, answer.location.as_deref())
    } else {
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) => problem.into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    };
    response.headers_mut().insert(respond::IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    response
}
