//! Values that products have, as small numbers: a brand, a category, "red" for the option "colour". Filters and counts compare
//! numbers only.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::{Number, Value};
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_port::search::{FacetKey, FacetValue};

/// Number of a value.
pub type ValueId = u32;

/// Number of what values are of.
pub type KeyId = u32;

/// A value that some product has or had.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The value as filters take it.
    pub value: FacetValue,
    /// What it is called, as the last product said that has it.
    pub label: String,
    /// The category above, where it is a category.
    pub parent: Option<CategoryId>,
    /// Rows of products that have it, or had it once.
    pub rows: Vec<u32>,
}

/// Where counts of a value are kept: what it is a value of, and its place among the values of that.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// What it is a value of.
    pub key: KeyId,
    /// Its place.
    pub ordinal: u32,
}

/// What values are of: the brand, an option.
#[derive(Debug, Default)]
struct OfKey {
    by_name: HashMap<String, ValueId>,
    /// Its values, by ordinal.
    ids: Vec<ValueId>,
    /// The same by label, but for those that came since they were put in order.
    by_label: Vec<ValueId>,
    fresh: Vec<ValueId>,
}

/// Values since they were last put in order, at least, before they are again.
const FRESH_MIN: usize = 32;

/// All values.
#[derive(Debug, Default)]
pub struct Values {
    entries: Vec<Entry>,
    places: Vec<Place>,
    keys: Vec<OfKey>,
    by_key: HashMap<FacetKey, KeyId>,
}

impl Values {
    /// The value of a number.
    pub fn get(&self, id: ValueId) -> Option<&Entry> {
        self.entries.get(index(id))
    }

    /// Where counts of a value are kept.
    pub fn place(&self, id: ValueId) -> Option<Place> {
        self.places.get(index(id)).copied()
    }

    /// The number of what values are of, where there are any.
    pub fn key(&self, key: &FacetKey) -> Option<KeyId> {
        self.by_key.get(key).copied()
    }

    /// How many numbers of keys there are.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Number of a value; new where it was never seen.
    pub fn intern(
        &mut self,
        key: &FacetKey,
        (value, label): (FacetValue, &str),
        parent: Option<CategoryId>,
    ) -> ValueId {
        let name = name_of(&value);
        let key = self.key_of(key);
        let Some(of_key) = self.keys.get_mut(index(key)) else { return ValueId::MAX };
        if let Some(id) = of_key.by_name.get(&name).copied() {
            if self.entries.get(index(id)).is_some_and(|entry| entry.label != label) {
                of_key.take_out(id, &self.entries);
            }
            if let Some(entry) = self.entries.get_mut(index(id)) {
                if entry.label != label {
                    label.clone_into(&mut entry.label);
                }
                entry.parent = parent;
            }
            return id;
        }
        let id = ValueId::try_from(self.entries.len()).unwrap_or(ValueId::MAX);
        self.entries.push(Entry { value, label: label.to_owned(), parent, rows: Vec::new() });
        of_key.by_name.insert(name, id);
        let ordinal = u32::try_from(of_key.ids.len()).unwrap_or(u32::MAX);
        self.places.push(Place { key, ordinal });
        of_key.ids.push(id);
        of_key.fresh.push(id);
        if of_key.fresh.len() > FRESH_MIN.max(of_key.by_label.len() / 8) {
            of_key.put_in_order(&self.entries);
        }
        id
    }

    fn key_of(&mut self, key: &FacetKey) -> KeyId {
        if let Some(known) = self.key(key) {
            return known;
        }
        let id = KeyId::try_from(self.keys.len()).unwrap_or(KeyId::MAX);
        self.keys.push(OfKey::default());
        self.by_key.insert(key.clone(), id);
        id
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.rows.shrink_to_fit());
        self.entries.shrink_to_fit();
        self.places.shrink_to_fit();
        for of_key in &mut self.keys {
            of_key.put_in_order(&self.entries);
            of_key.ids.shrink_to_fit();
            of_key.by_label.shrink_to_fit();
            of_key.by_name.shrink_to_fit();
        }
    }

    /// Remembers that a row has a value.
    pub fn note(&mut self, id: ValueId, row: u32) {
        if let Some(entry) = self.entries.get_mut(index(id)) {
            entry.rows.push(row);
        }
    }

    /// Numbers of those values of a key that products have.
    pub fn find<'a>(&'a self, key: &FacetKey, wanted: impl Iterator<Item = FacetValue> + 'a) -> Vec<ValueId> {
        let Some(of_key) = self.of_key(key) else { return Vec::new() };
        let mut found: Vec<ValueId> =
            wanted.filter_map(|value| of_key.by_name.get(&name_of(&value)).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn of_key(&self, key: &FacetKey) -> Option<&OfKey> {
        self.keys.get(index(self.key(key)?))
    }

    /// Numbers of a key's values that are numbers and pass a test.
    pub fn numbers(&self, key: &FacetKey, passes: impl Fn(f64) -> bool) -> Vec<ValueId> {
        let ids = self.of_key(key).into_iter().flat_map(|of_key| &of_key.ids).copied();
        let is_wanted = |id: &ValueId| {
            matches!(self.get(*id), Some(Entry { value: FacetValue::Scalar(Value::Number(number)), .. })
                if number.as_f64().is_some_and(&passes))
        };
        // Ordinals are given in the order of numbers.
        ids.filter(is_wanted).collect()
    }

    /// How many values a key has.
    pub fn count_of(&self, key: KeyId) -> usize {
        self.keys.get(index(key)).map_or(0, |of_key| of_key.ids.len())
    }

    /// Of the values of a key those that are wanted, by label; those of the same label by their names.
    pub fn by_label(&self, key: KeyId, is_wanted: impl Fn(Place) -> bool) -> Vec<ValueId> {
        let Some(of_key) = self.keys.get(index(key)) else { return Vec::new() };
        let is_wanted = |id: &ValueId| self.place(*id).is_some_and(&is_wanted);
        let mut found: Vec<ValueId> = of_key.by_label.iter().copied().filter(is_wanted).collect();
        for id in of_key.fresh.iter().copied().filter(is_wanted) {
            let place = found.partition_point(|other| by_label(&self.entries, *other, id) == Ordering::Less);
            found.insert(place, id);
        }
        found
    }

    /// The same of ordinals, each once.
    pub fn some_by_label(&self, key: KeyId, ordinals: &[u32]) -> Vec<ValueId> {
        let Some(of_key) = self.keys.get(index(key)) else { return Vec::new() };
        let ids = ordinals.iter().filter_map(|ordinal| of_key.ids.get(index(*ordinal)).copied());
        let mut found: Vec<ValueId> = ids.collect();
        found.sort_unstable_by(|first, second| by_label(&self.entries, *first, *second));
        found
    }
}

impl OfKey {
    /// Takes a value whose label is about to change out of the order.
    fn take_out(&mut self, id: ValueId, entries: &[Entry]) {
        let place = self.by_label.binary_search_by(|other| by_label(entries, *other, id));
        if let Ok(place) = place {
            self.by_label.remove(place);
            self.fresh.push(id);
        }
    }

    fn put_in_order(&mut self, entries: &[Entry]) {
        if !self.fresh.is_empty() {
            self.by_label.append(&mut self.fresh);
            self.by_label.sort_by(|first, second| by_label(entries, *first, *second));
            self.fresh = Vec::new();
        }
    }
}

/// How two values stand to each other by label, and by their names where that is the same.
fn by_label(entries: &[Entry], first: ValueId, second: ValueId) -> Ordering {
    let (Some(first), Some(second)) = (entries.get(index(first)), entries.get(index(second))) else {
        return Ordering::Equal;
    };
    let by_name = || name_of(&first.value).cmp(&name_of(&second.value));
    first.label.cmp(&second.label).then_with(by_name)
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

    #[test]
    fn values_are_in_the_order_of_their_labels_however_these_came_and_changed() {
        let mut values = Values::default();
        let mut labels = std::collections::BTreeMap::new();
        for number in 0_u32..900 {
            let (value, label) = (number * 7 % 300, format!("{:03}", number * 31 % 500 / 2));
            let key = if value % 3 == 0 { FacetKey::Brand } else { FacetKey::Tag };
            values.intern(&key, (FacetValue::Scalar(json!(value)), &label), None);
            labels.insert(value, label);
            if number == 450 {
                values.settle();
            }
            if number % 100 > 0 {
                continue;
            }
            for (key, is_brand) in [(FacetKey::Brand, true), (FacetKey::Tag, false)] {
                let of_key = labels.iter().filter(|(value, _)| (*value % 3 == 0) == is_brand);
                let mut wanted: Vec<(String, String)> =
                    of_key.map(|(value, label)| (label.clone(), value.to_string())).collect();
                wanted.sort();
                let Some(key) = values.key(&key) else { continue };
                let entry = |id: ValueId| values.get(id).unwrap();
                let named = |id| (entry(id).label.clone(), name_of(&entry(id).value));
                let all: Vec<_> = values.by_label(key, |_| true).into_iter().map(named).collect();
                assert_eq!(all, wanted);
                let ordinals: Vec<u32> = (0..u32::try_from(values.count_of(key)).unwrap()).collect();
                let some: Vec<_> = values.some_by_label(key, &ordinals).into_iter().map(named).collect();
                assert_eq!(some, wanted);
            }
        }
    }
}
