//! Lists of rows in one piece of memory: a box of its own for each would have to be fetched from anywhere, and cost as much
//! again as the few numbers in it.

use super::values::index;

/// Items that belong to nobody any more, at least, before the others are moved together.
const DEAD_MIN: usize = 1_024;

/// A list of items for each row.
#[derive(Debug)]
pub struct Pool<T> {
    items: Vec<T>,
    /// Where the list of each row begins, and how long it is.
    spans: Vec<(u32, u32)>,
    /// Items that belong to no row any more.
    dead: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Vec::new(), spans: Vec::new(), dead: 0 }
    }
}

impl<T: Clone> Pool<T> {
    /// The list of a row; empty where it has none.
    pub fn get(&self, row: u32) -> &[T] {
        let place = self.spans.get(index(row)).copied().map(place);
        place.and_then(|place| self.items.get(place)).unwrap_or_default()
    }

    /// The list of a row, to be changed.
    pub fn get_mut(&mut self, row: u32) -> &mut [T] {
        let place = self.spans.get(index(row)).copied().map(place);
        place.and_then(|place| self.items.get_mut(place)).unwrap_or_default()
    }

    /// Gives a row another list.
    pub fn put(&mut self, row: u32, list: &[T]) {
        let old = self.get_mut(row);
        let had = old.len();
        if had == list.len() {
            old.clone_from_slice(list);
            return;
        }
        if self.spans.len() <= index(row) {
            self.spans.resize(index(row).saturating_add(1), (0, 0));
        }
        self.dead = self.dead.saturating_add(had);
        self.set_span(row, list.len());
        self.items.extend_from_slice(list);
        if self.dead > DEAD_MIN.max(self.items.len() / 2) {
            self.move_together();
        }
    }

    /// The list of a row will be the next items, so many.
    fn set_span(&mut self, row: u32, len: usize) {
        // Beyond four thousand million items a list is lost, not another one's.
        let span = u32::try_from(self.items.len()).ok().zip(u32::try_from(len).ok());
        if let Some(place) = self.spans.get_mut(index(row)) {
            *place = span.unwrap_or((u32::MAX, 0));
        }
    }

    fn move_together(&mut self) {
        let items = std::mem::take(&mut self.items);
        self.items = Vec::with_capacity(items.len().saturating_sub(self.dead));
        for row in &mut self.spans {
            let list = items.get(place(*row)).unwrap_or_default();
            row.0 = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
            self.items.extend_from_slice(list);
        }
        self.dead = 0;
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        if self.dead > 0 {
            self.move_together();
        }
        self.items.shrink_to_fit();
        self.spans.shrink_to_fit();
    }
}

fn place((start, len): (u32, u32)) -> std::ops::Range<usize> {
    let start = index(start);
    start..start.saturating_add(index(len))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_row_has_the_list_that_it_was_given_last(
            puts in proptest::collection::vec((0_u32..40, 0_usize..90), 0..300),
            settles_at in 0_usize..300,
        ) {
            let mut pool = Pool::default();
            let mut wanted: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            for (number, (row, len)) in (0_u32..).zip(puts) {
                let list = vec![number; len];
                pool.put(row, &list);
                wanted.insert(row, list);
                if usize::try_from(number).unwrap() == settles_at {
                    pool.settle();
                    prop_assert_eq!(pool.items.len(), wanted.values().map(Vec::len).sum::<usize>());
                }
                prop_assert!(pool.dead <= DEAD_MIN.max(pool.items.len() / 2));
            }
            for row in 0..50 {
                prop_assert_eq!(pool.get(row), wanted.get(&row).map_or(&[][..], Vec::as_slice));
            }
        }
    }
}
