//! What batches of every kind have in common: their size, and what becomes of an item that cannot be read or fails.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tradepost_app::WriteError;
use tradepost_app::batch::Refusal;
use tradepost_domain::kernel::limits::BATCH_MAX;

use crate::extract::WriteRequest;
use crate::extract::body::read_part;
use crate::problem::Problem;

/// Reads the items of a batch, 1 to [`BATCH_MAX`]; `at` is their path in the body. One that cannot be read is refused by
/// itself: the others are done.
pub(super) fn read_items<T: DeserializeOwned, O>(
    items: Vec<Value>,
    at: &str,
    into_operation: impl Fn(T, &str) -> Result<O, Problem>,
) -> Result<Vec<Result<O, Refusal>>, Problem> {
    if !(1..=BATCH_MAX).contains(&items.len()) {
        let detail = format!("a batch has 1 to {BATCH_MAX} operations");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_size", detail).param(at));
    }
    let read = |(index, item)| {
        let at = format!("{at}[{index}]");
        match read_part(item, &at).and_then(|item| into_operation(item, &at)) {
            Ok(operation) => Ok(Ok(operation)),
            Err(problem) => Ok(Err(refusal(&problem)?)),
        }
    };
    items.into_iter().enumerate().map(read).collect()
}

fn refusal(problem: &Problem) -> Result<Refusal, Problem> {
    let json = serde_json::to_vec(problem).map_err(|error| Problem::internal(&error))?;
    Ok(Refusal { status: problem.status, problem: json })
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
        refusal(&problem)
    }
}
