//! A question as it was understood: which of its words are conditions, and what is made of each.
//!
//! A condition becomes a filter only where that is surely meant and takes nothing away that somebody may have wanted: prices and
//! what is said not to be wanted; a value of an attribute, written without an error, where products as a rule have that attribute;
//! a brand where it sells what else is asked for. Everything else is looked for as words; products of a category or with a value
//! that is meant come first. A brand by itself is a word: much that is good for "canon battery" is not by Canon.
//!
//! Where nothing has all words, what is asked for may not be lost among those that are left: of "30 x 20 cm cushion" the cushions are
//! shown, not boards of that size.

use tradepost_port::search::{Condition, Filter, Interpreted, Range, SearchRequest, Treatment};

use crate::knowledge::Knowledge;
use crate::text;
use crate::understand::{Chip, Meaning, Trait, Understanding, understand};

/// Filters of which every combination is tried when nothing meets all of them.
const COMBINED_MAX: usize = 3;

/// A question that was read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The text as it was typed.
    text: String,
    /// Words and conditions in their order.
    parts: Vec<Part>,
    /// What every hit is, where nothing has all words.
    anchor: Option<Condition>,
}

#[derive(Debug, Clone)]
enum Part {
    /// A word.
    Word(String),
    /// A condition.
    Condition {
        interpreted: Interpreted,
        strength: u8,
        /// Whether its words find products where it is no filter.
        tells: bool,
        /// Whether it says what is looked for, by its name: "cushion".
        names: bool,
        /// These words: without the name of what it is a value of, which no product holds. "42" of "size 42".
        words: String,
    },
    /// Words that say how the hits are to be, and find nothing.
    Silent,
}

impl Part {
    /// Whether every hit has to meet it, other than as what is looked for.
    fn is_filter(&self) -> bool {
        matches!(self, Self::Condition { interpreted, names: false, .. } if interpreted.treatment == Treatment::Filter)
    }

    /// Whether it names what is looked for, which no hit has to be so far.
    fn is_named(&self) -> bool {
        matches!(self, Self::Condition { interpreted, names: true, .. } if interpreted.treatment == Treatment::Boost)
    }

    /// What is looked for in products. What is looked for is, also where it is a filter.
    fn words(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Condition { tells: true, words, .. } if !self.is_filter() => Some(words),
            Self::Condition { .. } | Self::Silent => None,
        }
    }

    fn interpreted(&self) -> Option<&Interpreted> {
        match self {
            Self::Condition { interpreted, .. } => Some(interpreted),
            Self::Word(_) | Self::Silent => None,
        }
    }
}

impl Reading {
    /// Reads a question; prices have `exponent` decimal places.
    pub fn of(request: &SearchRequest, knowledge: &Knowledge, exponent: u32) -> Self {
        let text = request.text.clone().unwrap_or_default();
        if !request.understand {
            return Self { text, ..Self::default() };
        }
        let understood = understand(&text, &knowledge.dictionary, exponent);
        let mut parts: Vec<(usize, Part)> =
            understood.words.iter().map(|word| (word.place, Part::Word(word.text.clone()))).collect();
        for chip in &understood.chips {
            parts.push((chip.place, part(chip, &understood, request, knowledge)));
        }
        parts.sort_by_key(|(place, _)| *place);
        Self { text, parts: parts.into_iter().map(|(_, part)| part).collect(), anchor: None }
    }

    /// Whether nothing was read: no word, no condition, nor how the hits are to be.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The words to look for.
    pub fn words(&self) -> String {
        let is_said = |part: &Part| match (part, part.words()) {
            (Part::Condition { interpreted, .. }, Some(words)) => words == interpreted.text,
            (_, words) => words.is_some(),
        };
        if self.parts.iter().all(is_said) {
            return self.text.clone();
        }
        self.parts.iter().filter_map(Part::words).collect::<Vec<_>>().join(" ")
    }

    /// Conditions that every hit meets.
    pub fn filters(&self) -> impl Iterator<Item = &Condition> {
        let filters = self.parts.iter().filter(|part| part.is_filter());
        filters.filter_map(Part::interpreted).map(|found| &found.condition).chain(&self.anchor)
    }

    /// Whether some hits may be missing that hold the words: for a condition, or for what is looked for before it is one itself.
    pub fn is_bound(&self) -> bool {
        let is_named = self.anchor.is_none() && self.parts.iter().any(Part::is_named);
        is_named || self.parts.iter().any(Part::is_filter)
    }

    /// The words that name what is looked for, without an error.
    pub fn named_words(&self) -> impl Iterator<Item = String> {
        let named = self.parts.iter().filter_map(|part| match part {
            Part::Condition { names: true, words, .. } => Some(text::words(words)),
            _ => None,
        });
        named.flatten()
    }

    /// Conditions that the first hits meet.
    pub fn boosts(&self) -> impl Iterator<Item = &Condition> {
        let boosts = self.interpreted().filter(|found| found.treatment == Treatment::Boost);
        boosts.map(|found| &found.condition)
    }

    /// The question with what is looked for as a condition, if it is named. Its words are looked for all the same.
    fn anchored(&self) -> Option<Self> {
        let (mut anchored, mut named) = (self.clone(), Vec::new());
        for part in anchored.parts.iter_mut().filter(|part| part.is_named()) {
            if let Part::Condition { interpreted, .. } = part {
                interpreted.treatment = Treatment::Filter;
                named.push(interpreted.condition.clone());
            }
        }
        anchored.anchor = (!named.is_empty()).then_some(Condition::Any(named));
        anchored.anchor.is_some().then_some(anchored)
    }

    /// Whether what is looked for is a condition.
    pub fn is_anchored(&self) -> bool {
        self.anchor.is_some()
    }

    /// All conditions, in their order.
    pub fn interpreted(&self) -> impl Iterator<Item = &Interpreted> {
        self.parts.iter().filter_map(Part::interpreted)
    }

    /// The question as it was read, then with filters dropped: the least that has to go goes first, and is looked for as words before
    /// nobody looks for it. Of very many filters the weakest go one after the other.
    fn ways(self) -> impl Iterator<Item = Self> {
        let strengths: Vec<u8> = self.filter_strengths().collect();
        let mut dropped: Vec<u32> = if strengths.len() <= COMBINED_MAX {
            (0..1 << strengths.len()).collect()
        } else {
            let mut places: Vec<usize> = (0..strengths.len()).collect();
            places.sort_by_key(|place| strengths.get(*place));
            let weakest = |count| places.iter().take(count).fold(0, |mask, place| mask | bit(*place));
            (0..=places.len()).map(weakest).collect()
        };
        let weight = |mask: &u32| -> u32 {
            let of_place = |(place, strength): (usize, &u8)| {
                if mask & bit(place) == 0 { 0 } else { u32::from(*strength) }
            };
            strengths.iter().enumerate().map(of_place).sum()
        };
        dropped.sort_by_key(weight);
        let ways = dropped.into_iter().flat_map(|mask| [(mask, true), (mask, false)]);
        let ways = ways.map(move |(mask, as_words)| (mask, as_words, self.without(mask, as_words)));
        // Without any word everything would be found.
        ways.filter(|(mask, as_words, way)| *as_words || (*mask != 0 && !way.words().is_empty()))
            .map(|(.., way)| way)
    }

    /// All ways to read the question: those that find all words, and then those that find what is looked for.
    pub fn all_ways(self) -> impl Iterator<Item = Self> {
        let anchored = self.anchored();
        self.ways().chain(anchored.into_iter().flat_map(Self::ways))
    }

    fn filter_strengths(&self) -> impl Iterator<Item = u8> {
        self.parts.iter().filter(|part| part.is_filter()).filter_map(|part| match part {
            Part::Condition { strength, .. } => Some(*strength),
            Part::Word(_) | Part::Silent => None,
        })
    }

    /// Without the filters whose places among all filters a mask holds: `as_words`, or not at all.
    fn without(&self, mask: u32, as_words: bool) -> Self {
        let mut left = self.clone();
        let filters = left.parts.iter_mut().filter(|part| part.is_filter());
        for (place, part) in filters.enumerate() {
            if let Part::Condition { interpreted, tells, .. } = part
                && mask & bit(place) != 0
            {
                interpreted.treatment = Treatment::Dropped;
                *tells &= as_words;
            }
        }
        left
    }
}

/// A place in a mask; none beyond those that it has.
fn bit(place: usize) -> u32 {
    u32::try_from(place).ok().and_then(|place| 1_u32.checked_shl(place)).unwrap_or(0)
}

fn part(chip: &Chip, understood: &Understanding, request: &SearchRequest, knowledge: &Knowledge) -> Part {
    let condition = match &chip.meaning {
        Meaning::Is(found) => knowledge.dictionary.condition(found),
        Meaning::AnyOf(all) => {
            let each: Option<Vec<Condition>> =
                all.iter().map(|found| knowledge.dictionary.condition(found)).collect();
            each.map(Condition::Any)
        }
        Meaning::Not(found) => knowledge.dictionary.condition(found).map(Condition::negated),
        Meaning::Price(bounds) => {
            let range = Range { gte: bounds.min, lte: bounds.max, ..Range::default() };
            Some(Condition::Is(Filter::Price(range)))
        }
        // "Premium" is a word of many titles.
        Meaning::Cheap | Meaning::Premium if knowledge.vocabulary.get(&chip.text).is_some() => {
            return Part::Word(chip.text.clone());
        }
        Meaning::Cheap | Meaning::Premium => return Part::Silent,
    };
    let Some(condition) = condition else { return Part::Word(chip.text.clone()) };
    let facet = condition.facet();
    let mut chosen = request.filters.iter().chain(&request.groups);
    let treatment = if request.as_words.contains(&chip.text) {
        Treatment::Dropped
    } else if facet.is_some() && chosen.any(|chosen| chosen.facet() == facet) {
        // What was chosen is surer than what was read.
        Treatment::Dropped
    } else if is_filter(chip, understood, knowledge) {
        Treatment::Filter
    } else if matches!(chip.meaning, Meaning::Is(Trait::Brand(_))) {
        return Part::Word(chip.text.clone());
    } else {
        Treatment::Boost
    };
    Part::Condition {
        interpreted: Interpreted { text: chip.text.clone(), label: label(chip), condition, treatment },
        strength: chip.strength,
        names: matches!(chip.meaning, Meaning::Is(Trait::Category(_)))
            && knowledge.dictionary.is_written(&chip.text),
        tells: !matches!(chip.meaning, Meaning::Price(_) | Meaning::Not(_)),
        words: if request.as_words.contains(&chip.text) { chip.text.clone() } else { spoken(chip) },
    }
}

/// The words that a condition is looked for as.
fn spoken(chip: &Chip) -> String {
    if let Meaning::Is(Trait::Attribute { name, .. }) = &chip.meaning
        && let [first, value] = text::words(&chip.text).as_slice()
        && text::words(name).as_slice() == std::slice::from_ref(first)
    {
        return value.clone();
    }
    chip.text.clone()
}

/// Whether a condition is meant for all hits.
fn is_filter(chip: &Chip, understood: &Understanding, knowledge: &Knowledge) -> bool {
    let dictionary = &knowledge.dictionary;
    let category = understood.chips.iter().rev().find_map(|chip| match &chip.meaning {
        Meaning::Is(found @ Trait::Category(_)) => Some(found),
        _ => None,
    });
    let is_covered = |found: &Trait| match found {
        Trait::Attribute { name, .. } => dictionary.is_covered(name, category),
        Trait::Brand(_) | Trait::Category(_) => false,
    };
    match &chip.meaning {
        Meaning::Price(_) | Meaning::Not(_) => true,
        Meaning::Is(brand @ Trait::Brand(_)) => {
            category.is_some_and(|category| dictionary.is_sold_in(brand, category))
        }
        Meaning::Is(found) => is_covered(found) && dictionary.is_written(&chip.text),
        // A shade that products are called by is one of their words: "rose" is a flower too.
        Meaning::AnyOf(all) => {
            all.iter().all(is_covered)
                && text::words(&chip.text).iter().all(|word| knowledge.vocabulary.get(word).is_none())
        }
        Meaning::Cheap | Meaning::Premium => false,
    }
}

fn label(chip: &Chip) -> String {
    match &chip.meaning {
        Meaning::Is(found) => found.value().to_owned(),
        Meaning::AnyOf(all) => all.iter().map(Trait::value).collect::<Vec<_>>().join(", "),
        Meaning::Not(_) | Meaning::Price(_) | Meaning::Cheap | Meaning::Premium => chip.text.clone(),
    }
}
