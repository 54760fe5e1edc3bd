//! Which changes of price lists shoppers may see, and what their events say of it.
//!
//! `product_ids` in an event of a price list names the products whose price may be another one for everybody; without it, all
//! that the list names may.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::{ChannelId, ProductId};
use tradepost_domain::pricing::PriceList;
use tradepost_domain::promotion::Schedule;

use super::price_list::PriceListCreate;

/// A list that begins later than this is seen by nobody until it begins, which is an event of its own: clocks of several
/// machines are not further apart, and no change takes longer.
const CLOCKS_APART_MAX: SignedDuration = SignedDuration::from_mins(10);

/// What makes the prices of a list what shoppers see, its prices apart.
#[derive(Debug, PartialEq, Eq)]
struct Terms {
    priority: i32,
    channel_ids: BTreeSet<ChannelId>,
    schedule: Schedule,
}

impl Terms {
    /// Of a list as everybody sees it; `None` where nobody does: it is not active, or for some customers, or begins later.
    /// One that has ended counts as seen, for nobody knows whether its end has been rendered.
    fn of(list: &PriceListCreate, now: Timestamp) -> Option<Self> {
        let soon = now.saturating_add(CLOCKS_APART_MAX).unwrap_or(now);
        let begins_later = list.starts_at.is_some_and(|start| start > soon);
        if !list.active || !list.customer_group_ids.is_empty() || begins_later {
            return None;
        }
        Some(Self {
            priority: list.priority,
            channel_ids: list.channel_ids.iter().copied().collect(),
            schedule: Schedule { starts_at: list.starts_at, ends_at: list.ends_at },
        })
    }
}

/// Whether everybody may see the list's prices.
pub(super) fn is_shown(list: &PriceListCreate, now: Timestamp) -> bool {
    Terms::of(list, now).is_some()
}

/// What an event of a list says whose terms changed, but not its prices.
pub(super) fn terms_changed(
    before: Option<&PriceListCreate>,
    after: Option<&PriceListCreate>,
    now: Timestamp,
) -> Value {
    let terms = |list: Option<&PriceListCreate>| list.and_then(|list| Terms::of(list, now));
    // A new list has no prices.
    if before.is_none() || terms(before) == terms(after) { prices_changed([]) } else { json!({}) }
}

/// What an event says of a list whose time has come, or is over.
pub(crate) fn turned_payload(list: &PriceList) -> Value {
    if list.customer_group_ids.is_empty() { json!({}) } else { prices_changed([]) }
}

/// What an event says of a list of which only prices changed: those of these products, as far as everybody sees them.
pub(super) fn prices_changed(products: impl IntoIterator<Item = ProductId>) -> Value {
    let products: BTreeSet<String> = products.into_iter().map(|product| product.to_string()).collect();
    json!({"product_ids": products})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(more: &Value) -> PriceListCreate {
        let mut fields = json!({"name": "Sale"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn all_of_a_list_is_told_of_when_everybody_may_see_its_prices_come_or_go() {
        let now: Timestamp = "2026-11-01T12:00:00Z".parse().unwrap();
        let (channel, group) = ("chan_00000000000000000000000001", "cgrp_00000000000000000000000001");
        let reaches_all = |before: &Value, after: &Value| {
            let (before, after) = (list(before), list(after));
            let told = terms_changed(Some(&before), Some(&after), now);
            assert_eq!(told, terms_changed(Some(&after), Some(&before), now));
            told == json!({})
        };
        let plain = json!({});
        for other in [
            json!({"active": false}),
            json!({"customer_group_ids": [group]}),
            json!({"channel_ids": [channel]}),
            json!({"priority": 1}),
            json!({"starts_at": "2026-11-02T00:00:00Z"}),
            json!({"starts_at": "2026-10-02T00:00:00Z"}),
            json!({"ends_at": "2026-10-01T00:00:00Z"}),
        ] {
            assert!(reaches_all(&plain, &other), "{other}");
            assert!(!reaches_all(&other, &other), "{other}");
        }
        for (before, after) in [
            (plain.clone(), json!({"name": "Another"})),
            (json!({"active": false}), json!({"active": false, "priority": 3})),
            (json!({"customer_group_ids": [group]}), json!({"customer_group_ids": [group], "priority": 3})),
            (json!({"starts_at": "2026-11-02T00:00:00Z"}), json!({"starts_at": "2026-11-03T00:00:00Z"})),
            (json!({"starts_at": "2026-11-02T00:00:00Z"}), json!({"active": false})),
        ] {
            assert!(!reaches_all(&before, &after), "{before} {after}");
        }
        // One that ended may still be shown, where no projector ran meanwhile.
        assert!(reaches_all(&json!({"ends_at": "2026-10-01T00:00:00Z"}), &json!({"active": false})));
        assert_eq!(terms_changed(None, Some(&list(&json!({}))), now), prices_changed([]));
    }
}
