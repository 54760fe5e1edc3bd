//! What the products of a shelf can be told apart by: the options and attributes that are worth counting.

use std::collections::HashMap;

use serde_json::Value;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_port::search::{FacetKey, SearchDocument};

/// Options and attributes that are counted where a shopper names none.
const KEYS_MAX: usize = 12;

/// A key, as it is shown and in how many products of each category it was met.
#[derive(Debug, Default)]
struct Known {
    label: String,
    /// By category; none for all products.
    products: HashMap<Option<CategoryId>, u32>,
}

/// Options and attributes, by how many products have them. Counts only grow: they say which keys are worth counting, not what is
/// counted.
#[derive(Debug, Default)]
pub(super) struct FacetKeys(HashMap<FacetKey, Known>);

impl FacetKeys {
    /// Takes note of what a product has.
    pub(super) fn learn(&mut self, document: &SearchDocument) {
        let options = document.variants.first().into_iter().flat_map(|variant| &variant.options);
        let options =
            options.map(|option| (FacetKey::Option(option.name.to_lowercase()), option.name.as_str()));
        let is_plain = |value: &Value| match value {
            Value::Array(items) => items.iter().all(|item| item.is_string() || item.is_boolean()),
            value => value.is_string() || value.is_boolean() || value.is_number(),
        };
        let attributes = document.attributes.iter().filter(|(_, value)| is_plain(value));
        let attributes = attributes.map(|(key, _)| (FacetKey::Attribute(vec![key.clone()]), key.as_str()));
        let places: Vec<_> =
            document.categories.iter().map(|category| Some(category.id)).chain([None]).collect();
        for (key, label) in options.chain(attributes) {
            let known = self.0.entry(key).or_default();
            if known.label.is_empty() {
                label.clone_into(&mut known.label);
            }
            for place in &places {
                let count = known.products.entry(*place).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// The keys that most products have, of a category or of all.
    pub(super) fn usual(&self, category: Option<CategoryId>) -> Vec<FacetKey> {
        let counted = self.0.iter().filter_map(|(key, known)| Some((*known.products.get(&category)?, key)));
        let mut counted: Vec<_> = counted.collect();
        counted.sort_unstable_by(|first, second| second.0.cmp(&first.0).then_with(|| first.1.cmp(second.1)));
        counted.into_iter().take(KEYS_MAX).map(|(_, key)| key.clone()).collect()
    }

    /// What a key is called, as the catalogue writes it.
    pub(super) fn label(&self, key: &FacetKey) -> Option<String> {
        self.0.get(key).map(|known| known.label.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tradepost_domain::kernel::ids::{EntityId, ProductId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_keys_of_most_products_come_first_and_lists_of_numbers_are_none() {
        let mut keys = FacetKeys::default();
        for number in 0..3_u128 {
            let mut document = SearchDocument::titled(ProductId::from_uuid(Uuid::from_u128(number)), "Boot");
            let attributes = json!({"Fit": "wide", "sizes": [1, 2], "specs": {"a": 1}});
            document.attributes = attributes.as_object().unwrap().clone();
            if number == 0 {
                document.attributes.insert("Bio".to_owned(), json!(true));
            }
            keys.learn(&document);
        }
        let names = |name: &str| FacetKey::Attribute(vec![name.to_owned()]);
        assert_eq!(keys.usual(None), [names("Fit"), names("Bio")]);
        assert_eq!(keys.label(&names("Fit")).as_deref(), Some("Fit"));
        assert_eq!(keys.usual(Some(CategoryId::from_uuid(Uuid::nil()))), []);
    }
}
