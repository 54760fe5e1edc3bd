//! What brands, categories and values of attributes there are: mined from the catalogue.

use std::collections::HashMap;

use super::colours;
use super::lexer::{Token, tokens};
use crate::document::SearchDocument;
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
    /// By the folded words of the name.
    brands: HashMap<String, Trait>,
    /// By the stems of the words: categories, and attributes whose values speak for themselves.
    traits: HashMap<String, Trait>,
    /// Values that mean nothing without the name of their attribute: "size 42".
    named: HashMap<(String, String), Trait>,
    /// Values of colours by their plain words.
    colours: HashMap<String, Trait>,
    words_max: usize,
}

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
    /// Mines the dictionary from all products.
    pub fn learn(documents: &[SearchDocument], analyzer: &Analyzer) -> Self {
        let mut learnt = Self {
            analyzer: analyzer.clone(),
            brands: HashMap::new(),
            traits: HashMap::new(),
            named: HashMap::new(),
            colours: HashMap::new(),
            words_max: 1,
        };
        for document in documents {
            learnt.add(document);
        }
        learnt
    }

    fn add(&mut self, document: &SearchDocument) {
        let brand = key(&tokens(&document.brand), None);
        self.remember(|learnt| &mut learnt.brands, brand, &Trait::Brand(document.brand.clone()));
        for category in &document.types {
            let key = key(&tokens(category), Some(&self.analyzer));
            self.remember(|learnt| &mut learnt.traits, key, &Trait::Category(category.clone()));
        }
        for attribute in &document.attributes {
            let found = Trait::Attribute { name: attribute.name.clone(), value: attribute.value.clone() };
            let name = text::fold(&attribute.name);
            let value = tokens(&attribute.value);
            let stems = key(&value, Some(&self.analyzer));
            if COLOUR.contains(&name.as_str()) {
                self.remember(|learnt| &mut learnt.colours, key(&value, None), &found);
                self.remember(|learnt| &mut learnt.traits, stems, &found);
            } else if TELLING.contains(&name.as_str()) {
                let others = GENDERS.iter().filter(|(plain, _)| *plain == text::fold(&attribute.value));
                for other in others.flat_map(|(_, others)| *others) {
                    let other = key(&tokens(other), Some(&self.analyzer));
                    self.remember(|learnt| &mut learnt.traits, other, &found);
                }
                self.remember(|learnt| &mut learnt.traits, stems, &found);
            } else {
                self.named.insert((name, key(&value, None)), found);
            }
        }
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
            let plain = self.colours.get(colours::plain(&shade)?)?;
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
            || colours::plain(&token.text).is_some()
        {
            return None;
        }
        let near = |word: &str| {
            let meant: Vec<char> = word.chars().collect();
            typed.first() == meant.first()
                && meant.len() >= FORGIVEN_CHARS_MIN
                && distance(&typed, &meant).is_some_and(|distance| distance.edits == 1)
        };
        let mut found = self.traits.iter().filter(|(word, _)| near(word)).map(|(_, found)| found);
        found.next().filter(|_| found.next().is_none()).cloned()
    }
}

/// The words of a name, or their stems, with one blank between them.
fn key(tokens: &[Token], analyzer: Option<&Analyzer>) -> String {
    let words = tokens.iter().map(|token| match analyzer {
        Some(analyzer) => analyzer.stem(&token.text),
        None => token.text.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}
