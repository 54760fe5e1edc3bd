//! Draws the attributes of a product and says them in words.

use crate::model::AttributeValue;
use crate::rng::Rng;
use crate::template::Facts;
use crate::vocabulary::{AttributeSpec, TypeSpec, split};

/// A language of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

/// One attribute with the value that was drawn, and the words for it.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) key: String,
    pub(crate) label: (String, String),
    pub(crate) value: AttributeValue,
    /// English and German words for the value in a sentence; empty for a boolean.
    pub(crate) words: (String, String),
    /// English and German words for the title.
    pub(crate) title: Option<(String, String)>,
}

impl Language {
    /// The half that is in this language.
    pub(crate) fn of(self, pair: &(String, String)) -> &str {
        match self {
            Self::English => &pair.0,
            Self::German => &pair.1,
        }
    }
}

/// Values for all attributes of the type.
pub(crate) fn draw_all(kind: &TypeSpec, rng: &mut Rng) -> Vec<Drawn> {
    kind.attributes.iter().map(|spec| draw(spec, rng)).collect()
}

fn draw(spec: &AttributeSpec, rng: &mut Rng) -> Drawn {
    let mut title = None;
    let (value, words) = if let Some((low, high)) = spec.int {
        let number = stepped(low, high, spec.step.unwrap_or(1), rng);
        (AttributeValue::Integer(number), counted(spec, &grouped(number, ','), &grouped(number, '.')))
    } else if let Some((low, high)) = spec.dec {
        let tenths = stepped(low, high, spec.step.unwrap_or(1), rng);
        let number = format!("{}.{}", tenths / 10, tenths % 10);
        let words = counted(spec, &number, &number.replace('.', ","));
        (AttributeValue::Decimal(number), words)
    } else if let Some(percent) = spec.yes {
        let holds = rng.chance(percent);
        title = spec.title.as_deref().filter(|_| holds).map(split);
        (AttributeValue::Boolean(holds), (String::new(), String::new()))
    } else {
        let chosen = if spec.values.is_empty() { rng.text(&spec.texts) } else { rng.text(&spec.values) };
        let words = split(chosen);
        let word = chosen.split('|').nth(2).filter(|word| !word.is_empty());
        title = word.map(|word| (word.to_owned(), words.1.clone()));
        (AttributeValue::Text(words.0.clone()), words)
    };
    Drawn { key: spec.key.clone(), label: (spec.label.clone(), spec.de.clone()), value, words, title }
}

fn stepped(low: i64, high: i64, step: i64, rng: &mut Rng) -> i64 {
    low + step * rng.between(0, (high - low) / step.max(1))
}

/// The number with its thousands set apart, from five digits on.
fn grouped(number: i64, separator: char) -> String {
    if number < 10_000 {
        return number.to_string();
    }
    format!("{}{separator}{:03}", number / 1000, number % 1000)
}

/// The number with its unit as one says it, in both languages.
fn counted(spec: &AttributeSpec, english: &str, german: &str) -> (String, String) {
    let unit = spec.unit.clone().unwrap_or_default();
    let (word, word_de) = spec.word.as_deref().map_or_else(|| (unit.clone(), unit.clone()), split);
    let join = |number: &str, word: &str| format!("{number} {word}").trim_end().to_owned();
    (join(english, &word), join(german, &word_de))
}

/// What sentences may ask of a product.
#[derive(Debug)]
pub(crate) struct ProductFacts<'a> {
    pub(crate) kind: &'a TypeSpec,
    pub(crate) brand: &'a str,
    pub(crate) model: &'a str,
    pub(crate) drawn: &'a [Drawn],
    pub(crate) language: Language,
}

impl Facts for ProductFacts<'_> {
    fn words(&self, key: &str) -> Option<String> {
        let plural = self.kind.plural;
        let by_number = |many: &str, one: &str| Some(if plural { many } else { one }.to_owned());
        match key {
            "brand" => Some(self.brand.to_owned()),
            "model" => Some(self.model.to_owned()),
            "prose" => Some(self.kind.prose.clone()),
            "this" => by_number("these", "this"),
            "it" => by_number("they", "it"),
            "them" => by_number("them", "it"),
            "is" => by_number("are", "is"),
            "has" => by_number("have", "has"),
            "was" => by_number("were", "was"),
            "does" => by_number("do", "does"),
            "s" => by_number("", "s"),
            _ => self
                .drawn
                .iter()
                .find(|drawn| drawn.key == key)
                .map(|drawn| self.language.of(&drawn.words).to_owned())
                .filter(|words| !words.is_empty()),
        }
    }

    fn holds(&self, key: &str, value: Option<&str>) -> bool {
        self.drawn.iter().filter(|drawn| drawn.key == key).any(|drawn| match (&drawn.value, value) {
            (AttributeValue::Boolean(holds), None) => *holds,
            (AttributeValue::Text(text), Some(value)) => text == value,
            _ => false,
        })
    }
}
