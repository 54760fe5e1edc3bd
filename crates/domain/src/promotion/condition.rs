//! Conditions: what must hold for a promotion, as a small typed tree (docs/adr/0011).
//!
//! There is no language to parse and nothing to sandbox: a tree is at most [`DEPTH_MAX`] deep and has at most [`NODES_MAX`]
//! nodes, which is checked when it is read, so evaluating it takes bounded time and cannot fail.

use jiff::Timestamp;

use super::items::{ItemFacts, Items};
use crate::kernel::ids::{ChannelId, CustomerGroupId};
use crate::kernel::{Amounts, Country, Money};

/// Levels of a condition.
pub const DEPTH_MAX: usize = 6;
/// Nodes of a condition.
pub const NODES_MAX: usize = 50;
/// Entries of one list of groups, channels or countries.
pub const LIST_MAX: usize = 250;

/// A condition that can be evaluated; without one, it always holds.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Node", into = "Node")]
pub struct Condition(Node);

/// A node of a condition. On the wire an object with one field: `{"not": {"first_order": true}}`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Node {
    /// All of these; none at all always hold.
    All(Vec<Node>),
    /// At least one of these.
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// The goods cost at least so much before discounts; does not hold in a currency that is not named.
    SubtotalAtLeast(Amounts),
    /// The cart has at least so many units of these items.
    QuantityAtLeast {
        /// Which items.
        #[serde(default)]
        items: Items,
        /// How many units.
        quantity: u32,
    },
    /// The customer belongs to one of these groups.
    CustomerGroup(Vec<CustomerGroupId>),
    /// The cart belongs to one of these channels.
    Channel(Vec<ChannelId>),
    /// Whether this is the customer's first order.
    FirstOrder(bool),
    /// The goods are sent to one of these countries.
    Country(Vec<Country>),
    /// The time lies in this span.
    Between {
        /// First moment.
        #[serde(default)]
        from: Option<Timestamp>,
        /// First moment at which it holds no more.
        #[serde(default)]
        until: Option<Timestamp>,
    },
}

/// A condition that is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// Too many levels.
    #[error("a condition has at most {DEPTH_MAX} levels")]
    TooDeep,
    /// Too many nodes.
    #[error("a condition has at most {NODES_MAX} parts")]
    TooLarge,
    /// Too many entries in a list.
    #[error("a list of a condition has at most {LIST_MAX} entries")]
    ListTooLong,
}

/// What a condition can know.
#[derive(Debug)]
pub struct ConditionFacts<'a> {
    /// The present.
    pub now: Timestamp,
    /// Channel of the cart.
    pub channel: ChannelId,
    /// Groups of the customer; none for a guest.
    pub groups: &'a [CustomerGroupId],
    /// Whether the customer has ordered nothing yet; false while nobody knows who it is.
    pub first_order: bool,
    /// Where the goods go.
    pub country: Option<Country>,
    /// Price of all goods before discounts.
    pub subtotal: Money,
    /// Items and their units.
    pub items: Vec<(&'a ItemFacts, u32)>,
}

impl Condition {
    /// Always holds.
    pub fn always() -> Self {
        Self(Node::All(Vec::new()))
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &ConditionFacts<'_>) -> bool {
        self.0.holds(facts)
    }

    /// Whether it asks who buys: their groups, or whether they have ordered before.
    pub fn asks_who_buys(&self) -> bool {
        self.0.asks_who_buys()
    }
}

impl Node {
    fn asks_who_buys(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::asks_who_buys),
            Self::Not(node) => node.asks_who_buys(),
            Self::CustomerGroup(_) | Self::FirstOrder(_) => true,
            Self::SubtotalAtLeast(_)
            | Self::QuantityAtLeast { .. }
            | Self::Channel(_)
            | Self::Country(_)
            | Self::Between { .. } => false,
        }
    }
}

impl TryFrom<Node> for Condition {
    type Error = ConditionError;

    fn try_from(node: Node) -> Result<Self, ConditionError> {
        let mut nodes = 0;
        node.check(1, &mut nodes)?;
        Ok(Self(node))
    }
}

impl From<Condition> for Node {
    fn from(condition: Condition) -> Self {
        condition.0
    }
}

impl Node {
    fn check(&self, depth: usize, nodes: &mut usize) -> Result<(), ConditionError> {
        *nodes = nodes.saturating_add(1);
        if depth > DEPTH_MAX {
            return Err(ConditionError::TooDeep);
        }
        if *nodes > NODES_MAX {
            return Err(ConditionError::TooLarge);
        }
        let below = depth.saturating_add(1);
        let list_len = match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().try_for_each(|part| part.check(below, nodes))?;
                0
            }
            Self::Not(part) => {
                part.check(below, nodes)?;
                0
            }
            Self::CustomerGroup(list) => list.len(),
            Self::Channel(list) => list.len(),
            Self::Country(list) => list.len(),
            Self::SubtotalAtLeast(_)
            | Self::QuantityAtLeast { .. }
            | Self::FirstOrder(_)
            | Self::Between { .. } => 0,
        };
        if list_len > LIST_MAX { Err(ConditionError::ListTooLong) } else { Ok(()) }
    }

    fn holds(&self, facts: &ConditionFacts<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Not(part) => !part.holds(facts),
            Self::SubtotalAtLeast(amounts) => amounts
                .in_currency(facts.subtotal.currency())
                .is_some_and(|amount| facts.subtotal.amount() >= amount.amount()),
            Self::QuantityAtLeast { items, quantity } => {
                let selected = facts.items.iter().filter(|(item, _)| items.matches(item));
                selected.map(|(_, units)| u64::from(*units)).sum::<u64>() >= u64::from(*quantity)
            }
            Self::CustomerGroup(groups) => groups.iter().any(|group| facts.groups.contains(group)),
            Self::Channel(channels) => channels.contains(&facts.channel),
            Self::FirstOrder(wanted) => facts.first_order == *wanted,
            Self::Country(countries) => facts.country.is_some_and(|country| countries.contains(&country)),
            Self::Between { from, until } => {
                from.is_none_or(|from| facts.now >= from) && until.is_none_or(|until| facts.now < until)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;
    use crate::kernel::{Currency, Money};
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn id<T: EntityId>(number: u128) -> T {
        T::from_uuid(Uuid::from_u128(number))
    }

    fn item(tag: &str) -> ItemFacts {
        ItemFacts {
            product_id: id(1),
            variant_id: id(1),
            category_ids: vec![],
            collection_ids: vec![],
            brand_id: None,
            product_type_id: None,
            tags: vec![tag.to_owned()],
        }
    }

    fn read(value: Value) -> Condition {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_kind_of_condition_holds_where_it_should_and_nowhere_else() {
        let (one, other) = (item("sale"), item("new"));
        let groups = [id(7)];
        let facts = ConditionFacts {
            now: "2026-06-01T00:00:00Z".parse().unwrap(),
            channel: id(3),
            groups: &groups,
            first_order: true,
            country: Some("DE".parse().unwrap()),
            subtotal: Money::new(5000, Currency::EUR).unwrap(),
            items: vec![(&one, 2), (&other, 1), (&one, 1)],
        };
        let (group, stranger): (CustomerGroupId, CustomerGroupId) = (id(7), id(8));
        let (channel, elsewhere): (ChannelId, ChannelId) = (id(3), id(4));
        let euro = |amount: i64| json!({"subtotal_at_least": [{"amount": amount, "currency": "EUR"}]});
        for (condition, expected) in [
            (json!({"all": []}), true),
            (json!({"any": []}), false),
            (json!({"all": [{"first_order": true}, {"country": ["FR"]}]}), false),
            (json!({"any": [{"first_order": true}, {"country": ["FR"]}]}), true),
            (json!({"not": {"first_order": true}}), false),
            (euro(5000), true),
            (euro(5001), false),
            (json!({"subtotal_at_least": [{"amount": 1, "currency": "USD"}]}), false),
            (json!({"quantity_at_least": {"quantity": 4}}), true),
            (json!({"quantity_at_least": {"quantity": 5}}), false),
            (json!({"quantity_at_least": {"items": {"tags": ["sale"]}, "quantity": 3}}), true),
            (json!({"quantity_at_least": {"items": {"tags": ["sale"]}, "quantity": 4}}), false),
            (json!({"customer_group": [group]}), true),
            (json!({"customer_group": [stranger]}), false),
            (json!({"channel": [channel]}), true),
            (json!({"channel": [elsewhere]}), false),
            (json!({"first_order": false}), false),
            (json!({"country": ["FR", "DE"]}), true),
            (json!({"country": ["FR"]}), false),
            (json!({"between": {"from": "2026-06-01T00:00:00Z"}}), true),
            (json!({"between": {"from": "2026-06-01T00:00:01Z"}}), false),
            (json!({"between": {"until": "2026-06-01T00:00:00Z"}}), false),
            (json!({"between": {"until": "2026-06-01T00:00:01Z"}}), true),
            (json!({"between": {"from": "2026-05-01T00:00:00Z", "until": "2026-05-02T00:00:00Z"}}), false),
        ] {
            assert_eq!(read(condition.clone()).holds(&facts), expected, "{condition}");
        }
        assert!(Condition::always().holds(&facts));
        assert!(!read(json!({"country": ["DE"]})).holds(&ConditionFacts { country: None, ..facts }));
    }

    #[test]
    fn a_condition_asks_who_buys_when_any_part_of_it_does() {
        let (group, channel): (CustomerGroupId, ChannelId) = (id(7), id(3));
        let asks = [json!({"first_order": false}), json!({"customer_group": [group]})];
        let does_not = [
            json!({"channel": [channel]}),
            json!({"country": ["DE"]}),
            json!({"quantity_at_least": {"quantity": 1}}),
            json!({"subtotal_at_least": [{"amount": 1, "currency": "EUR"}]}),
            json!({"between": {}}),
        ];
        for part in &asks {
            for condition in [
                part.clone(),
                json!({"not": part}),
                json!({"all": [does_not[0], part]}),
                json!({"any": [part, does_not[0]]}),
            ] {
                assert!(read(condition.clone()).asks_who_buys(), "{condition}");
            }
        }
        for condition in [json!({"all": does_not}), json!({"any": does_not}), json!({"not": does_not[0]})] {
            assert!(!read(condition.clone()).asks_who_buys(), "{condition}");
        }
        assert!(!Condition::always().asks_who_buys());
    }

    #[test]
    fn unknown_parts_and_fields_are_refused() {
        for value in [
            json!({"script": "1"}),
            json!({"quantity_at_least": {"quantity": 1, "sku": "x"}}),
            json!({"quantity_at_least": {"quantity": -1}}),
            json!({"first_order": true, "country": ["DE"]}),
            json!({"country": ["Germany"]}),
            json!({"subtotal_at_least": []}),
            json!({}),
            json!("always"),
        ] {
            assert!(serde_json::from_value::<Condition>(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn depth_size_and_lists_have_limits() {
        let nest = |levels: usize, wrap: fn(Node) -> Node| {
            (1..levels).fold(Node::FirstOrder(true), |node, _| wrap(node))
        };
        for wrap in
            [|node| Node::Not(Box::new(node)), |node| Node::All(vec![node]), |node| Node::Any(vec![node])]
        {
            assert!(Condition::try_from(nest(DEPTH_MAX, wrap)).is_ok());
            assert_eq!(Condition::try_from(nest(DEPTH_MAX + 1, wrap)), Err(ConditionError::TooDeep));
        }
        let wide = |nodes: usize| Node::Any(vec![Node::FirstOrder(true); nodes - 1]);
        assert!(Condition::try_from(wide(NODES_MAX)).is_ok());
        assert_eq!(Condition::try_from(wide(NODES_MAX + 1)), Err(ConditionError::TooLarge));
        let lists: [fn(usize) -> Node; 3] = [
            |length| Node::CustomerGroup(vec![id(1); length]),
            |length| Node::Channel(vec![id(1); length]),
            |length| Node::Country(vec!["DE".parse().unwrap(); length]),
        ];
        for list in lists {
            assert!(Condition::try_from(list(LIST_MAX)).is_ok());
            assert_eq!(Condition::try_from(list(LIST_MAX + 1)), Err(ConditionError::ListTooLong));
        }
    }

    #[test]
    fn a_condition_reads_back_from_what_it_is_written_as() {
        let value = json!({"all": [{"not": {"country": ["DE"]}}, {"quantity_at_least": {"items": {}, "quantity": 2}}]});
        assert_eq!(serde_json::to_value(read(value.clone())).unwrap(), value);
    }
}
