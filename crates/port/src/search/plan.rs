//! A question that is understood: what the pipeline of `search` hands to an engine, whichever it is.
//!
//! Everything that decides what a query means (typos, synonyms, what is dropped when too little is found) is decided
//! before, so that an engine only has to find and to score, and two engines give the same answers.

use std::sync::Arc;

use tradepost_domain::kernel::ids::ProductId;

use super::condition::{Condition, FacetKey, FacetRequest};
use super::{Position, Sort};

/// How an alternative came about. The order is that of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AltKind {
    /// The word as it was written, or its stem.
    Exact,
    /// Another word for the same thing.
    Synonym,
    /// Two written words that are one: "sta rtech".
    Joined,
    /// One written word that is two: "harddrive".
    Split,
    /// A word that begins with what was written.
    Prefix,
    /// A word that is so many edits away.
    Typo(u8),
}

/// One way in which a slot can be met.
#[derive(Debug, Clone, PartialEq)]
pub struct Alt {
    /// Terms that a document must hold, all of them; as a rule one.
    pub terms: Vec<String>,
    /// What a match counts, 0 to 1.
    pub weight: f32,
    /// How it came about.
    pub kind: AltKind,
    /// The step of doubt from which on it counts: 0 as written, 1 near, 2 far.
    pub doubt: u8,
}

/// Where the words of a slot are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// What the product is: words of its title that do not merely describe another word.
    Core,
    /// The title up to "for", "with" and the like.
    Title,
    /// The rest of the title: what the product goes with.
    Tail,
    /// The name of the brand.
    Brand,
    /// Product type and categories.
    Type,
    /// Options, attributes and tags.
    Attributes,
    /// The description.
    Description,
    /// Model numbers and other compounds, written as one word.
    Compound,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Core,
        Self::Title,
        Self::Tail,
        Self::Brand,
        Self::Type,
        Self::Attributes,
        Self::Description,
        Self::Compound,
    ];
}

/// A word of the query: a document meets it by any of the alternatives, and is paid for the best one.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The word as it was written, folded.
    pub word: String,
    /// Ways to meet it; never empty.
    pub alts: Arc<[Alt]>,
    /// How many products hold the word: rare words say more. The same for all alternatives, since a rare misspelling
    /// would outrank the word it stands for otherwise.
    pub document_count: u64,
}

/// What is asked of a document in one step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The greatest doubt of alternatives that count.
    pub doubt: u8,
    /// How many slots must be met.
    pub slots_min: usize,
    /// The step is taken if the ones before it found fewer products than this.
    pub if_fewer_than: usize,
    /// What it is called in the answer.
    pub kind: StepKind,
}

/// Fields that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// What a product is called and what it is: all fields but the description.
    Names,
    /// All fields.
    Anywhere,
}

impl Scope {
    /// Whether alternatives of a kind are looked for in a field. Descriptions are matched, but nothing is corrected
    /// towards their words.
    pub fn holds(self, field: Field, kind: AltKind) -> bool {
        let trusted = matches!(kind, AltKind::Exact | AltKind::Synonym | AltKind::Joined);
        field != Field::Description || (self == Self::Anywhere && trusted)
    }
}

/// The name of a step, for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepKind {
    /// All words, as written.
    Exact,
    /// All words, some of them corrected.
    Corrected,
    /// Some words left out.
    Relaxed,
}

/// What a match counts, by where it is found and beside what.
#[derive(Debug, Clone, PartialEq)]
pub struct Scoring {
    /// What the product is.
    pub core: f32,
    /// The title up to its turn.
    pub title: f32,
    /// The rest of the title.
    pub tail: f32,
    /// The brand.
    pub brand: f32,
    /// Types and categories.
    pub types: f32,
    /// Attributes.
    pub attributes: f32,
    /// The description.
    pub description: f32,
    /// Model numbers.
    pub compound: f32,
    /// What the other fields of a slot add to its best one.
    pub tie: f32,
    /// All words of the query in the fields that name a product.
    pub named: f32,
    /// How much better the best selling product is than one that nobody buys.
    pub popularity: f32,
    /// Factor of the average length that scores are told: above 1, length matters less.
    pub length: f32,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            core: 4.0,
            title: 4.0,
            tail: 2.0,
            brand: 4.0,
            types: 4.0,
            attributes: 2.0,
            description: 5.0,
            compound: 4.0,
            tie: 0.1,
            named: 5.0,
            popularity: 0.2,
            length: 1.0,
        }
    }
}

impl Scoring {
    /// What a match in a field counts.
    pub fn of(&self, field: Field) -> f32 {
        match field {
            Field::Core => self.core,
            Field::Title => self.title,
            Field::Tail => self.tail,
            Field::Brand => self.brand,
            Field::Type => self.types,
            Field::Attributes => self.attributes,
            Field::Description => self.description,
            Field::Compound => self.compound,
        }
    }
}

/// A product that is to stand at a place of its own, if it meets filters and choices; it need not hold the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The product.
    pub id: ProductId,
    /// Hits before it.
    pub place: usize,
}

impl Pin {
    /// Of pins whose products can be shown, those that have a place, by it. The one that goes first has the place and the
    /// product. All stand among `within` first hits: those behind these stand at their end, and those for which there is no room
    /// are none.
    pub fn settle<T>(candidates: impl IntoIterator<Item = (Self, T)>, within: usize) -> Vec<(usize, T)> {
        let mut settled: Vec<(Self, T)> = Vec::new();
        for (pin, what) in candidates {
            if settled.iter().all(|(other, _)| other.place != pin.place && other.id != pin.id) {
                settled.push((pin, what));
            }
        }
        settled.sort_by_key(|(pin, _)| pin.place);
        settled.truncate(within);
        let mut end = within;
        for (pin, _) in settled.iter_mut().rev() {
            end = pin.place.min(end.saturating_sub(1));
            pin.place = end;
        }
        settled.into_iter().map(|(pin, what)| (pin.place, what)).collect()
    }
}

/// Products that are to rank higher or lower by relevance.
#[derive(Debug, Clone, PartialEq)]
pub struct Boost {
    /// Which ones.
    pub condition: Condition,
    /// What their score is multiplied by: above 1 they rise, below they sink. Not negative.
    pub factor: f32,
}

impl Boost {
    /// What is left of a score in percent: 200 doubles it, 50 halves it.
    #[expect(clippy::float_arithmetic, reason = "scores are floats; nothing exact hangs on them")]
    pub fn by_percent(condition: Condition, percent: u16) -> Self {
        Self { condition, factor: f32::from(percent) / 100.0 }
    }

    /// What a score is multiplied by where boosts of these factors hold: within bounds, so that any number of them leaves a score
    /// that can be compared.
    #[expect(clippy::float_arithmetic, reason = "scores are floats; nothing exact hangs on them")]
    pub fn product(factors: impl IntoIterator<Item = f32>) -> f32 {
        let multiply = |product: f32, factor: f32| (product * factor.max(0.0)).clamp(1e-18, 1e18);
        factors.into_iter().fold(1.0, multiply).clamp(Self::LEAST, Self::MOST)
    }

    /// What any number of boosts leave of a score at least.
    pub const LEAST: f32 = 1e-4;
    /// What any number of boosts make of a score at most.
    pub const MOST: f32 = 1e4;
}

/// Only a few of the hits that have a value of this key in common are listed; the total and facets count them all. A product
/// with several values goes by the first it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collapse {
    /// What they have in common. Products without a value have nothing in common.
    pub key: FacetKey,
    /// Hits of one value at most.
    pub keep: usize,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// After so many hits.
    Offset(usize),
    /// After the hit that was here. Pins have been shown by then, all that stand within [`QueryPlan::pins_within`]: they are left out.
    After(Position),
}

/// A part of the hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Where it begins.
    pub start: Start,
    /// Hits at most.
    pub limit: usize,
}

impl Page {
    /// So many hits after so many others.
    pub fn new(offset: usize, limit: usize) -> Self {
        Self { start: Start::Offset(offset), limit }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new(0, 20)
    }
}

/// A query that is understood.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryPlan {
    /// Words; none means every product.
    pub must: Vec<Slot>,
    /// Steps, taken one after the other until enough is found. What a later step finds never comes before what an
    /// earlier one found. Without words there is none.
    pub relax: Vec<Step>,
    /// What matches count.
    pub scoring: Scoring,
    /// Conditions that every hit meets.
    pub filters: Vec<Condition>,
    /// Choices in facets: every hit meets them, and every facet but their own counts only what does.
    pub groups: Vec<Condition>,
    /// What is to be counted.
    pub facets: Vec<FacetRequest>,
    /// Order. Ties go by id, in the direction of the sort. Relevance without words is how well products sell.
    pub sort: Sort,
    /// Which part of the hits.
    pub page: Page,
    /// Whether all hits are to be counted. Where they are not and facets neither, an engine may stop when the page is full: the total
    /// and what steps found are then at least that, and nothing only where there is nothing.
    pub counted: bool,
    /// Products to stand at places of their own, when sorted by relevance, the more important first: see [`Pin::settle`].
    pub pins: Vec<Pin>,
    /// Pins stand among so many first hits.
    pub pins_within: usize,
    /// What ranks higher or lower, when sorted by relevance.
    pub boosts: Vec<Boost>,
    /// Whether hits that have something in common are cut to a few.
    pub collapse: Option<Collapse>,
}

impl Default for QueryPlan {
    fn default() -> Self {
        Self {
            must: Vec::new(),
            relax: Vec::new(),
            scoring: Scoring::default(),
            filters: Vec::new(),
            groups: Vec::new(),
            facets: Vec::new(),
            sort: Sort::Relevance,
            page: Page::default(),
            counted: true,
            pins: Vec::new(),
            pins_within: usize::MAX,
            boosts: Vec::new(),
            collapse: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tradepost_domain::kernel::ids::EntityId;
    use uuid::Uuid;

    use super::*;

    fn pin(number: u128, place: usize) -> (Pin, u128) {
        (Pin { id: ProductId::from_uuid(Uuid::from_u128(number)), place }, number)
    }

    #[test]
    fn pins_behind_the_end_stand_at_it_and_push_no_other_off() {
        let placed = |places: &[usize], within| {
            let pins = (0..).zip(places).map(|(number, place)| pin(number, *place));
            Pin::settle(pins, within).into_iter().map(|(place, _)| place).collect::<Vec<_>>()
        };
        assert_eq!(placed(&[7, 0, 5], 10), [0, 5, 7]);
        assert_eq!(placed(&[7, 0, 5], 4), [0, 2, 3]);
        assert_eq!(placed(&[7, 0, 5], 3), [0, 1, 2]);
        assert_eq!(placed(&[7, 3, 5], 2), [0, 1]);
        assert_eq!(placed(&[7], 0), [0; 0]);
    }

    #[test]
    fn who_goes_first_has_the_place_and_the_product() {
        let settled = Pin::settle([pin(1, 3), pin(2, 3), pin(1, 0), pin(3, 1)], 10);
        assert_eq!(settled, [(1, 3), (3, 1)]);
    }

    #[test]
    fn any_number_of_boosts_leaves_a_factor_that_can_be_compared() {
        assert!((Boost::product([2.0, 3.0]) - 6.0).abs() < f32::EPSILON);
        for (factors, wanted) in [
            (vec![100.0; 50], Boost::MOST),
            (vec![0.01; 50], Boost::LEAST),
            (vec![f32::MAX, f32::MAX, 0.0], Boost::LEAST),
            (vec![], 1.0),
        ] {
            assert!((Boost::product(factors) - wanted).abs() < f32::EPSILON);
        }
    }
}
