//! Facets: which are counted, and how they are shown.

use serde_json::{Map, Value, json};
use tradepost_domain::catalog::product_query::{AttributeTest, Filter, Range};
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_port::search::{Condition, Facet, FacetCount, FacetKey, FacetRequest, FacetValue};

use super::facet_keys::FacetKeys;
use super::views::{FacetType, FacetValueView, FacetView};
use crate::catalog::list_categories::Tree;

/// Values of a facet.
const VALUES_MAX: usize = 50;
/// Steps of the histogram of prices.
const PRICE_STEPS: u16 = 10;

/// Which facets are counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FacetChoice {
    /// None.
    #[default]
    None,
    /// Those that most products of the list have.
    Usual,
    /// These.
    Named(Vec<FacetKey>),
}

/// What is asked for, and what it takes to show the answer.
pub(super) struct Facets<'a> {
    /// Facets that nobody named are left out where they do not tell anything apart.
    pub(super) are_named: bool,
    pub(super) chosen: &'a [Filter],
    pub(super) tree: &'a Tree,
    pub(super) price_exponent: u32,
}

/// The requests of a choice; `category` is that of the list.
pub(super) fn requests(
    choice: &FacetChoice,
    chosen: &[Filter],
    category: Option<CategoryId>,
    known: &FacetKeys,
) -> Vec<FacetRequest> {
    let keys = match choice {
        FacetChoice::None => Vec::new(),
        FacetChoice::Named(keys) => keys.clone(),
        FacetChoice::Usual => {
            let usual = [
                FacetKey::Category,
                FacetKey::Brand,
                FacetKey::ProductType,
                FacetKey::Price,
                FacetKey::InStock,
                FacetKey::Rating,
                FacetKey::Tag,
            ];
            let of_choices = chosen.iter().filter_map(|filter| Condition::Is(filter.clone()).facet());
            let mut keys: Vec<FacetKey> = Vec::new();
            for key in usual.into_iter().chain(of_choices).chain(known.usual(category)) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
            keys
        }
    };
    let request = |key| match key {
        FacetKey::Category => FacetRequest::Categories { below: category, limit: VALUES_MAX },
        FacetKey::Price => FacetRequest::PriceHistogram { steps: PRICE_STEPS },
        FacetKey::Rating => FacetRequest::RatingRanges(
            [400, 300, 200, 100].map(|gte| Range { gte: Some(gte), ..Range::default() }).into(),
        ),
        key => FacetRequest::Values { key, limit: VALUES_MAX },
    };
    keys.into_iter().map(request).collect()
}

/// What `facets` and `filter[…]` call a key.
pub(super) fn name(key: &FacetKey) -> String {
    match key {
        FacetKey::Brand => "brand".to_owned(),
        FacetKey::ProductType => "type".to_owned(),
        FacetKey::Category => "category".to_owned(),
        FacetKey::Collection => "collection".to_owned(),
        FacetKey::Tag => "tag".to_owned(),
        FacetKey::Option(name) => format!("option.{name}"),
        FacetKey::Attribute(path) => {
            let escaped = path.iter().map(|key| key.replace('\\', r"\\").replace('.', r"\."));
            format!("attribute.{}", escaped.collect::<Vec<_>>().join("."))
        }
        FacetKey::Price => "price".to_owned(),
        FacetKey::InStock => "in_stock".to_owned(),
        FacetKey::Rating => "rating".to_owned(),
    }
}

/// What a key is called where the catalogue has no name for it.
pub(super) fn plain_label(key: &FacetKey) -> String {
    match key {
        FacetKey::Brand => "Brand".to_owned(),
        FacetKey::ProductType => "Type".to_owned(),
        FacetKey::Category => "Category".to_owned(),
        FacetKey::Collection => "Collection".to_owned(),
        FacetKey::Tag => "Tag".to_owned(),
        FacetKey::Option(name) => name.clone(),
        FacetKey::Attribute(path) => path.last().cloned().unwrap_or_default(),
        FacetKey::Price => "Price".to_owned(),
        FacetKey::InStock => "In stock".to_owned(),
        FacetKey::Rating => "Rating".to_owned(),
    }
}

impl Facets<'_> {
    /// The facet as it is shown; nothing where it tells nothing apart and nobody asked for it.
    pub(super) fn view(&self, facet: Facet, label: Option<String>) -> Option<FacetView> {
        let Facet { key, counts, more } = facet;
        let is_range = counts.iter().any(|count| matches!(count.value, FacetValue::Range(_)));
        let values: Vec<FacetValueView> =
            counts.into_iter().filter_map(|count| self.value(&key, count)).collect();
        let tells = values.len() > 1 && values.iter().any(|value| value.count > 1);
        if !self.are_named && !tells && !values.iter().any(|value| value.selected) {
            return None;
        }
        Some(FacetView {
            label: label.unwrap_or_else(|| plain_label(&key)),
            key: name(&key),
            r#type: if is_range { FacetType::Ranges } else { FacetType::Values },
            values,
            more,
        })
    }

    fn value(&self, key: &FacetKey, count: FacetCount) -> Option<FacetValueView> {
        let selected = self.is_selected(key, &count.value);
        let (value, label) = match count.value {
            FacetValue::Scalar(value) => {
                let label = if count.label.is_empty() { plain(&value) } else { count.label };
                (value, label)
            }
            // A category is named by its handle; one that the tree does not have any more is none.
            FacetValue::Category(id) => {
                (self.tree.find(|row| row.id == id)?.handle.clone().into(), count.label)
            }
            FacetValue::Collection(id) => (id.to_string().into(), count.label),
            FacetValue::Range(range) => (bounds(&range), self.range_label(key, &range)),
        };
        Some(FacetValueView { value, label, count: count.count, selected })
    }

    fn is_selected(&self, key: &FacetKey, value: &FacetValue) -> bool {
        self.chosen.iter().any(|filter| match (filter, key, value) {
            (Filter::Brand(all), FacetKey::Brand, FacetValue::Scalar(value))
            | (Filter::ProductType(all), FacetKey::ProductType, FacetValue::Scalar(value))
            | (Filter::Tag(all), FacetKey::Tag, FacetValue::Scalar(value)) => {
                all.iter().any(|one| value == one)
            }
            (Filter::Option { name, values }, FacetKey::Option(key), FacetValue::Scalar(value)) => {
                name == key && values.iter().any(|one| value == one)
            }
            (
                Filter::Attribute { path, test: AttributeTest::AnyOf(values) },
                FacetKey::Attribute(key),
                FacetValue::Scalar(value),
            ) => path == key && values.contains(value),
            (Filter::InStock(wanted), FacetKey::InStock, FacetValue::Scalar(value)) => value == wanted,
            (Filter::Price(chosen), FacetKey::Price, FacetValue::Range(range))
            | (Filter::Rating(chosen), FacetKey::Rating, FacetValue::Range(range)) => chosen == range,
            _ => false,
        })
    }

    fn range_label(&self, key: &FacetKey, range: &Range<i64>) -> String {
        let places = if *key == FacetKey::Price { self.price_exponent } else { 2 };
        let text = |bound: Option<i64>| bound.map(|bound| decimal(bound, places));
        match (text(range.gte.or(range.gt)), text(range.lte.or(range.lt))) {
            (Some(from), Some(to)) => format!("{from} – {to}"),
            (Some(from), None) => format!("≥ {from}"),
            (None, Some(to)) => format!("≤ {to}"),
            (None, None) => String::new(),
        }
    }
}

/// A scalar as a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The bounds that a range has, as the filter takes them.
fn bounds(range: &Range<i64>) -> Value {
    let all = [("gte", range.gte), ("gt", range.gt), ("lte", range.lte), ("lt", range.lt)];
    let given = all.into_iter().filter_map(|(name, bound)| Some((name.to_owned(), json!(bound?))));
    Value::Object(given.collect::<Map<_, _>>())
}

/// A whole number with its last digits behind the point.
fn decimal(number: i64, places: u32) -> String {
    let unit = 10_i64.saturating_pow(places);
    let digits = usize::try_from(places).unwrap_or_default();
    match places {
        0 => number.to_string(),
        _ => format!("{}.{:0digits$}", number.div_euclid(unit), number.rem_euclid(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_are_written_as_people_write_prices() {
        assert_eq!(
            (decimal(5405, 2), decimal(500, 0), decimal(7, 3)),
            ("54.05".into(), "500".into(), "0.007".into())
        );
    }

    #[test]
    fn what_was_chosen_is_counted_even_if_few_products_have_it() {
        let chosen = [Filter::Option { name: "fit".to_owned(), values: vec!["wide".to_owned()] }];
        let usual = requests(&FacetChoice::Usual, &chosen, None, &FacetKeys::default());
        assert!(usual.iter().any(|request| request.key() == FacetKey::Option("fit".to_owned())));
        assert_eq!(requests(&FacetChoice::None, &chosen, None, &FacetKeys::default()), []);
    }
}
