//! The limits that our read paths are held against: a handler that answers the same bytes from memory.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;

use crate::LabError;
use crate::compare::Side;
use crate::load::{LoadPlan, Requests, drive};

/// A router that answers every path with the same JSON bytes: the most that this stack can do.
pub fn static_router(body: Bytes) -> Router {
    let answer = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], body).into_response() }
    };
    Router::new().route("/", get(answer.clone())).fallback(get(answer))
}

/// A side that drives an address and answers requests a second.
pub fn http_side<'a>(address: SocketAddr, requests: Requests, plan: LoadPlan) -> Side<'a> {
    Box::new(move || Ok(drive(address, &requests, plan)?.per_second()))
}

/// The same path again and again.
pub fn same_path(path: &str) -> Requests {
    let request = crate::load::get(path);
    Arc::new(move |_| request.clone())
}

/// Paths out of a list, spread so that neighbours in time are not neighbours in the list.
pub fn spread_paths(paths: &[String]) -> Result<Requests, LabError> {
    if paths.is_empty() {
        return Err(LabError::Preparation("no paths to ask for".to_owned()));
    }
    let requests: Vec<String> = paths.iter().map(|path| crate::load::get(path)).collect();
    // A stride without a common divisor visits every path before it repeats one.
    let stride = 7_919_usize;
    Ok(Arc::new(move |number| {
        let number = usize::try_from(number).unwrap_or_default();
        requests.get(number.wrapping_mul(stride) % requests.len()).cloned().unwrap_or_default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn spread_paths_visit_every_path() {
        let requests =
            spread_paths(&(0..100).map(|number| format!("/{number}")).collect::<Vec<_>>()).unwrap();
        let seen: BTreeSet<String> = (0..100).map(|number| requests(number)).collect();
        assert_eq!(seen.len(), 100);
        assert!(spread_paths(&[]).is_err());
    }
}
