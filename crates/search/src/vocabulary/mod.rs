//! The index's own words, and which of them may have been meant by a word that was typed.
//!
//! Only words of the products are offered, so that a correction always finds something; descriptions teach none, since
//! they carry errors themselves.

mod deletes;
pub mod distance;
mod layer;

use std::collections::{HashMap, HashSet};

use crate::document::{Parsed, compounds, words_of};
use crate::text;
use distance::Distance;
use layer::Layer;

/// A word and how many products hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word, folded.
    pub text: String,
    /// Products that hold it, at least one.
    pub document_count: u32,
}

/// A word that may have been meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The word.
    pub word: &'a Word,
    /// How far it is from what was typed.
    pub distance: Distance,
}

/// The words of an index. New ones lie in a layer of their own until they are many, since putting one among all costs as much as
/// learning all anew.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    old: Layer,
    fresh: Layer,
    /// Words that were not settled yet.
    pending: HashMap<String, u32>,
}

/// Letters from which on a word is corrected, and from which on by two edits.
const ONE_EDIT_CHARS_MIN: usize = 3;
const TWO_EDITS_CHARS_MIN: usize = 5;

/// Letters from which on the beginning of a word may hold an error.
const FUZZY_PREFIX_CHARS_MIN: usize = 3;

/// Fresh words at least that are put among the old ones.
const FRESH_MAX: usize = 2_000;

impl Vocabulary {
    /// Learns the words of all documents.
    pub fn of_all<'a>(documents: impl Iterator<Item = &'a Parsed>) -> Self {
        let mut vocabulary = Self::default();
        documents.for_each(|document| vocabulary.learn(document, true));
        vocabulary.settle();
        vocabulary
    }

    /// Learns the words of a document; one that is not new is not counted again. They are known when they are settled.
    pub fn learn(&mut self, document: &Parsed, is_new: bool) {
        let joined = compounds(document.learnt());
        let mut words: HashSet<&str> = document.learnt().flat_map(words_of).collect();
        words.extend(joined.iter().map(String::as_str));
        let more = u32::from(is_new);
        for word in words {
            if self.old.count(word, more) || self.fresh.count(word, more) {
                continue;
            }
            match self.pending.get_mut(word) {
                Some(count) => *count = count.saturating_add(more),
                None => {
                    self.pending.insert(word.to_owned(), 1);
                }
            }
        }
    }

    /// Makes the words that were learnt last known.
    pub fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let words = std::mem::take(&mut self.pending);
        let words = words.into_iter().map(|(text, document_count)| Word { text, document_count });
        let fresh = std::mem::take(&mut self.fresh).into_words().into_iter().chain(words).collect::<Vec<_>>();
        if fresh.len() > FRESH_MAX.max(self.old.len() / 8) {
            let old = std::mem::take(&mut self.old).into_words();
            self.old = Layer::new(old.into_iter().chain(fresh).collect());
        } else {
            self.fresh = Layer::new(fresh);
        }
    }

    fn layers(&self) -> impl Iterator<Item = &Layer> {
        [&self.old, &self.fresh].into_iter()
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.layers().map(Layer::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The word that is written like this.
    pub fn get(&self, text: &str) -> Option<&Word> {
        self.layers().find_map(|layer| layer.get(text))
    }

    /// How many products hold a word.
    pub fn document_count(&self, text: &str) -> u32 {
        self.get(text).map_or(0, |word| word.document_count)
    }

    /// Words other than the typed one that may have been meant by it, nearest first.
    pub fn near(&self, typed: &str) -> Vec<Candidate<'_>> {
        let letters: Vec<char> = typed.chars().collect();
        if text::has_digit(typed) || letters.len() < ONE_EDIT_CHARS_MIN {
            return Vec::new();
        }
        let edits_max = if letters.len() < TWO_EDITS_CHARS_MIN { 1 } else { distance::EDITS_MAX };
        let mut found: Vec<Candidate<'_>> = self
            .layers()
            .flat_map(|layer| layer.near(&letters))
            .filter(|candidate| (1..=edits_max).contains(&candidate.distance.edits))
            .collect();
        found.sort_unstable_by_key(|candidate| {
            let Candidate { word, distance } = candidate;
            (distance.cost, std::cmp::Reverse(word.document_count), word.text.as_str())
        });
        found
    }

    /// Words that begin with the typed one and go on, the most frequent first.
    pub fn beginning_with(&self, typed: &str, limit: usize) -> Vec<&Word> {
        let words = self.layers().flat_map(|layer| layer.beginning_with(typed));
        most_frequent(words.filter(|word| word.text.len() > typed.len()).collect(), limit)
    }

    /// Words that begin with something one edit away from the typed letters, the first letter being right.
    pub fn beginning_near(&self, typed: &str, limit: usize) -> Vec<&Word> {
        let letters: Vec<char> = typed.chars().collect();
        if text::has_digit(typed) || letters.len() < FUZZY_PREFIX_CHARS_MIN {
            return Vec::new();
        }
        let words = self.layers().flat_map(|layer| layer.beginning_near(&letters));
        most_frequent(words.filter(|word| !word.text.starts_with(typed)).collect(), limit)
    }
}

/// The most frequent words, each once; those of the same frequency by their letters.
fn most_frequent(mut words: Vec<&Word>, limit: usize) -> Vec<&Word> {
    words.sort_unstable_by(|first, second| {
        second.document_count.cmp(&first.document_count).then_with(|| first.text.cmp(&second.text))
    });
    words.dedup();
    words.truncate(limit);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::titled;

    fn vocabulary(titles: &[&str]) -> Vocabulary {
        let parsed: Vec<Parsed> = titles.iter().map(|title| Parsed::new(&titled(title))).collect();
        Vocabulary::of_all(parsed.iter())
    }

    fn near<'a>(vocabulary: &'a Vocabulary, typed: &str) -> Vec<&'a str> {
        vocabulary.near(typed).iter().map(|candidate| candidate.word.text.as_str()).collect()
    }

    #[test]
    fn the_nearest_word_comes_first_and_the_more_frequent_one_before_the_other() {
        let vocabulary = vocabulary(&["hard drive", "hard disk", "hand cream", "half moon", "webcam"]);
        assert_eq!(near(&vocabulary, "hafd"), ["hard", "hand"]);
        assert_eq!(near(&vocabulary, "ebcam"), ["webcam"]);
        assert_eq!(near(&vocabulary, "wbecma"), ["webcam"]);
        assert_eq!(near(&vocabulary, "hard"), ["hand"]);
    }

    #[test]
    fn short_words_are_corrected_by_one_edit_and_words_with_digits_never() {
        let vocabulary = vocabulary(&["aaa battery", "tn2110", "usb hub"]);
        assert_eq!(near(&vocabulary, "ubs"), ["usb", "hub"][..1]);
        assert!(near(&vocabulary, "sbu").is_empty());
        assert!(near(&vocabulary, "tn2111").is_empty());
        assert!(near(&vocabulary, "hu").is_empty());
    }

    #[test]
    fn a_word_is_found_by_its_beginning_with_or_without_an_error() {
        let vocabulary = vocabulary(&["headphones", "headset", "headset stand", "helmet"]);
        let texts = |words: Vec<&Word>| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(vocabulary.beginning_with("head", 9)), ["headset", "headphones"]);
        assert_eq!(texts(vocabulary.beginning_near("hadp", 9)), ["headphones"]);
        assert_eq!(texts(vocabulary.beginning_near("haed", 1)), ["headset"]);
    }

    #[test]
    fn a_word_that_comes_later_is_known_like_the_others_and_counted_once_a_product() {
        let mut vocabulary = vocabulary(&["headphones", "headset"]);
        let later = Parsed::new(&titled("headband headset"));
        vocabulary.learn(&later, true);
        assert!(vocabulary.get("headband").is_none());
        vocabulary.settle();
        vocabulary.learn(&later, false);
        vocabulary.settle();
        assert_eq!((vocabulary.document_count("headband"), vocabulary.document_count("headset")), (1, 2));
        assert_eq!(near(&vocabulary, "haedband"), ["headband"]);
        assert_eq!(vocabulary.beginning_with("head", 9).len(), 3);
        assert_eq!(vocabulary.beginning_near("haedb", 9)[0].text, "headband");
    }
}
