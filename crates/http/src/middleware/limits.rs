//! Tells clients of the limits on their tries: `RateLimit` and `RateLimit-Policy`, as in
//! <https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-10.html>.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tradepost_app::throttle::Allowance;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Writes what is left of a limit.
pub(super) fn tell(headers: &mut HeaderMap, allowance: &Allowance) {
    let Allowance { limit, quota, window_seconds, remaining, reset_seconds } = allowance;
    let left = format!("\"{limit}\";r={remaining};t={reset_seconds}");
    let policy = format!("\"{limit}\";q={quota};w={window_seconds}");
    for (name, value) in [(RATE_LIMIT, left), (RATE_LIMIT_POLICY, policy)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}
