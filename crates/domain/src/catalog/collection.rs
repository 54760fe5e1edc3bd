//! Collections: picked by hand, or by a rule over what is known of a product.

use serde_json::Value;

use super::product::JsonMap;
use super::validate::Issue;

/// How a collection gets its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    /// Staff list the products.
    Manual,
    /// A rule picks them.
    Rule,
}

impl CollectionKind {
    /// The word in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Rule => "rule",
        }
    }
}

/// Whether all conditions must hold or one is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// All of them.
    All,
    /// At least one.
    Any,
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Above.
    Gt,
    /// At or above.
    Gte,
    /// Below.
    Lt,
    /// At or below.
    Lte,
    /// A text that holds the value, or a list that has it.
    Contains,
}

/// One condition, such as `price lt 5000`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// `title`, `brand`, `type`, `category`, `tag`, `price` (minor units), `in_stock`, or `attribute.<key>`.
    pub field: String,
    /// How it compares.
    pub operator: Operator,
    /// With what.
    pub value: Value,
}

/// A rule that picks products.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectionRule {
    /// All or any.
    #[serde(rename = "match")]
    pub mode: Match,
    /// The conditions; at least one.
    pub conditions: Vec<Condition>,
}

/// What a rule can know of a product, in one channel.
#[derive(Debug, Default)]
pub struct ProductFacts<'a> {
    /// Title in the channel's default locale.
    pub title: &'a str,
    /// Handle of the brand, or empty.
    pub brand: &'a str,
    /// Handle of the product type, or empty.
    pub product_type: &'a str,
    /// Handles of all its categories and their ancestors.
    pub categories: Vec<&'a str>,
    /// Tags.
    pub tags: &'a [String],
    /// Lowest price in minor units of the channel's currency.
    pub price: i64,
    /// Whether it can be ordered.
    pub in_stock: bool,
    /// Attributes.
    pub attributes: Option<&'a JsonMap>,
}

/// Most conditions of one rule.
pub const CONDITIONS_MAX: usize = 20;

impl CollectionRule {
    /// Checks that every condition compares a known field with a value of its kind.
    pub fn validate(&self) -> Result<(), Vec<Issue>> {
        let mut issues = Vec::new();
        if self.conditions.is_empty() || self.conditions.len() > CONDITIONS_MAX {
            let message = format!("a rule has 1 to {CONDITIONS_MAX} conditions");
            issues.push(Issue::new("$.rule.conditions", "invalid_rule", message));
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            if let Some(message) = condition.problem() {
                issues.push(Issue::new(format!("$.rule.conditions[{index}]"), "invalid_rule", message));
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }

    /// Whether the product belongs to the collection.
    pub fn matches(&self, facts: &ProductFacts<'_>) -> bool {
        let mut holds = self.conditions.iter().map(|condition| condition.holds(facts));
        match self.mode {
            Match::All => holds.all(|held| held),
            Match::Any => holds.any(|held| held),
        }
    }
}

impl Condition {
    fn problem(&self) -> Option<String> {
        let comparing = matches!(self.operator, Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte);
        match self.field.as_str() {
            "title" | "brand" | "type" | "category" | "tag" if comparing || !self.value.is_string() => {
                Some(format!("`{}` is compared with a text by eq, ne or contains", self.field))
            }
            "price" if !self.value.is_i64() || self.operator == Operator::Contains => {
                Some("`price` is compared with minor units by eq, ne, gt, gte, lt or lte".to_owned())
            }
            "in_stock" if !self.value.is_boolean() || comparing || self.operator == Operator::Contains => {
                Some("`in_stock` is compared with true or false by eq or ne".to_owned())
            }
            "title" | "brand" | "type" | "category" | "tag" | "price" | "in_stock" => None,
            field if field.strip_prefix("attribute.").is_some_and(|key| !key.is_empty()) => None,
            field => Some(format!("`{field}` is not a field that a rule can use")),
        }
    }

    fn holds(&self, facts: &ProductFacts<'_>) -> bool {
        match self.field.as_str() {
            "title" => self.holds_text(facts.title),
            "brand" => self.holds_text(facts.brand),
            "type" => self.holds_text(facts.product_type),
            "category" => self.holds_list(facts.categories.iter().copied()),
            "tag" => self.holds_list(facts.tags.iter().map(String::as_str)),
            "price" => self.value.as_i64().is_some_and(|value| self.holds_order(facts.price.cmp(&value))),
            "in_stock" => (self.value.as_bool() == Some(facts.in_stock)) == (self.operator == Operator::Eq),
            field => {
                let key = field.strip_prefix("attribute.").unwrap_or_default();
                self.holds_value(facts.attributes.and_then(|attributes| attributes.get(key)))
            }
        }
    }

    fn holds_text(&self, text: &str) -> bool {
        let wanted = self.value.as_str().unwrap_or_default();
        match self.operator {
            Operator::Ne => text != wanted,
            Operator::Contains => text.to_lowercase().contains(&wanted.to_lowercase()),
            _ => text == wanted,
        }
    }

    fn holds_list<'a>(&self, mut list: impl Iterator<Item = &'a str>) -> bool {
        let wanted = self.value.as_str().unwrap_or_default();
        list.any(|item| item == wanted) != (self.operator == Operator::Ne)
    }

    fn holds_order(&self, order: std::cmp::Ordering) -> bool {
        match self.operator {
            Operator::Eq | Operator::Contains => order.is_eq(),
            Operator::Ne => order.is_ne(),
            Operator::Gt => order.is_gt(),
            Operator::Gte => order.is_ge(),
            Operator::Lt => order.is_lt(),
            Operator::Lte => order.is_le(),
        }
    }

    fn holds_value(&self, value: Option<&Value>) -> bool {
        let Some(value) = value else { return self.operator == Operator::Ne };
        match (value, &self.value) {
            (Value::Number(left), Value::Number(right)) => {
                let order =
                    left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right));
                order.is_some_and(|order| self.holds_order(order))
            }
            (Value::Array(items), wanted) => items.contains(wanted) != (self.operator == Operator::Ne),
            (Value::String(text), Value::String(_)) => self.holds_text(text),
            (left, right) => (left == right) != (self.operator == Operator::Ne),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(value: Value) -> CollectionRule {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn rules_pick_by_every_field() {
        let attributes = json!({"material": "wool", "weight": 2.5, "care": ["wash"]});
        let tags = ["sale".to_owned()];
        let facts = ProductFacts {
            title: "Warm Wool Hat",
            brand: "nordvik",
            product_type: "hat",
            categories: vec!["clothing", "hats"],
            tags: &tags,
            price: 2500,
            in_stock: true,
            attributes: attributes.as_object(),
        };
        for (field, operator, value, expected) in [
            ("title", "contains", json!("wool"), true),
            ("title", "eq", json!("wool"), false),
            ("brand", "ne", json!("nordvik"), false),
            ("type", "eq", json!("hat"), true),
            ("category", "eq", json!("clothing"), true),
            ("category", "ne", json!("shoes"), true),
            ("tag", "eq", json!("sale"), true),
            ("price", "lt", json!(2500), false),
            ("price", "lte", json!(2500), true),
            ("in_stock", "ne", json!(true), false),
            ("attribute.material", "eq", json!("wool"), true),
            ("attribute.weight", "gt", json!(2), true),
            ("attribute.care", "contains", json!("wash"), true),
            ("attribute.missing", "eq", json!("x"), false),
            ("attribute.missing", "ne", json!("x"), true),
        ] {
            let rule = rule(
                json!({"match": "all", "conditions": [{"field": field, "operator": operator, "value": value}]}),
            );
            assert_eq!(rule.validate(), Ok(()), "{field} {operator}");
            assert_eq!(rule.matches(&facts), expected, "{field} {operator} {value}");
        }
    }

    #[test]
    fn all_and_any_differ() {
        let conditions = json!([
            {"field": "price", "operator": "lt", "value": 100}, {"field": "brand", "operator": "eq", "value": ""}]);
        let facts = ProductFacts { price: 500, ..ProductFacts::default() };
        assert!(!rule(json!({"match": "all", "conditions": conditions})).matches(&facts));
        assert!(rule(json!({"match": "any", "conditions": conditions})).matches(&facts));
    }

    #[test]
    fn a_rule_with_an_unknown_field_or_a_value_of_another_kind_is_refused() {
        for (field, operator, value) in [
            ("colour", "eq", json!("red")),
            ("price", "lt", json!("cheap")),
            ("price", "contains", json!(1)),
            ("title", "gt", json!("a")),
            ("in_stock", "eq", json!("yes")),
            ("attribute.", "eq", json!(1)),
        ] {
            let rule = rule(
                json!({"match": "all", "conditions": [{"field": field, "operator": operator, "value": value}]}),
            );
            assert!(rule.validate().is_err(), "{field} {operator} {value}");
        }
        assert!(rule(json!({"match": "all", "conditions": []})).validate().is_err());
    }
}
