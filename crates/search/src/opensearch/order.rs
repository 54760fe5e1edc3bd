//! Orders: what the server is asked to sort by, and how lists of several steps become one.

use std::cmp::Ordering;
use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::plan::{Collapse, QueryPlan, StepKind};
use tradepost_port::search::{FacetKey, Position, Sort, SortKey};

use super::entry::{BREAK, key_of, key_text};

/// A product that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The product.
    pub id: ProductId,
    /// What it is ordered by.
    pub key: SortKey,
    /// Its score.
    pub score: f32,
    /// The step that found it.
    pub step: StepKind,
    /// The value that it has in common with others, where they are to be few.
    pub value: Option<String>,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The step, then the score.
    Rank,
    /// A column.
    Column {
        /// Its name.
        name: &'static str,
        /// Whether it goes up.
        ascending: bool,
    },
}

/// Bits of a rank that hold the score; the step is above them.
const SCORE_BITS: u32 = 28;

/// The smallest score that is told from none, as bits: 2^-16. The largest is next to 2^16.
const LEAST_BITS: u32 = 111 << 23;

/// The bounds of scores that ranks tell apart.
pub const SCORE_LEAST: f32 = 2e-5;
/// See [`SCORE_LEAST`].
pub const SCORE_MOST: f32 = 65_000.0;

/// Steps that ranks tell apart; with more of them the bits would not be a finite number any more.
const STEPS_MAX: u32 = 6;

/// A score behind its step, as one number that a cursor can hold: no bit of a usual score is lost, so that the server can
/// go on from it.
pub fn rank(score: f32, steps_after: u32) -> f32 {
    let most = (1 << SCORE_BITS) - 1;
    let score = score.max(0.0).to_bits().saturating_sub(LEAST_BITS).min(most);
    f32::from_bits(steps_after.min(STEPS_MAX) << SCORE_BITS | score)
}

/// The score of a rank, and its step.
pub fn unrank(rank: f32) -> (f32, u32) {
    let bits = rank.to_bits();
    let score = bits & ((1 << SCORE_BITS) - 1);
    let score = if score == 0 { 0.0 } else { f32::from_bits(score.saturating_add(LEAST_BITS)) };
    (score, bits >> SCORE_BITS)
}

impl Order {
    /// Of a plan.
    pub fn of(plan: &QueryPlan) -> Self {
        let column = |name, ascending| Self::Column { name, ascending };
        match plan.sort {
            Sort::Relevance if plan.must.is_empty() && plan.boosts.is_empty() => column("popularity", false),
            Sort::Relevance => Self::Rank,
            Sort::BestSelling => column("popularity", false),
            Sort::Newest => column("published_at_us", false),
            Sort::PriceAscending => column("price_min", true),
            Sort::PriceDescending => column("price_min", false),
            Sort::Name => column("title_sort", true),
            Sort::Rating => column("rating", false),
        }
    }

    fn ascending(self) -> bool {
        matches!(self, Self::Column { ascending: true, .. })
    }

    /// What the server sorts by.
    pub fn sort(self) -> Value {
        let direction = if self.ascending() { "asc" } else { "desc" };
        let name = match self {
            Self::Rank => "_score",
            Self::Column { name, .. } => name,
        };
        json!([{name: direction}, {"product": direction}])
    }

    /// What the server is to go on behind; nothing if the position is none of this order.
    pub fn after(self, position: &Position) -> Option<Value> {
        let key = match (self, &position.key) {
            (Self::Rank, SortKey::Score(rank)) => json!(unrank(*rank).0),
            (Self::Column { name: "title_sort", .. }, SortKey::Text(text)) => json!(text),
            (Self::Column { name: "published_at_us", .. }, SortKey::Time(time)) => {
                json!(time.as_microsecond())
            }
            (Self::Column { name: "price_min" | "popularity" | "rating", .. }, SortKey::Integer(number)) => {
                json!(number)
            }
            _ => return None,
        };
        Some(json!([key, key_of(position.id)]))
    }

    /// The step that a position is in, counted from the last one, where steps matter.
    pub fn step_of(self, position: &Position) -> Option<u32> {
        match (self, &position.key) {
            (Self::Rank, SortKey::Score(rank)) => Some(unrank(*rank).1),
            _ => None,
        }
    }

    /// The key of a hit that the server sorted by these values; `steps_after` places its step.
    pub fn key(self, sorted_by: &Value, steps_after: u32) -> SortKey {
        match self {
            Self::Rank => SortKey::Score(rank(score(sorted_by), steps_after)),
            Self::Column { name: "title_sort", .. } => {
                SortKey::Text(sorted_by.as_str().unwrap_or_default().to_owned())
            }
            Self::Column { name: "published_at_us", .. } => {
                let time = Timestamp::from_microsecond(sorted_by.as_i64().unwrap_or_default());
                SortKey::Time(time.unwrap_or(Timestamp::MIN))
            }
            Self::Column { .. } => SortKey::Integer(sorted_by.as_i64().unwrap_or_default()),
        }
    }

    fn compare(self, (first, first_id): (&SortKey, ProductId), second: (&SortKey, ProductId)) -> Ordering {
        let by_key = match (first, second.0) {
            (SortKey::Score(first), SortKey::Score(second)) => first.total_cmp(second),
            (SortKey::Integer(first), SortKey::Integer(second)) => first.cmp(second),
            (SortKey::Text(first), SortKey::Text(second)) => first.cmp(second),
            (SortKey::Time(first), SortKey::Time(second)) => first.cmp(second),
            _ => Ordering::Equal,
        };
        let order = by_key.then(first_id.cmp(&second.1));
        if self.ascending() { order } else { order.reverse() }
    }

    /// Puts lists of several steps in one order.
    pub fn merge(self, listed: &mut [Listed]) {
        listed.sort_by(|first, second| self.compare((&first.key, first.id), (&second.key, second.id)));
    }

    /// Whether a hit comes after a position.
    pub fn is_after(self, listed: &Listed, position: &Position) -> bool {
        self.compare((&listed.key, listed.id), (&position.key, position.id)) == Ordering::Greater
    }
}

/// A score as the server tells it.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "it is the text of an f32")]
pub fn score(told: &Value) -> f32 {
    told.as_f64().unwrap_or_default() as f32
}

/// The value of a key that a product goes by: its first one, of all that it has.
pub fn first_value(key: &FacetKey, values: &[String]) -> Option<String> {
    let key = format!("{}{BREAK}", key_text(key));
    values.iter().filter_map(|value| value.strip_prefix(&key)).min().map(str::to_owned)
}

/// Leaves only a few of those that have a value in common, the first ones. Pins are always listed, and are some of the few.
pub fn thin_out<'a>(
    listed: impl IntoIterator<Item = &'a Listed>,
    pins: impl Iterator<Item = &'a Listed>,
    collapse: &Collapse,
) -> Vec<Listed> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut keeps = |listed: &'a Listed| {
        let Some(value) = &listed.value else { return true };
        let count = counts.entry(value).or_default();
        *count = count.saturating_add(1);
        *count <= collapse.keep
    };
    for pin in pins {
        keeps(pin);
    }
    listed.into_iter().filter(|listed| keeps(listed)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_rank_keeps_the_score_and_puts_the_step_before_it(
            score in 0.001_f32..60_000.0, other in 0.001_f32..60_000.0, step in 0_u32..=6, later in 0_u32..=6,
        ) {
            let first = rank(score, step);
            prop_assert!(first.is_finite());
            prop_assert_eq!(unrank(first), (score, step));
            let wanted = step.cmp(&later).then(score.total_cmp(&other));
            prop_assert_eq!(first.total_cmp(&rank(other, later)), wanted);
        }
    }

    #[test]
    fn no_score_is_a_rank_too() {
        assert_eq!(unrank(rank(0.0, 3)), (0.0, 3));
        assert_eq!(unrank(rank(-1.0, 0)), (0.0, 0));
        assert!(rank(f32::MAX, 99).is_finite());
    }
}
