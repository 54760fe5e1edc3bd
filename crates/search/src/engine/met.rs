//! Which products hold the words of a step, and how well: lists of rows by slot, crossed or put together.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::cmp::Ordering;

use tradepost_port::search::plan::Step;

/// The bit of [`Met::mark`] that says whether the words stand in names.
const NAMED: u32 = 1 << 31;

/// A product that meets a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Met {
    /// Its row, and in the highest bit whether the words stand in a field that names it.
    mark: u32,
    /// What that counts.
    pub score: f32,
}

impl Met {
    /// A product that meets a slot, in its names or only in its description.
    pub fn new(row: u32, score: f32, is_named: bool) -> Self {
        Self { mark: (row & !NAMED) | if is_named { NAMED } else { 0 }, score }
    }

    /// Its row.
    pub fn row(self) -> u32 {
        self.mark & !NAMED
    }

    /// Whether the words stand in a field that names it.
    pub fn is_named(self) -> bool {
        self.mark & NAMED != 0
    }

    /// A product that meets two slots.
    fn and(self, other: Self) -> Self {
        Self::new(self.row(), self.score + other.score, self.is_named() && other.is_named())
    }
}

/// Products that meet enough slots, with their scores; `lists` has one list a slot, by row. Where all slots are met in names, a score
/// is so much higher.
pub fn of_step(lists: &[&[Met]], step: Step, named: f32) -> Vec<(u32, f32)> {
    let all = step.slots_min >= lists.len();
    let met = if all { of_all(lists) } else { of_some(lists, step.slots_min) };
    let bonus = if all && lists.len() > 1 { named } else { 0.0 };
    let score = |met: Met| met.score + if met.is_named() { bonus } else { 0.0 };
    met.into_iter().map(|met| (met.row(), score(met))).collect()
}

/// Those that are in all lists.
pub fn of_all(lists: &[&[Met]]) -> Vec<Met> {
    let mut lists = lists.to_vec();
    lists.sort_by_key(|list| list.len());
    let Some((first, others)) = lists.split_first() else { return Vec::new() };
    others.iter().fold(first.to_vec(), |met, other| cross(&met, other))
}

/// Those that are in both lists, of which the first is the shorter one.
fn cross(short: &[Met], long: &[Met]) -> Vec<Met> {
    let mut rest = long;
    let mut found = Vec::with_capacity(short.len());
    for met in short {
        rest = skip(rest, met.row());
        if let Some(other) = rest.first().filter(|other| other.row() == met.row()) {
            found.push(met.and(*other));
        }
    }
    found
}

/// The list from a row on: looked for near its beginning first, in strides that double.
fn skip(list: &[Met], row: u32) -> &[Met] {
    let mut stride = 1_usize;
    while list.get(stride).is_some_and(|met| met.row() < row) {
        stride = stride.saturating_mul(2);
    }
    let from = stride / 2;
    let near = list.get(from..list.len().min(stride.saturating_add(1))).unwrap_or_default();
    list.get(from.saturating_add(near.partition_point(|met| met.row() < row))..).unwrap_or_default()
}

/// Those that are in so many lists.
fn of_some(lists: &[&[Met]], least: usize) -> Vec<Met> {
    if let ([first, second, others @ ..], 1) = (lists, least) {
        return others.iter().fold(merge(first, second), |met, other| merge(&met, other));
    }
    // A stable sort merges what is in order already.
    let mut all: Vec<Met> = lists.concat();
    all.sort_by_key(|met| met.row());
    let same = all.chunk_by(|first, second| first.row() == second.row());
    same.filter(|same| same.len() >= least).filter_map(|same| same.iter().copied().reduce(Met::and)).collect()
}

/// Those that are in one of two lists or in both.
fn merge(mut first: &[Met], mut second: &[Met]) -> Vec<Met> {
    let mut merged = Vec::with_capacity(first.len().saturating_add(second.len()));
    while let ([here, after_here @ ..], [there, after_there @ ..]) = (first, second) {
        match here.row().cmp(&there.row()) {
            Ordering::Less => {
                merged.push(*here);
                first = after_here;
            }
            Ordering::Greater => {
                merged.push(*there);
                second = after_there;
            }
            Ordering::Equal => {
                merged.push(here.and(*there));
                (first, second) = (after_here, after_there);
            }
        }
    }
    merged.extend_from_slice(first);
    merged.extend_from_slice(second);
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tradepost_port::search::plan::StepKind;

    use super::*;

    fn list(rows: impl IntoIterator<Item = u32>) -> Vec<Met> {
        rows.into_iter().map(|row| Met::new(row, 1.0, !row.is_multiple_of(3))).collect()
    }

    fn step(slots_min: usize) -> Step {
        Step { doubt: 0, slots_min, if_fewer_than: 1, kind: StepKind::Exact }
    }

    proptest! {
        #[test]
        fn a_product_is_found_where_enough_lists_have_it(
            lists in proptest::collection::vec(proptest::collection::btree_set(0_u32..200, 0..120), 1..5),
            least in 1_usize..6,
        ) {
            let all: Vec<Vec<Met>> = lists.iter().map(|rows| list(rows.iter().copied())).collect();
            let all: Vec<&[Met]> = all.iter().map(Vec::as_slice).collect();
            let found = of_step(&all, step(least), 10.0);
            let least = least.min(lists.len());
            let bonus = |row: u32| if least == lists.len() && least > 1 && !row.is_multiple_of(3) { 10 } else { 0 };
            let wanted: Vec<(u32, f32)> = (0..200_u32)
                .map(|row| (row, lists.iter().filter(|list| list.contains(&row)).count()))
                .filter(|(_, count)| *count >= least)
                .map(|(row, count)| (row, f32::from(u8::try_from(count + bonus(row)).unwrap())))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
