//! From all products that were found to the page that is shown: order, pins, collapse, where the page begins and ends.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use std::cmp::Ordering;
use std::collections::HashMap;

use jiff::Timestamp;
use tradepost_port::search::plan::{Collapse, QueryPlan, Start, StepKind};
use tradepost_port::search::{Hit, Position, Sort, SortKey};

use super::table::{Product, Row, Table};
use super::values::{KeyId, ValueId};

/// A product that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its row.
    pub row: u32,
    /// How well it fits; by this alone hits are ordered by relevance.
    pub rank: f32,
    /// Its score as the engine gave it.
    pub score: f32,
    /// The step that found it.
    pub step: StepKind,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// [`Found::rank`], the highest first.
    Rank,
    /// Latest first.
    Published,
    /// Cheapest first.
    Cheapest,
    /// Dearest first.
    Dearest,
    /// By title.
    Title,
    /// Best selling first.
    Popularity,
    /// Best rated first.
    Rating,
}

/// A score that places a hit before all hits of later steps: the step counts down from the last one, the score fills the place
/// between two steps. An order that two pages share must be by one number.
pub fn rank(score: f32, steps_after: u8) -> f32 {
    let score = score.max(0.0);
    f32::from(steps_after) + score / (score + HALF_WAY)
}

/// The score that lies in the middle between two steps.
const HALF_WAY: f32 = 30.0;

impl Order {
    /// Of a plan.
    pub fn of(plan: &QueryPlan) -> Self {
        match plan.sort {
            Sort::Relevance if plan.must.is_empty() && plan.boosts.is_empty() => Self::Popularity,
            Sort::Relevance => Self::Rank,
            Sort::BestSelling => Self::Popularity,
            Sort::Newest => Self::Published,
            Sort::PriceAscending => Self::Cheapest,
            Sort::PriceDescending => Self::Dearest,
            Sort::Name => Self::Title,
            Sort::Rating => Self::Rating,
        }
    }

    /// Whether the greatest comes first.
    pub fn descending(self) -> bool {
        !matches!(self, Self::Cheapest | Self::Title)
    }

    /// Ascending by what rows hold; ties go by id.
    pub fn compare_rows(self, first: &Row, second: &Row) -> Ordering {
        let by_key = match self {
            // A rank is not of the row.
            Self::Rank => Ordering::Equal,
            Self::Published => first.published_at_us.cmp(&second.published_at_us),
            Self::Cheapest | Self::Dearest => first.price_min.cmp(&second.price_min),
            Self::Title => first.title_sort.cmp(&second.title_sort),
            Self::Popularity => first.popularity.cmp(&second.popularity),
            Self::Rating => first.rating.cmp(&second.rating),
        };
        by_key.then_with(|| first.id.cmp(&second.id))
    }

    fn key(self, found: &Found, row: &Row) -> SortKey {
        match self {
            Self::Rank => SortKey::Score(found.rank),
            Self::Published => {
                SortKey::Time(Timestamp::from_microsecond(row.published_at_us).unwrap_or(Timestamp::MIN))
            }
            Self::Cheapest | Self::Dearest => SortKey::Integer(row.price_min),
            Self::Title => SortKey::Text(row.title_sort.as_ref().to_owned()),
            Self::Popularity => SortKey::Integer(row.popularity),
            Self::Rating => SortKey::Integer(row.rating),
        }
    }

    /// Whether a key is one of this order.
    pub fn takes(self, key: &SortKey) -> bool {
        match self {
            Self::Rank => matches!(key, SortKey::Score(_)),
            Self::Published => matches!(key, SortKey::Time(_)),
            Self::Title => matches!(key, SortKey::Text(_)),
            Self::Cheapest | Self::Dearest | Self::Popularity | Self::Rating => {
                matches!(key, SortKey::Integer(_))
            }
        }
    }

    /// How a product stands to a position of this order, ascending; nothing if the position is of another one.
    fn against(self, (found, row): (&Found, &Row), after: &Position) -> Option<Ordering> {
        match (self, &after.key) {
            (Self::Rank, SortKey::Score(key)) => {
                Some(found.rank.total_cmp(key).then_with(|| row.id.cmp(&after.id)))
            }
            _ => self.against_row(row, after),
        }
    }

    /// The same by what the row holds.
    pub fn against_row(self, row: &Row, after: &Position) -> Option<Ordering> {
        let by_key = match (self, &after.key) {
            (Self::Published, SortKey::Time(key)) => row.published_at_us.cmp(&key.as_microsecond()),
            (Self::Cheapest | Self::Dearest, SortKey::Integer(key)) => row.price_min.cmp(key),
            (Self::Title, SortKey::Text(key)) => row.title_sort.as_ref().cmp(key.as_str()),
            (Self::Popularity, SortKey::Integer(key)) => row.popularity.cmp(key),
            (Self::Rating, SortKey::Integer(key)) => row.rating.cmp(key),
            _ => return None,
        };
        Some(by_key.then_with(|| row.id.cmp(&after.id)))
    }
}

/// A page, and where it ended if there is more.
pub struct Ranked {
    /// Its hits.
    pub hits: Vec<Hit>,
    /// Where it ended.
    pub next: Option<Position>,
}

/// Cuts the page of a plan out of all that was found; `pinned` are the products with a place of their own, by it.
pub fn page(plan: &QueryPlan, mut found: Vec<Found>, pinned: &[(usize, Found)], table: &Table) -> Ranked {
    let order = Order::of(plan);
    let (offset, pinned) = match plan.page.start {
        Start::Offset(offset) => (offset, pinned),
        Start::After(_) => (0, [].as_slice()),
    };
    let end = offset.saturating_add(plan.page.limit);
    if let Some(collapse) = &plan.collapse {
        sort_first(&mut found, usize::MAX, order, table);
        thin_out(&mut found, pinned, collapse, table);
    }
    if let Start::After(after) = &plan.page.start {
        let wanted = if order.descending() { Ordering::Less } else { Ordering::Greater };
        let comes_after =
            |found: &Found| Some(order.against((found, table.row(found.row)?), after)? == wanted);
        found.retain(|found| comes_after(found).unwrap_or(false));
    }
    // One more than is shown tells whether there is more.
    sort_first(&mut found, end.saturating_add(1), order, table);
    let mut listed: Vec<(Found, bool)> = found.into_iter().map(|found| (found, false)).collect();
    for (place, found) in pinned {
        listed.insert((*place).min(listed.len()), (*found, true));
    }
    let has_more = listed.len() > end;
    let shown: Vec<(Found, bool, &Row)> = listed
        .into_iter()
        .take(end)
        .filter_map(|(found, pinned)| Some((found, pinned, table.row(found.row)?)))
        .collect();
    let last = shown.iter().rev().find(|(_, pinned, _)| !pinned);
    let next = (has_more && plan.page.limit > 0).then(|| match last {
        Some((found, _, row)) => Position { key: order.key(found, row), id: row.id },
        // All were pins, as there are only where the best comes first.
        None => Position::before_all(order == Order::Rank),
    });
    let hits = shown.iter().skip(offset).map(|(found, pinned, row)| Hit {
        id: row.id,
        score: found.score,
        step: found.step,
        pinned: *pinned,
    });
    Ranked { hits: hits.collect(), next }
}

/// How many hits may be on the page of a plan or before it, with one more that tells whether there is more; nothing where hits are
/// chosen by more than their order.
pub fn page_end(plan: &QueryPlan) -> Option<usize> {
    let Start::Offset(offset) = plan.page.start else { return None };
    let is_by_rank = Order::of(plan) == Order::Rank && plan.collapse.is_none();
    is_by_rank.then(|| offset.saturating_add(plan.page.limit).saturating_add(1))
}

/// How two products stand to each other in a list.
fn compare(order: Order, table: &Table) -> impl Fn(&Found, &Found) -> Ordering {
    move |first, second| {
        // What rows hold is looked up only where it matters.
        if order == Order::Rank && first.rank.total_cmp(&second.rank) != Ordering::Equal {
            return second.rank.total_cmp(&first.rank);
        }
        let (Some(first_row), Some(second_row)) = (table.row(first.row), table.row(second.row)) else {
            return Ordering::Equal;
        };
        let ascending = order.compare_rows(first_row, second_row);
        if order.descending() { ascending.reverse() } else { ascending }
    }
}

/// Leaves out all but the first `count`, of which the last one stands at the end.
pub fn leave_first(found: &mut Vec<Found>, count: usize, order: Order, table: &Table) {
    if let Some(last) = count.checked_sub(1).filter(|_| count < found.len()) {
        found.select_nth_unstable_by(last, compare(order, table));
        found.truncate(count);
    }
}

/// Puts the first `count` in order and leaves out the others.
fn sort_first(found: &mut Vec<Found>, count: usize, order: Order, table: &Table) {
    leave_first(found, count, order, table);
    found.sort_unstable_by(compare(order, table));
}

/// Leaves only a few of those that have a value in common, the first ones.
fn thin_out(found: &mut Vec<Found>, pinned: &[(usize, Found)], collapse: &Collapse, table: &Table) {
    let Some(key) = table.values.key(&collapse.key) else { return };
    let mut counts: HashMap<ValueId, usize> = HashMap::new();
    let mut keeps = |found: &Found| {
        let Some(value) = table.product(found.row).and_then(|product| first_value(&product, key, table))
        else {
            return true;
        };
        let count = counts.entry(value).or_default();
        *count = count.saturating_add(1);
        *count <= collapse.keep
    };
    // Pins are always listed, and are some of the few.
    for (_, found) in pinned {
        keeps(found);
    }
    found.retain(keeps);
}

/// The value of a key that a product goes by: its first one by name.
fn first_value(product: &Product<'_>, key: KeyId, table: &Table) -> Option<ValueId> {
    let of_key = product.values.iter().chain(product.options()).filter_map(|id| {
        table.values.place(*id).filter(|place| place.key == key)?;
        Some((super::values::name_of(&table.values.get(*id)?.value), *id))
    });
    of_key.min().map(|(_, id)| id)
}
