//! Values that products have, as small numbers: a brand, a category, "red" for the option "colour". Filters and counts compare
//! numbers only.

use std::collections::HashMap;

use serde_json::{Number, Value};
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_port::search::{FacetKey, FacetValue};

/// Number of a value.
pub type ValueId = u32;

/// A value that some product has or had.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is a value of.
    pub key: FacetKey,
    /// The value as filters take it.
    pub value: FacetValue,
    /// What it is called, as the last product said that has it.
    pub label: String,
    /// The category above, where it is a category.
    pub parent: Option<CategoryId>,
    /// Rows of products that have it, or had it once.
    pub rows: Vec<u32>,
}

/// All values.
#[derive(Debug, Default)]
pub struct Values {
    entries: Vec<Entry>,
    by_key: HashMap<FacetKey, HashMap<String, ValueId>>,
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a number.
    pub fn get(&self, id: ValueId) -> Option<&Entry> {
        self.entries.get(index(id))
    }

    /// Number of a value; new where it was never seen.
    pub fn intern(
        &mut self,
        key: &FacetKey,
        (value, label): (FacetValue, &str),
        parent: Option<CategoryId>,
    ) -> ValueId {
        let name = name_of(&value);
        if let Some(id) = self.by_key.get(key).and_then(|values| values.get(&name)) {
            if let Some(entry) = self.entries.get_mut(index(*id)) {
                if entry.label != label {
                    label.clone_into(&mut entry.label);
                }
                entry.parent = parent;
            }
            return *id;
        }
        let id = ValueId::try_from(self.entries.len()).unwrap_or(ValueId::MAX);
        self.by_key.entry(key.clone()).or_default().insert(name, id);
        let entry = Entry { key: key.clone(), value, label: label.to_owned(), parent, rows: Vec::new() };
        self.entries.push(entry);
        id
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.rows.shrink_to_fit());
    }

    /// Remembers that a row has a value.
    pub fn note(&mut self, id: ValueId, row: u32) {
        if let Some(entry) = self.entries.get_mut(index(id)) {
            entry.rows.push(row);
        }
    }

    /// Numbers of those values of a key that products have.
    pub fn find<'a>(&'a self, key: &FacetKey, wanted: impl Iterator<Item = FacetValue> + 'a) -> Vec<ValueId> {
        let Some(values) = self.by_key.get(key) else { return Vec::new() };
        let mut found: Vec<ValueId> =
            wanted.filter_map(|value| values.get(&name_of(&value)).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Numbers of a key's values that are numbers and pass a test.
    pub fn numbers(&self, key: &FacetKey, passes: impl Fn(f64) -> bool) -> Vec<ValueId> {
        let mut found: Vec<ValueId> = self
            .of(key)
            .filter(|(_, entry)| {
                matches!(&entry.value, FacetValue::Scalar(Value::Number(number))
                    if number.as_f64().is_some_and(&passes))
            })
            .map(|(id, _)| id)
            .collect();
        found.sort_unstable();
        found
    }

    /// All values of a key.
    pub fn of(&self, key: &FacetKey) -> impl Iterator<Item = (ValueId, &Entry)> {
        let ids = self.by_key.get(key).into_iter().flat_map(HashMap::values);
        ids.filter_map(|id| Some((*id, self.get(*id)?)))
    }
}

/// The number of a row or value as a place in a list.
pub fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

/// A text that is the same for values that are equal, and for no others of the same key: 1 and 1.0 are.
pub fn name_of(value: &FacetValue) -> String {
    match value {
        FacetValue::Scalar(Value::String(text)) => format!("\"{text}"),
        FacetValue::Scalar(Value::Number(number)) => plain_number(number),
        FacetValue::Scalar(other) => other.to_string(),
        FacetValue::Category(id) => id.to_string(),
        FacetValue::Collection(id) => id.to_string(),
        FacetValue::Range(range) => format!("{range:?}"),
    }
}

/// A number without a fraction that is nothing.
pub fn plain_number(number: &Number) -> String {
    let text = number.to_string();
    if number.is_f64() && !text.contains(['e', 'E']) {
        text.strip_suffix(".0").unwrap_or(&text).to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_values_are_one_and_others_are_not() {
        let mut values = Values::default();
        let key = FacetKey::Attribute(vec!["size".to_owned()]);
        let mut intern = |value: Value| values.intern(&key, (FacetValue::Scalar(value), ""), None);
        let one = intern(json!(1));
        assert_eq!(intern(json!(1.0)), one);
        assert_ne!(intern(json!("1")), one);
        assert_ne!(intern(json!(true)), intern(json!("true")));
        assert_eq!(values.numbers(&key, |number| number >= 1.0), [one]);
    }
}
