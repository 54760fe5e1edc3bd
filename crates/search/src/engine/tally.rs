//! Counts of products by value, of those keys alone that are asked for.

use super::values::{KeyId, Place, ValueId, Values, index};

/// What says that a key is not counted.
const NOT_COUNTED: u32 = u32::MAX;

/// Counts by value.
#[derive(Debug, Default)]
pub struct Tally {
    /// Where the counts of each key begin.
    starts: Vec<u32>,
    counts: Vec<u32>,
    /// Which of them are more than nothing.
    touched: Vec<u32>,
}

impl Tally {
    /// Counts a key from now on.
    pub fn want(&mut self, key: KeyId, values: &Values) {
        self.starts.resize(values.keys(), NOT_COUNTED);
        let end = self.counts.len();
        if let Some(start) = self.starts.get_mut(index(key)).filter(|start| **start == NOT_COUNTED) {
            *start = u32::try_from(end).unwrap_or(NOT_COUNTED);
            self.counts.resize(end.saturating_add(values.count_of(key)), 0);
        }
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    fn at(&self, place: Place) -> Option<usize> {
        let start = self.starts.get(index(place.key)).copied().filter(|start| *start != NOT_COUNTED)?;
        Some(index(start).saturating_add(index(place.ordinal)))
    }

    /// Counts a product that has a value.
    pub fn add(&mut self, value: ValueId, values: &Values) {
        let at = values.place(value).and_then(|place| self.at(place));
        let Some((at, count)) = at.and_then(|at| Some((at, self.counts.get_mut(at)?))) else { return };
        if *count == 0 {
            self.touched.push(u32::try_from(at).unwrap_or(NOT_COUNTED));
        }
        *count = count.saturating_add(1);
    }

    /// Takes a product that has a value back.
    pub fn take(&mut self, value: ValueId, values: &Values) {
        let at = values.place(value).and_then(|place| self.at(place));
        if let Some(count) = at.and_then(|at| self.counts.get_mut(at)) {
            *count = count.saturating_sub(1);
        }
    }

    /// Where counts are that are more than nothing, with them.
    pub fn counted(&self) -> Box<[(u32, u32)]> {
        let count = |at: &u32| (*at, self.counts.get(index(*at)).copied().unwrap_or_default());
        self.touched.iter().map(count).collect()
    }

    /// Adds counts of another tally that the same is wanted of.
    pub fn add_counted(&mut self, counted: &[(u32, u32)]) {
        for (at, more) in counted {
            let Some(count) = self.counts.get_mut(index(*at)) else { continue };
            if *count == 0 {
                self.touched.push(*at);
            }
            *count = count.saturating_add(*more);
        }
    }

    /// Products that have a value.
    pub fn count(&self, place: Place) -> u32 {
        self.at(place).and_then(|at| self.counts.get(at).copied()).unwrap_or_default()
    }

    /// The values of a key that products have, with how many, the most frequent first; those of the same count by label.
    pub fn most_frequent(&self, key: KeyId, values: &Values) -> Vec<(ValueId, u32)> {
        let Some(start) = self.starts.get(index(key)).copied() else { return Vec::new() };
        let end = start.saturating_add(u32::try_from(values.count_of(key)).unwrap_or(u32::MAX));
        let of_key = || self.touched.iter().filter(|at| (start..end).contains(*at));
        // A few are sooner put in order than found among all.
        let found = if of_key().count().saturating_mul(8) < values.count_of(key) {
            let ordinals: Vec<u32> = of_key().map(|at| at.saturating_sub(start)).collect();
            values.some_by_label(key, &ordinals)
        } else {
            values.by_label(key, |place| self.count(place) > 0)
        };
        let count = |id: ValueId| (id, values.place(id).map_or(0, |place| self.count(place)));
        let mut counts: Vec<(ValueId, u32)> = found.into_iter().map(count).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}
