//! How far an event reaches: which products' fragments it may have changed.

use std::collections::BTreeSet;

use serde_json::Value;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_store::catalog::projection::Spread;
use tradepost_store::outbox::PendingEvent;
use uuid::Uuid;

/// What a batch of events reaches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Products to render.
    pub(super) products: BTreeSet<ProductId>,
    /// Products that are gone, or whose reviews changed: what is read of them is another even if no fragment is.
    pub(super) touched: BTreeSet<ProductId>,
    /// What reaches products that only the database can name.
    pub(super) spread: Spread,
    /// Whether more than products changed: the category tree, a brand, a collection, a channel.
    pub(super) wide: bool,
    /// Whether synonyms or rules of search changed.
    pub(super) steers: bool,
}

impl Reach {
    /// Of the events together. Kinds that say nothing of the catalogue are passed over: the outbox is for others too.
    pub(super) fn of(events: &[PendingEvent]) -> Self {
        let mut reach = Self::default();
        for event in events {
            reach.add(event);
        }
        reach
    }

    fn add(&mut self, event: &PendingEvent) {
        let (context, verb) = event.kind.split_once('.').unwrap_or((&event.kind, ""));
        let id = event.aggregate_id;
        let ids = || named_products(&event.payload).chain([ProductId::from_uuid(id)]);
        match context {
            "product" | "variant" | "stock" | "price" | "media" => {
                self.products.extend(ids());
                if verb == "deleted" {
                    self.touched.extend(ids());
                }
            }
            "review" => {
                self.products.extend(ids());
                self.touched.extend(ids());
            }
            "category" => self.spread.category_ids.push(id),
            "brand" => self.spread.brand_ids.push(id),
            "product_type" => self.spread.product_type_ids.push(id),
            "collection" => self.spread.collection_ids.push(id),
            // Told of some products, it is about these, of which there may be none; of a deleted one others tell nothing.
            "price_list" if verb != "deleted" && event.payload.get("product_ids").is_some() => {
                self.products.extend(named_products(&event.payload));
            }
            "price_list" => self.spread.price_list_ids.push(id),
            "channel" => self.spread.everything = true,
            "search_rule" | "search_synonym" | "search_weights" => self.steers = true,
            _ => return,
        }
        if matches!(context, "category" | "brand" | "product_type" | "collection" | "channel") {
            self.wide = true;
            // Products that the thing has let go of cannot be found by it any more.
            self.products.extend(named_products(&event.payload));
        }
    }
}

/// The products that a payload names: `product_id` and `product_ids`, each a UUID or an id as on the wire.
fn named_products(payload: &Value) -> impl Iterator<Item = ProductId> {
    let many = payload.get("product_ids").and_then(Value::as_array).into_iter().flatten();
    many.chain(payload.get("product_id")).filter_map(|value| {
        let text = value.as_str()?;
        let plain = || Uuid::parse_str(text).ok().map(ProductId::from_uuid);
        text.parse().ok().or_else(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tradepost_domain::kernel::ids::EventId;
    use tradepost_domain::webhook::event_types;
    use tradepost_store::outbox::FOLLOWED;

    fn event(kind: &str, number: u128, payload: Value) -> PendingEvent {
        PendingEvent {
            row: 1,
            id: EventId::from_uuid(Uuid::from_u128(number)),
            kind: kind.to_owned(),
            aggregate_id: Uuid::from_u128(number),
            version: 1,
            payload,
        }
    }

    fn product(number: u128) -> ProductId {
        ProductId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn events_of_a_product_reach_it_and_those_that_they_name() {
        let wire = product(7).to_string();
        let reach = Reach::of(&[
            event("product.updated", 1, json!({})),
            event("stock.updated", 2, json!({"product_ids": [Uuid::from_u128(3).to_string(), wire, 5, "x"]})),
            event("product.deleted", 4, json!(null)),
        ]);
        assert_eq!(reach.products, [1, 2, 3, 4, 7].map(product).into());
        assert_eq!(reach.touched, [product(4)].into());
        assert!(!reach.wide && reach.spread.is_empty());
    }

    #[test]
    fn wide_events_are_spread_and_unknown_ones_reach_nothing() {
        let reach = Reach::of(&[
            event("category.moved", 1, json!({"product_ids": [Uuid::from_u128(9).to_string()]})),
            event("collection.updated", 2, json!({})),
        ]);
        let ids = |number| vec![Uuid::from_u128(number)];
        let spread = Spread { category_ids: ids(1), collection_ids: ids(2), ..Spread::default() };
        assert_eq!((reach.spread, reach.wide), (spread, true));
        assert_eq!(reach.products, [product(9)].into());
        assert_eq!(
            Reach::of(&[event("order.placed", 1, json!({})), event("", 1, json!({}))]),
            Reach::default()
        );
        assert!(Reach::of(&[event("channel.updated", 1, json!({}))]).spread.everything);
    }

    #[test]
    fn what_reaches_something_waits_for_the_projector_and_nothing_else_does() {
        let kinds = event_types()
            .map(|known| known.name)
            .chain(["product.imported".to_owned(), "media.stored".to_owned()]);
        for kind in kinds {
            let about = kind.split_once('.').map_or(kind.as_str(), |(about, _)| about);
            let reaches = Reach::of(&[event(&kind, 1, json!({}))]) != Reach::default();
            assert_eq!(reaches, FOLLOWED.contains(&about), "{kind}");
        }
    }
}
