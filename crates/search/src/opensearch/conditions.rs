//! Conditions of a plan as clauses: what must hold for one and the same variant is asked of variants together.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};
use tradepost_port::search::{AttributeTest, Condition, FacetKey, FacetValue, Filter, Range};

use super::entry::{BREAK, key_of, key_text, number_term, value_term};
use super::query::{all, any, everything, not, nothing, some_variant, term, terms};
use crate::engine::wants_sold_out;

/// What a condition is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Product,
    Variant,
}

impl Of {
    fn field(self, name: &str) -> String {
        match self {
            Self::Product => name.to_owned(),
            Self::Variant => format!("variants.{name}"),
        }
    }
}

/// Conditions, told apart by what they are asked of.
#[derive(Debug, Default, Clone)]
pub struct Asked {
    product: Vec<Value>,
    variant: Vec<Value>,
    sold_out: bool,
}

impl Asked {
    /// Of these conditions.
    pub fn of<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> Self {
        let mut asked = Self::default();
        for condition in conditions {
            if wants_sold_out(condition) {
                asked.sold_out = true;
            } else if condition.is_about_variants() {
                asked.variant.push(clause(condition, Of::Variant));
            } else {
                asked.product.push(clause(condition, Of::Product));
            }
        }
        asked
    }

    /// Whether no variant may be orderable.
    pub fn wants_sold_out(&self) -> bool {
        self.sold_out
    }

    /// The clause of a variant that meets what is asked of variants.
    pub fn variant(&self) -> Value {
        all(self.variant.clone())
    }

    /// The clause of a product that meets all.
    pub fn all(&self) -> Value {
        let mut clauses = self.but_for_stock_clauses();
        if self.sold_out {
            let orderable = term("variants.in_stock", true);
            clauses.push(not(some_variant(all(self.variant.iter().cloned().chain([orderable]).collect()))));
        }
        all(clauses)
    }

    /// The same if it does not matter that no variant may be orderable: a size may be sold out where the product is not.
    pub fn but_for_stock(&self) -> Value {
        all(self.but_for_stock_clauses())
    }

    fn but_for_stock_clauses(&self) -> Vec<Value> {
        let variant = (!self.variant.is_empty()).then(|| some_variant(self.variant()));
        self.product.iter().cloned().chain(variant).collect()
    }
}

/// The clause of a product that meets all of some conditions.
pub fn meets<'a>(conditions: impl IntoIterator<Item = &'a Condition>) -> Value {
    Asked::of(conditions).all()
}

fn clause(condition: &Condition, of: Of) -> Value {
    let values = |key: FacetKey, wanted: &mut dyn Iterator<Item = FacetValue>| {
        let wanted: Vec<String> = wanted.map(|value| value_term(&key, &value)).collect();
        terms(&of.field("values"), &wanted)
    };
    let handles = |key: FacetKey, wanted: &[String]| {
        values(key, &mut wanted.iter().map(|text| FacetValue::Scalar(text.as_str().into())))
    };
    match condition {
        Condition::Is(Filter::Brand(wanted)) => handles(FacetKey::Brand, wanted),
        Condition::Is(Filter::ProductType(wanted)) => handles(FacetKey::ProductType, wanted),
        Condition::Is(Filter::Tag(wanted)) => handles(FacetKey::Tag, wanted),
        Condition::Is(Filter::Option { name, values }) => handles(FacetKey::Option(name.clone()), values),
        Condition::Is(Filter::Attribute { path, test }) => {
            let key = FacetKey::Attribute(path.clone());
            match test {
                AttributeTest::AnyOf(wanted) => {
                    values(key, &mut wanted.iter().cloned().map(FacetValue::Scalar))
                }
                AttributeTest::Within(range) => numbers(&of.field("numbers"), &key, range),
            }
        }
        Condition::Is(Filter::Price(range)) => within(&of.field("price"), range),
        Condition::Is(Filter::InStock(wanted)) => term(&of.field("in_stock"), *wanted),
        Condition::Is(Filter::Rating(range)) => within(&of.field("rating"), range),
        Condition::Category(ids) => {
            values(FacetKey::Category, &mut ids.iter().copied().map(FacetValue::Category))
        }
        Condition::Collection(ids) => {
            values(FacetKey::Collection, &mut ids.iter().copied().map(FacetValue::Collection))
        }
        Condition::Product(ids) => {
            terms(&of.field("product"), &ids.iter().copied().map(key_of).collect::<Vec<_>>())
        }
        Condition::Any(alternatives) => any(alternatives.iter().map(|inner| clause(inner, of)).collect()),
        Condition::Not(inner) => not(clause(inner, of)),
    }
}

/// The stricter of two bounds, with whether it may be reached.
fn stricter<T: PartialOrd + Copy>(
    reached: Option<T>,
    passed: Option<T>,
    is_stricter: Ordering,
) -> Option<(T, bool)> {
    match (reached, passed) {
        (Some(reached), Some(passed)) if reached.partial_cmp(&passed) == Some(is_stricter) => {
            Some((reached, true))
        }
        (_, Some(passed)) => Some((passed, false)),
        (Some(reached), None) => Some((reached, true)),
        (None, None) => None,
    }
}

fn bounds<T: PartialOrd + Copy>(range: &Range<T>, mut put: impl FnMut(&str, T)) {
    if let Some((bound, reached)) = stricter(range.gte, range.gt, Ordering::Greater) {
        put(if reached { "gte" } else { "gt" }, bound);
    }
    if let Some((bound, reached)) = stricter(range.lte, range.lt, Ordering::Less) {
        put(if reached { "lte" } else { "lt" }, bound);
    }
}

fn within(field: &str, range: &Range<i64>) -> Value {
    let mut found = Map::new();
    bounds(range, |name, bound| {
        found.insert(name.to_owned(), json!(bound));
    });
    if found.is_empty() {
        return everything();
    }
    json!({"range": {field: found}})
}

/// Numbers of an attribute are terms in their order; a product may have several, so that both bounds are of one clause.
fn numbers(field: &str, key: &FacetKey, range: &Range<f64>) -> Value {
    if [range.gte, range.gt, range.lte, range.lt].into_iter().flatten().any(f64::is_nan) {
        return nothing();
    }
    let (mut lower, mut upper) = (false, false);
    let mut found = Map::new();
    bounds(range, |name, bound| {
        lower |= name.starts_with('g');
        upper |= name.starts_with('l');
        found.insert(name.to_owned(), json!(number_term(key, bound)));
    });
    if !lower {
        found.insert("gte".to_owned(), json!(format!("{}{BREAK}", key_text(key))));
    }
    if !upper {
        // No digit of a number comes after "f".
        found.insert("lt".to_owned(), json!(format!("{}{BREAK}g", key_text(key))));
    }
    json!({"range": {field: found}})
}
