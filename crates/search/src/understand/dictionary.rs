//! What brands, categories and values of attributes there are: mined from the catalogue.

use std::collections::{HashMap, HashSet};

use tradepost_port::search::{AttributeTest, Condition, Filter, SearchDocument};

use super::colours;
use super::cues::{self, Cues};
use super::lexer::{Token, tokens};
use crate::document::{Attribute, Source, attributes, types};
use crate::text::{self, Analyzer};
use crate::vocabulary::distance::distance;

/// Something that products are or have, as the catalogue writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Trait {
    /// A brand.
    Brand(String),
    /// A product type or category.
    Category(String),
    /// A value of an option or an attribute.
    Attribute {
        /// Name of the attribute.
        name: String,
        /// Its value.
        value: String,
    },
}

impl Trait {
    /// Its name or value.
    pub fn value(&self) -> &str {
        match self {
            Self::Brand(value) | Self::Category(value) | Self::Attribute { value, .. } => value,
        }
    }

    /// Whether it is something that a product has.
    pub fn is_attribute(&self) -> bool {
        matches!(self, Self::Attribute { .. })
    }
}

/// What a catalogue has words for.
#[derive(Clone)]
pub struct Dictionary {
    analyzer: Analyzer,
    /// What is understood beside the catalogue's own words.
    cues: Vec<&'static Cues>,
    /// By the folded words of the name.
    brands: HashMap<String, Trait>,
    /// By the stems of the words: categories, and attributes whose values speak for themselves.
    traits: HashMap<String, Trait>,
    /// Values that mean nothing without the name of their attribute: "size 42".
    named: HashMap<(String, String), Trait>,
    /// Values of colours by their plain words.
    colours: HashMap<String, Trait>,
    /// Keys of traits by their first letter, for what is nearly written like one.
    by_letter: HashMap<char, Vec<String>>,
    /// What products of a trait are filtered by.
    conditions: HashMap<Key, Vec<Condition>>,
    /// How many products have an attribute of a name, of all and of those in a category.
    coverage: HashMap<Option<String>, Coverage>,
    words_max: usize,
}

/// What a trait is, and its value, folded.
type Key = (String, String);

/// How many products have attributes.
#[derive(Debug, Clone, Default)]
struct Coverage {
    products: u32,
    by_name: HashMap<String, u32>,
    brands: HashSet<String>,
}

/// Hundredths of products at least that have an attribute where it is said that products have it.
const COVERED_PERCENT_MIN: u32 = 80;

/// Names of attributes, in the languages of most shops, whose values speak for themselves.
const COLOUR: &[&str] = &["colour", "color", "farbe", "couleur", "colore", "kleur"];
const TELLING: &[&str] = &["material", "fabric", "gender", "finish", "pattern", "geschlecht", "genre"];

/// Other words for values of gender.
const GENDERS: &[(&str, &[&str])] = &[
    ("women", &["woman", "womens", "ladies", "lady", "female", "her"]),
    ("men", &["man", "mens", "gents", "gentlemen", "male", "him"]),
    ("kids", &["kid", "children", "childrens", "child"]),
    ("unisex", &[]),
];

/// Letters from which on a word of the dictionary is known with one error.
const FORGIVEN_CHARS_MIN: usize = 5;

impl Dictionary {
    /// Knows nothing yet.
    pub fn new(analyzer: &Analyzer) -> Self {
        Self {
            analyzer: analyzer.clone(),
            cues: cues::of(analyzer.language_code()),
            brands: HashMap::new(),
            traits: HashMap::new(),
            named: HashMap::new(),
            colours: HashMap::new(),
            by_letter: HashMap::new(),
            conditions: HashMap::new(),
            coverage: HashMap::new(),
            words_max: 1,
        }
    }

    /// What is understood in the language of the catalogue.
    pub fn cues(&self) -> &[&'static Cues] {
        &self.cues
    }

    /// Whether a word is one of some cues.
    pub fn says(&self, of: fn(&Cues) -> &'static [&'static str], word: &str) -> bool {
        self.cues.iter().any(|cues| of(cues).contains(&word))
    }

    /// The plain colour that a shade belongs to, or that is called like this in the language of the catalogue.
    fn plain_colour(&self, shade: &str) -> Option<&'static str> {
        let mut own = self.cues.iter().flat_map(|cues| cues.colours);
        let found = own.find_map(|(plain, words)| words.contains(&shade).then_some(*plain));
        found.or_else(|| colours::plain(shade))
    }

    /// Mines what a product has; only a new one is counted.
    pub fn learn(&mut self, document: &SearchDocument, is_new: bool) {
        if let Some(brand) = &document.brand {
            let found = Trait::Brand(brand.name.clone());
            let condition = Condition::Is(Filter::Brand(vec![brand.handle.clone()]));
            if self.note(&found, condition) {
                self.remember(|learnt| &mut learnt.brands, key(&tokens(&brand.name), None), &found);
            }
        }
        let kinds = document
            .product_type
            .iter()
            .map(|kind| (kind.name.as_str(), Condition::Is(Filter::ProductType(vec![kind.handle.clone()]))));
        let categories = document
            .categories
            .iter()
            .map(|category| (category.name.as_str(), Condition::Category(vec![category.id])));
        for (name, condition) in kinds.chain(categories) {
            let found = Trait::Category(name.to_owned());
            if self.note(&found, condition) {
                let key = key(&tokens(name), Some(&self.analyzer));
                self.remember_trait(key, &found);
            }
        }
        let attributes = attributes(document);
        for attribute in &attributes {
            self.learn_attribute(attribute);
        }
        if is_new {
            let names: HashSet<String> = attributes.iter().map(|attribute| family(&attribute.name)).collect();
            let brand = document.brand.as_ref().map(|brand| text::fold(&brand.name));
            let within: HashSet<String> = types(document).map(text::fold).collect();
            for place in within.into_iter().map(Some).chain([None]) {
                let coverage = self.coverage.entry(place).or_default();
                coverage.products = coverage.products.saturating_add(1);
                coverage.brands.extend(brand.clone());
                for name in &names {
                    let count = coverage.by_name.entry(name.clone()).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// Whether products, those of a category if one is named, as a rule have an attribute of this name.
    pub fn is_covered(&self, name: &str, category: Option<&Trait>) -> bool {
        let place = category.map(|category| text::fold(category.value()));
        self.coverage.get(&place).is_some_and(|coverage| {
            let having = coverage.by_name.get(&family(name)).copied().unwrap_or_default();
            having.saturating_mul(100) >= coverage.products.saturating_mul(COVERED_PERCENT_MIN)
        })
    }

    /// Whether a category or an attribute is called like this, without an error.
    pub fn is_written(&self, text: &str) -> bool {
        let tokens = tokens(text);
        let is_named = matches!(tokens.as_slice(), [name, value]
            if self.named.contains_key(&(name.text.clone(), value.text.clone())));
        is_named || self.traits.contains_key(&key(&tokens, Some(&self.analyzer)))
    }

    /// Whether a brand has products in a category.
    pub fn is_sold_in(&self, brand: &Trait, category: &Trait) -> bool {
        let coverage = self.coverage.get(&Some(text::fold(category.value())));
        coverage.is_some_and(|coverage| coverage.brands.contains(&text::fold(brand.value())))
    }

    fn learn_attribute(&mut self, attribute: &Attribute) {
        let found = Trait::Attribute { name: attribute.name.clone(), value: attribute.value.clone() };
        let condition = match &attribute.source {
            Source::Option => Filter::Option {
                name: attribute.name.to_lowercase(),
                values: vec![attribute.value.to_lowercase()],
            },
            Source::Attribute { path, value } => {
                Filter::Attribute { path: path.clone(), test: AttributeTest::AnyOf(vec![value.clone()]) }
            }
        };
        if !self.note(&found, Condition::Is(condition)) {
            return;
        }
        let name = text::fold(&attribute.name);
        let value = tokens(&attribute.value);
        let stems = key(&value, Some(&self.analyzer));
        if COLOUR.contains(&name.as_str()) {
            self.remember(|learnt| &mut learnt.colours, key(&value, None), &found);
            self.remember_trait(stems, &found);
        } else if TELLING.contains(&name.as_str()) {
            let others = GENDERS.iter().filter(|(plain, _)| *plain == text::fold(&attribute.value));
            for other in others.flat_map(|(_, others)| *others) {
                let other = key(&tokens(other), Some(&self.analyzer));
                self.remember_trait(other, &found);
            }
            self.remember_trait(stems, &found);
        } else {
            self.named.insert((name, key(&value, None)), found);
        }
    }

    /// Remembers what a trait is filtered by; whether that is new.
    fn note(&mut self, found: &Trait, condition: Condition) -> bool {
        let known = self.conditions.entry(condition_key(found)).or_default();
        let is_new = !known.contains(&condition);
        if is_new {
            known.push(condition);
        }
        is_new
    }

    /// What products of a trait are filtered by.
    pub fn condition(&self, found: &Trait) -> Option<Condition> {
        match self.conditions.get(&condition_key(found))?.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(Condition::Any(several.to_vec())),
        }
    }

    fn remember_trait(&mut self, key: String, found: &Trait) {
        if let Some(letter) = key.chars().next().filter(|_| !self.traits.contains_key(&key)) {
            self.by_letter.entry(letter).or_default().push(key.clone());
        }
        self.remember(|learnt| &mut learnt.traits, key, found);
    }

    /// The first meaning of a name stays: categories come before attributes of the same name.
    fn remember(&mut self, map: fn(&mut Self) -> &mut HashMap<String, Trait>, key: String, found: &Trait) {
        if key.is_empty() {
            return;
        }
        self.words_max = self.words_max.max(key.split(' ').count());
        map(self).entry(key).or_insert_with(|| found.clone());
    }

    /// The brand that tokens begin with, the longest one, and how many tokens it is.
    pub fn brand(&self, tokens: &[Token]) -> Option<(usize, Trait)> {
        self.longest(tokens, |span| self.brands.get(&key(span, None)))
    }

    /// The category or attribute that tokens begin with, the longest one.
    pub fn trait_of(&self, tokens: &[Token]) -> Option<(usize, Trait)> {
        if let [name, value, ..] = tokens
            && let Some(found) = self.named.get(&(name.text.clone(), value.text.clone()))
        {
            return Some((2, found.clone()));
        }
        self.longest(tokens, |span| self.traits.get(&key(span, Some(&self.analyzer))))
            .or_else(|| Some((1, self.forgiven(tokens.first()?)?)))
    }

    /// The values of the colour that a shade belongs to.
    pub fn colour_family(&self, tokens: &[Token]) -> Option<(usize, Vec<Trait>)> {
        let longest = tokens.len().min(colours::SHADE_WORDS_MAX);
        (1..=longest).rev().find_map(|taken| {
            let shade = key(tokens.split_at_checked(taken)?.0, None);
            let plain = self.colours.get(self.plain_colour(&shade)?)?;
            Some((taken, vec![plain.clone()]))
        })
    }

    fn longest<'a>(
        &self,
        tokens: &[Token],
        find: impl Fn(&[Token]) -> Option<&'a Trait>,
    ) -> Option<(usize, Trait)> {
        let longest = tokens.len().min(self.words_max);
        (1..=longest).rev().find_map(|taken| Some((taken, find(tokens.split_at_checked(taken)?.0)?.clone())))
    }

    /// The only word of the dictionary that is one slip away.
    fn forgiven(&self, token: &Token) -> Option<Trait> {
        let typed: Vec<char> = token.text.chars().collect();
        if typed.len() < FORGIVEN_CHARS_MIN
            || text::has_digit(&token.text)
            || self.plain_colour(&token.text).is_some()
        {
            return None;
        }
        let near = |word: &&String| {
            let meant: Vec<char> = word.chars().collect();
            meant.len() >= FORGIVEN_CHARS_MIN
                && distance(&typed, &meant).is_some_and(|distance| distance.edits == 1)
        };
        let same_letter = self.by_letter.get(typed.first()?)?;
        let mut found = same_letter.iter().filter(near).filter_map(|word| self.traits.get(word));
        found.next().filter(|_| found.next().is_none()).cloned()
    }
}

/// The name of an attribute, the same for all names of colours.
fn family(name: &str) -> String {
    let name = text::fold(name);
    if COLOUR.contains(&name.as_str()) { "colour".to_owned() } else { name }
}

/// What a trait is filtered by is known by what it is and its value, whatever of several attributes has it.
fn condition_key(found: &Trait) -> Key {
    let kind = match found {
        Trait::Brand(_) => "a brand".to_owned(),
        Trait::Category(_) => "a category".to_owned(),
        Trait::Attribute { name, .. } => family(name),
    };
    (kind, text::fold(found.value()))
}

/// The words of a name, or their stems, with one blank between them.
fn key(tokens: &[Token], analyzer: Option<&Analyzer>) -> String {
    let words = tokens.iter().map(|token| match analyzer {
        Some(analyzer) => analyzer.stem(&token.text),
        None => token.text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}
