//! The events that the shop tells, and the patterns by which somebody asks for them.

/// A kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// Its name: `order.placed`.
    pub name: String,
    /// Prefix of the id of the thing that it happened to.
    pub id_prefix: &'static str,
    /// What must be allowed to be read to be told of it: a scope of secret keys.
    pub scope: &'static str,
    /// When it is told, and what is in it besides the id.
    pub description: String,
}

/// Events with a name of their own: name, prefix of the id, scope, description.
const NAMED: &[(&str, &str, &str, &str)] = &[
    ("order.placed", "ord", "orders:read", "An order was placed; `data` is the order"),
    ("order.confirmed", "ord", "orders:read", "It is paid, or its payment is sure; `data` is the order"),
    ("order.authorized", "ord", "orders:read", "Its money was set aside; `data` is the order"),
    ("order.paid", "ord", "orders:read", "Its money was taken; `data` is the order"),
    ("order.payment_failed", "ord", "orders:read", "A payment failed; `data` is the order"),
    (
        "order.payment_mismatch",
        "ord",
        "orders:read",
        "Another amount came than was asked for; `data` is the order",
    ),
    (
        "order.fulfillment_updated",
        "ord",
        "orders:read",
        "Goods of it were packed, sent or arrived; `data` is the order",
    ),
    ("order.completed", "ord", "orders:read", "It is paid and sent; `data` is the order"),
    ("order.canceled", "ord", "orders:read", "It was given up; `data` is the order"),
    ("order.refunded", "ord", "orders:read", "Money was given back; `data` is the order"),
    ("order.updated", "ord", "orders:read", "Something else of it changed; `data` is the order"),
    (
        "fulfillment.created",
        "ord",
        "orders:read",
        "Goods of an order are to be sent together; `order_id`, `fulfillment_id`, `lines`",
    ),
    ("fulfillment.canceled", "ord", "orders:read", "They are not; `order_id`, `fulfillment_id`, `lines`"),
    (
        "shipment.shipped",
        "ord",
        "orders:read",
        "They are on their way; `order_id`, `fulfillment_id`, `lines`",
    ),
    ("shipment.delivered", "ord", "orders:read", "They have arrived; `order_id`, `fulfillment_id`, `lines`"),
    (
        "refund.requested",
        "ord",
        "orders:read",
        "Money of an order is to be given back; `order_id`, `amount`, `reason`",
    ),
    ("refund.succeeded", "ord", "orders:read", "It was given back; `order_id`, `amount`"),
    ("refund.failed", "ord", "orders:read", "It could not be; `order_id`, `amount`, `reason`"),
    (
        "dispute.opened",
        "ord",
        "orders:read",
        "A buyer asks their bank for the money; `order_id`, `amount`, `reason`",
    ),
    ("dispute.won", "ord", "orders:read", "The shop keeps it; `order_id`, `amount`"),
    ("dispute.lost", "ord", "orders:read", "The shop does not; `order_id`, `amount`"),
    (
        "price_list.started",
        "plist",
        "pricing:read",
        "The time of a price list has come, as far as shoppers are shown; told once the shop takes it up",
    ),
    (
        "price_list.ended",
        "plist",
        "pricing:read",
        "The time of a price list is over; told once the shop takes it up",
    ),
    ("product.created", "prod", "products:read", "A product was made; `handle`, `title`, `status`"),
    ("product.updated", "prod", "products:read", "It changed; `handle`, `title`, `status`"),
    ("product.published", "prod", "products:read", "Shoppers can see it"),
    (
        "product.archived",
        "prod",
        "products:read",
        "Shoppers cannot see it any more; `handle`, `title`, `status`",
    ),
    ("product.deleted", "prod", "products:read", "It is gone; `handle`"),
    ("product.imported", "prod", "products:read", "An import made or changed it"),
    (
        "stock.updated",
        "prod",
        "stock:read",
        "Availability of variants, as shoppers see it, may differ; `variant_ids`, `on_hand`, `available`",
    ),
    ("review.created", "prod", "reviews:write", "A review of a product was written; `review_id`, `status`"),
    ("review.updated", "prod", "reviews:write", "It changed; `review_id`, `status`"),
    ("review.moderated", "prod", "reviews:write", "Staff decided on it; `review_id`, `status`"),
    ("review.deleted", "prod", "reviews:write", "It is gone; `review_id`, `status`"),
    ("search_weights.updated", "swt", "products:read", "Other weights of search hold"),
    ("customer.created", "cus", "customers:read", "A customer registered"),
    ("customer.updated", "cus", "customers:read", "An account changed"),
    ("customer.erased", "cus", "customers:read", "An account was erased: forget what you keep of it"),
    ("customer.session_revoked", "cus", "customers:read", "A sign-in was ended because it looked stolen"),
    ("api_key.created", "key", "settings:read", "An API key was made"),
    ("api_key.updated", "key", "settings:read", "An API key was taken back"),
    ("api_key.deleted", "key", "settings:read", "An API key was taken back"),
    ("import.created", "imp", "products:read", "An import was asked for"),
    ("import.updated", "imp", "products:read", "An import was canceled or resumed"),
    ("export.created", "exp", "products:read", "An export was asked for"),
    ("webhook_endpoint.created", "whe", "webhooks:read", "A webhook endpoint was made"),
    ("webhook_endpoint.updated", "whe", "webhooks:read", "A webhook endpoint was changed, or its secret"),
    ("webhook_endpoint.deleted", "whe", "webhooks:read", "A webhook endpoint is gone"),
    (
        "webhook_endpoint.disabled",
        "whe",
        "webhooks:read",
        "A webhook endpoint was disabled by the shop; `url`, `reason`",
    ),
    (
        MOVED_EVENT,
        "whe",
        "webhooks:read",
        "A webhook endpoint has another address; told to the former one alone, signed with the secret of then",
    ),
    (
        TEST_EVENT,
        "whe",
        "webhooks:read",
        "Staff try a webhook endpoint; told to that endpoint alone, whatever it asks for",
    ),
];

/// Things that staff keep, each with `created`, `updated` and `deleted`: name, prefix of the id, scope, in words.
const KEPT: &[(&str, &str, &str, &str)] = &[
    ("brand", "brand", "products:read", "A brand"),
    ("category", "cat", "products:read", "A category"),
    ("channel", "chan", "settings:read", "A channel"),
    ("collection", "col", "products:read", "A collection"),
    ("customer_address", "addr", "customers:read", "An address of a customer"),
    ("customer_group", "cgrp", "pricing:read", "A group of customers"),
    ("price_list", "plist", "pricing:read", "A price list"),
    ("product_type", "ptype", "products:read", "A product type"),
    ("promotion", "promo", "pricing:read", "A promotion"),
    ("search_rule", "srule", "products:read", "A rule of search"),
    ("search_synonym", "syn", "products:read", "A synonym of search"),
    ("shipping_method", "smeth", "pricing:read", "A shipping method"),
    ("shipping_zone", "szone", "pricing:read", "A shipping zone"),
    ("stock_location", "loc", "stock:read", "A stock location"),
    ("tax_class", "tclass", "pricing:read", "A tax class"),
    ("tax_rate", "trate", "pricing:read", "A tax rate"),
    ("tax_zone", "tzone", "pricing:read", "A tax zone"),
];

/// Told to one endpoint alone, because staff want to see whether it works.
pub const TEST_EVENT: &str = "webhook_endpoint.test";
/// Told to the address that an endpoint had before, whatever it asks for (case C65).
pub const MOVED_EVENT: &str = "webhook_endpoint.moved";

/// All events that the shop tells.
pub fn event_types() -> impl Iterator<Item = EventType> {
    let named = NAMED.iter().map(|(name, id_prefix, scope, description)| EventType {
        name: (*name).to_owned(),
        id_prefix,
        scope,
        description: (*description).to_owned(),
    });
    let changes = [("created", "was made"), ("updated", "was changed"), ("deleted", "is gone")];
    let kept = KEPT.iter().flat_map(move |(kind, id_prefix, scope, words)| {
        changes.map(|(change, what)| EventType {
            name: format!("{kind}.{change}"),
            id_prefix,
            scope,
            description: format!("{words} {what}"),
        })
    });
    named.chain(kept)
}

/// The event with this name.
pub fn find_event_type(name: &str) -> Option<EventType> {
    event_types().find(|event| event.name == name)
}

impl EventType {
    /// Whether somebody who asks for this pattern is told: the name itself, `order.*`, or `*`.
    pub fn matches(&self, pattern: &str) -> bool {
        let family = || self.name.split_once('.').map(|(family, _)| family);
        pattern == "*"
            || pattern == self.name
            || pattern.strip_suffix(".*").is_some_and(|wanted| family() == Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_event_is_there_once_with_a_name_in_two_words() {
        let names: Vec<String> = event_types().map(|event| event.name).collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        for name in &names {
            let sound = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            assert!(
                name.split_once('.').is_some_and(|(thing, change)| sound(thing) && sound(change)),
                "{name}"
            );
        }
    }

    #[test]
    fn patterns_are_a_name_a_family_or_everything() {
        let placed = find_event_type("order.placed").unwrap();
        for pattern in ["*", "order.*", "order.placed"] {
            assert!(placed.matches(pattern), "{pattern}");
        }
        for pattern in
            ["", ".*", "order", "order.", "ord.*", "order.place", "**", "order.placed.*", "stock.*"]
        {
            assert!(!placed.matches(pattern), "{pattern}");
        }
    }
}
