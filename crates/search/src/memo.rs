//! What was worked out and may be asked for again, within bounds.

use std::collections::HashMap;
use std::hash::Hash;

/// Values by key, of which those that nobody asked for lately are let go.
///
/// It has two halves: what is asked for moves to the young one, and when that is full the old one is let go.
#[derive(Debug, Clone)]
pub struct Memo<K, V> {
    young: Half<K, V>,
    old: Half<K, V>,
    /// What both halves may weigh.
    weight_max: usize,
}

#[derive(Debug, Clone)]
struct Half<K, V> {
    values: HashMap<K, (V, usize)>,
    weight: usize,
}

impl<K, V> Default for Half<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), weight: 0 }
    }
}

impl<K: Hash + Eq, V: Clone> Memo<K, V> {
    /// An empty one, whose values weigh so much at most.
    pub fn new(weight_max: usize) -> Self {
        Self { young: Half::default(), old: Half::default(), weight_max }
    }

    /// The value of a key, if it is still here.
    pub fn get(&mut self, key: &K) -> Option<V> {
        if let Some((value, _)) = self.young.values.get(key) {
            return Some(value.clone());
        }
        let (key, (value, weight)) = self.old.values.remove_entry(key)?;
        self.old.weight = self.old.weight.saturating_sub(weight);
        self.put(key, value.clone(), weight);
        Some(value)
    }

    /// Keeps a value of some weight; one that would take a quarter of the place is not kept.
    pub fn put(&mut self, key: K, value: V, weight: usize) {
        if weight > self.weight_max / 4 {
            return;
        }
        if self.young.weight.saturating_add(weight) > self.weight_max / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        if let Some((_, before)) = self.young.values.insert(key, (value, weight)) {
            self.young.weight = self.young.weight.saturating_sub(before);
        }
        self.young.weight = self.young.weight.saturating_add(weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut memo = Memo::new(40);
        for key in 0..100 {
            memo.put(key, key * 2, 1);
            assert_eq!(memo.get(&0), Some(0), "{key}");
            assert!(memo.young.weight + memo.old.weight <= 40);
        }
        assert_eq!((memo.get(&99), memo.get(&1)), (Some(198), None));
    }

    #[test]
    fn a_value_is_replaced_and_a_heavy_one_is_not_kept() {
        let mut memo = Memo::new(40);
        memo.put("word", 1, 10);
        memo.put("word", 2, 5);
        memo.put("much", 3, 11);
        assert_eq!((memo.get(&"word"), memo.get(&"much"), memo.young.weight), (Some(2), None, 5));
    }
}
