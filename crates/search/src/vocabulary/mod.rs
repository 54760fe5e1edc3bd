//! The index's own words, and which of them may have been meant by a word that was typed.
//!
//! Only words of the products are offered, so that a correction always finds something; descriptions teach none, since
//! they carry errors themselves.

mod deletes;
pub mod distance;

use std::collections::{HashMap, HashSet};

use crate::document::{Parsed, compounds, words_of};
use crate::text;
use deletes::Deletes;
use distance::{Distance, distance};

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

/// The words of an index.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Sorted by text.
    words: Vec<Word>,
    deletes: Deletes,
}

/// Letters from which on a word is corrected, and from which on by two edits.
const ONE_EDIT_CHARS_MIN: usize = 3;
const TWO_EDITS_CHARS_MIN: usize = 5;

impl Vocabulary {
    /// Learns the words of all documents.
    pub fn learn<'a>(documents: impl Iterator<Item = &'a Parsed>) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for document in documents {
            let joined = compounds(document.learnt());
            let mut words: HashSet<&str> = document.learnt().flat_map(words_of).collect();
            words.extend(joined.iter().map(String::as_str));
            for word in words {
                match counts.get_mut(word) {
                    Some(count) => *count = count.saturating_add(1),
                    None => {
                        counts.insert(word.to_owned(), 1);
                    }
                }
            }
        }
        let mut words: Vec<Word> =
            counts.into_iter().map(|(text, document_count)| Word { text, document_count }).collect();
        words.sort_unstable_by(|first, second| first.text.cmp(&second.text));
        let deletes = Deletes::new(words.iter().map(|word| word.text.as_str()).enumerate().filter(corrects));
        Self { words, deletes }
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The word that is written like this.
    pub fn get(&self, text: &str) -> Option<&Word> {
        let index = self.words.binary_search_by(|word| word.text.as_str().cmp(text)).ok()?;
        self.words.get(index)
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
            .deletes
            .candidates(&letters)
            .into_iter()
            .filter_map(|index| {
                let word = self.words.get(index)?;
                let meant: Vec<char> = word.text.chars().collect();
                let distance = distance(&letters, &meant)?;
                (1..=edits_max).contains(&distance.edits).then_some(Candidate { word, distance })
            })
            .collect();
        found.sort_unstable_by_key(|candidate| {
            (candidate.distance.cost, std::cmp::Reverse(candidate.word.document_count))
        });
        found
    }

    /// Words that begin with the typed one and go on, the most frequent first.
    pub fn beginning_with(&self, typed: &str, limit: usize) -> Vec<&Word> {
        let mut found: Vec<&Word> =
            self.range(typed).iter().filter(|word| word.text.len() > typed.len()).collect();
        found.sort_by_key(|word| std::cmp::Reverse(word.document_count));
        found.truncate(limit);
        found
    }

    /// Words that begin with something one edit away from the typed letters, the first letter being right.
    pub fn beginning_near(&self, typed: &str, limit: usize) -> Vec<&Word> {
        let letters: Vec<char> = typed.chars().collect();
        if text::has_digit(typed) || letters.len() < FUZZY_PREFIX_CHARS_MIN {
            return Vec::new();
        }
        let mut seen: HashSet<&str> = HashSet::new();
        let mut found: Vec<&Word> = one_edit_away(&letters)
            .iter()
            .flat_map(|beginning| self.range(beginning))
            .filter(|word| !word.text.starts_with(typed) && seen.insert(&word.text))
            .collect();
        found.sort_by_key(|word| std::cmp::Reverse(word.document_count));
        found.truncate(limit);
        found
    }

    fn range(&self, beginning: &str) -> &[Word] {
        let after = self.words.split_at(self.words.partition_point(|word| word.text.as_str() < beginning)).1;
        after.split_at(after.partition_point(|word| word.text.starts_with(beginning))).0
    }
}

/// Letters from which on the beginning of a word may hold an error.
const FUZZY_PREFIX_CHARS_MIN: usize = 3;

/// Whether a word may be offered as a correction.
fn corrects((_, word): &(usize, &str)) -> bool {
    !text::has_digit(word) && word.chars().nth(1).is_some()
}

/// Everything that is one edit away, with the same first letter.
fn one_edit_away(letters: &[char]) -> HashSet<String> {
    let mut found = HashSet::new();
    for place in 1..=letters.len() {
        let (before, after) = letters.split_at(place);
        let mut push = |middle: &[char], after: &[char]| {
            found.insert(before.iter().chain(middle).chain(after).collect::<String>());
        };
        if let [here, rest @ ..] = after {
            push(&[], rest);
            if let [next, rest @ ..] = rest {
                push(&[*next, *here], rest);
            }
        }
        for letter in 'a'..='z' {
            push(&[letter], after);
            if let [_, rest @ ..] = after {
                push(&[letter], rest);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::SearchDocument;

    fn vocabulary(titles: &[&str]) -> Vocabulary {
        let parsed: Vec<Parsed> = titles
            .iter()
            .map(|title| {
                Parsed::new(&SearchDocument { title: (*title).to_owned(), ..SearchDocument::default() })
            })
            .collect();
        Vocabulary::learn(parsed.iter())
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
}
