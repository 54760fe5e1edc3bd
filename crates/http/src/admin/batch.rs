//! What batches of every kind have in common: their size, and what becomes of an item that fails.

use axum::http::StatusCode;
use tradepost_app::WriteError;
use tradepost_app::batch::Refusal;
use tradepost_domain::kernel::limits::BATCH_MAX;

use crate::extract::WriteRequest;
use crate::problem::Problem;

/// The items of a batch, 1 to [`BATCH_MAX`]; `at` is their path in the body.
pub(super) fn sized<T>(items: Vec<T>, at: &str) -> Result<Vec<T>, Problem> {
    if (1..=BATCH_MAX).contains(&items.len()) {
        return Ok(items);
    }
    let detail = format!("a batch has 1 to {BATCH_MAX} operations");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_size", detail).param(at))
}

/// Makes refusals of errors. What is about the key is no answer of an item; neither is a failure of ours, as long as the
/// request has a key with which it can be asked again.
pub(super) fn refusing(
    request: &WriteRequest,
) -> impl Fn(WriteError) -> Result<Refusal, Problem> + Send + use<> {
    let has_key = request.key.is_some();
    move |error| {
        let about_key = matches!(error, WriteError::ClaimLost | WriteError::KeyReused);
        let problem = Problem::from(error);
        if about_key || (has_key && problem.status >= 500) {
            return Err(problem);
        }
        let json = serde_json::to_vec(&problem).map_err(|error| Problem::internal(&error))?;
        Ok(Refusal { status: problem.status, problem: json })
    }
}
