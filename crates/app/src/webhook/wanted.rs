//! What an endpoint may ask for: events that there are, and that its maker may read.

use tradepost_domain::catalog::Issue;
use tradepost_domain::catalog::validate::check_text;
use tradepost_domain::webhook::event_types;
use tradepost_port::EgressError;

use crate::api_key::find_not_held;
use crate::audit::record_denied;
use crate::auth::Scope;
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Characters of a description.
const DESCRIPTION_LEN_MAX: usize = 500;
/// Patterns of an endpoint.
const PATTERNS_MAX: usize = 100;
/// Deliveries to an endpoint at the same time, at most.
const CONCURRENCY_MAX: i32 = 16;

/// What is wrong with the fields of an endpoint.
pub(super) fn check_fields(description: &str, patterns: &[String], concurrency: i32) -> Vec<Issue> {
    let mut issues = Vec::from_iter(check_text("$.description", description, DESCRIPTION_LEN_MAX, false));
    if patterns.is_empty() || patterns.len() > PATTERNS_MAX {
        let message = format!("1 to {PATTERNS_MAX} names of events");
        issues.push(Issue::new("$.event_types", "out_of_range", message));
    }
    for (index, pattern) in patterns.iter().enumerate() {
        let issue = |code, message| Issue::new(format!("$.event_types[{index}]"), code, message);
        if !event_types().any(|event| event.matches(pattern)) {
            let message = "the name of an event, all of its kind as `order.*`, or `*`; see /api/admin/webhook-event-types";
            issues.push(issue("unknown_event_type", message));
        } else if patterns.iter().take(index).any(|before| before == pattern) {
            issues.push(issue("duplicate_event_type", "the name is there twice"));
        }
    }
    if !(1..=CONCURRENCY_MAX).contains(&concurrency) {
        let message = format!("1 to {CONCURRENCY_MAX}");
        issues.push(Issue::new("$.concurrency", "out_of_range", message));
    }
    issues
}

/// Refuses an address that the shop does not call (case C81). Asked while no transaction is open.
pub(super) async fn check_url(context: &StaffContext, url: &str) -> Result<(), WriteError> {
    match context.shop.egress.call().check(url.to_owned()).await {
        Err(EgressError::Refused(why)) => Err(WriteError::invalid("$.url", "url_not_allowed", why)),
        _ => Ok(()),
    }
}

/// Refuses to tell somebody by webhook what their key cannot read: that would be a way around its scopes.
pub(super) async fn check_scopes<'a>(
    work: Work<'a>,
    context: &StaffContext,
    patterns: &[String],
) -> Result<Work<'a>, WriteError> {
    let mut wanted: Vec<Scope> = event_types()
        .filter(|event| patterns.iter().any(|pattern| event.matches(pattern)))
        .filter_map(|event| Scope::parse(event.scope))
        .collect();
    wanted.sort_unstable_by_key(|scope| scope.as_str());
    wanted.dedup();
    let Some(lacking) = find_not_held(&work.tx, context.actor, &wanted, work.now).await? else {
        return Ok(work);
    };
    drop(work);
    record_denied(context, "keep_webhook_endpoint", lacking).await?;
    let detail =
        format!("the key that asks lacks the scope {} and cannot have such events sent", lacking.as_str());
    Err(WriteError::Forbidden { code: "scope_not_held", detail: detail.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_scope_that_there_is() {
        for event in event_types() {
            assert!(Scope::parse(event.scope).is_some(), "{}: {}", event.name, event.scope);
        }
    }

    #[test]
    fn only_events_that_there_are_can_be_asked_for() {
        let codes = |patterns: &[&str]| -> Vec<&str> {
            let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            check_fields("", &patterns, 4).iter().map(|issue| issue.code).collect()
        };
        assert!(codes(&["*"]).is_empty() && codes(&["order.*", "stock.updated"]).is_empty());
        assert_eq!(codes(&[]), ["out_of_range"]);
        assert_eq!(codes(&["order.sold", "cart.*"]), ["unknown_event_type", "unknown_event_type"]);
        assert_eq!(codes(&["order.*", "order.*"]), ["duplicate_event_type"]);
        assert_eq!(check_fields("", &["*".to_owned()], 0).len(), 1);
        assert_eq!(check_fields(&"a".repeat(501), &["*".to_owned()], 17).len(), 2);
    }
}
