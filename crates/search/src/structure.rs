//! Which words of a title say what the product is: learnt from all titles together.
//!
//! "Mouse" is a mouse in "optical mouse black", and describes a pad in "mouse pad black". Nobody writes that down; but
//! among all titles, "pad" mostly comes after "mouse", while "black" comes after everything. So a word is taken to
//! describe the one after it when it is what that one usually comes after.

#![expect(clippy::float_arithmetic, reason = "shares of counts; no money is near")]

use std::collections::HashMap;

use crate::document::{Parsed, words_of};
use crate::text;

/// What was learnt of pairs of words.
#[derive(Debug, Clone, Default)]
pub struct Structure {
    /// Words with their numbers: there are some ten pairs a word, and each names two.
    numbers: HashMap<Box<str>, u32>,
    /// How often a word follows another one, by its number.
    followed: Vec<u32>,
    /// How often the second word follows the first.
    pairs: HashMap<(u32, u32), u32>,
}

/// The share of a word's predecessors from which on one of them is said to describe it.
const SHARE_MIN: f64 = 0.12;

/// Pairs seen less often than this say nothing.
const PAIR_COUNT_MIN: u32 = 3;

impl Structure {
    /// Learns from all documents.
    pub fn of_all<'a>(documents: impl Iterator<Item = &'a Parsed>) -> Self {
        let mut learnt = Self::default();
        documents.for_each(|document| learnt.learn(document));
        learnt
    }

    /// Learns from a document.
    pub fn learn(&mut self, document: &Parsed) {
        for chunks in document.learnt() {
            let words: Vec<&str> = words_of(chunks).collect();
            for pair in words.windows(2) {
                if let [first, second] = pair {
                    self.add(first, second);
                }
            }
        }
    }

    fn add(&mut self, first: &str, second: &str) {
        let (first, second) = (self.number(first), self.number(second));
        let place = usize::try_from(second).unwrap_or(usize::MAX);
        if let Some(followed) = self.followed.get_mut(place) {
            *followed = followed.saturating_add(1);
        }
        let pair = self.pairs.entry((first, second)).or_default();
        *pair = pair.saturating_add(1);
    }

    /// The number of a word; new where it was never seen.
    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.followed.len()).unwrap_or(u32::MAX);
        self.numbers.insert(word.into(), number);
        self.followed.push(0);
        number
    }

    /// How often two words stand side by side in titles, brands, types and attributes.
    pub fn pair_count(&self, first: &str, second: &str) -> u32 {
        let number = |word: &str| self.numbers.get(word).copied();
        let pair = number(first).zip(number(second));
        pair.and_then(|pair| self.pairs.get(&pair)).copied().unwrap_or_default()
    }

    /// How often a word follows another one.
    fn followed(&self, word: &str) -> u32 {
        let place = self.numbers.get(word).and_then(|number| usize::try_from(*number).ok());
        place.and_then(|place| self.followed.get(place)).copied().unwrap_or_default()
    }

    /// Whether a word describes the one after it.
    pub fn describes(&self, first: &str, second: &str) -> bool {
        let pair = self.pair_count(first, second);
        pair >= PAIR_COUNT_MIN && f64::from(pair) >= SHARE_MIN * f64::from(self.followed(second))
    }

    /// The words of a title that say what the product is: no brand, no digits, nothing that describes the next word.
    pub fn core<'a>(&self, document: &'a Parsed) -> Vec<&'a str> {
        // A chunk with digits is a model or an amount, whatever letters it has beside them.
        let words: Vec<(&str, bool)> = document
            .main
            .iter()
            .flat_map(|chunk| {
                let model = chunk.words.iter().any(|word| text::has_digit(word));
                chunk.words.iter().map(move |word| (word.as_str(), model))
            })
            .collect();
        let mut core = Vec::new();
        for (index, (word, model)) in words.iter().enumerate() {
            let next = words.get(index.saturating_add(1)).filter(|(_, model)| !model);
            let describes = next.is_some_and(|(next, _)| self.describes(word, next));
            if !describes && !model && !document.brand_words.contains(*word) {
                core.push(*word);
            }
        }
        core
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tradepost_port::search::SearchDocument;

    use crate::samples::{product, titled};

    #[test]
    fn a_word_that_describes_the_next_one_is_not_what_the_product_is() {
        let titles = [
            "Acme mouse pad black",
            "Acme gel mouse pad grey",
            "Bolt mouse pad blue",
            "Bolt mouse black",
            "Bolt keyboard black",
            "Acme M100 optical mouse black",
            "Acme headset black",
            "Acme lamp black",
            "Acme chair black",
            "Acme cup black",
            "Acme shoe black",
            "Acme bag black",
            "Acme box black",
            "Acme pen black",
            "Acme hub black",
            "Acme fan black",
            "Acme belt black",
            "Acme sock black",
            "Acme vase black",
            "Acme bowl black",
        ];
        let parsed: Vec<Parsed> = titles
            .iter()
            .map(|title| {
                Parsed::new(&SearchDocument { brand: product("Acme", "", &[]).brand, ..titled(title) })
            })
            .collect();
        let structure = Structure::of_all(parsed.iter());
        assert_eq!(structure.core(&parsed[0]), ["pad", "black"]);
        assert_eq!(structure.core(&parsed[5]), ["optical", "mouse", "black"]);
    }
}
