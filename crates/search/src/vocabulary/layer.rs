//! Sorted words with what finds those near a typed one.

use super::deletes::Deletes;
use super::distance::{EDITS_MAX, distance};
use super::{Candidate, Word};
use crate::text;

/// Words that do not change but in their counts.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Sorted by text.
    words: Vec<Word>,
    /// For each word, which letters it has: words that differ in many are not near.
    letters: Vec<u32>,
    deletes: Deletes,
}

impl Layer {
    /// Of different words in any order.
    pub fn new(mut words: Vec<Word>) -> Self {
        words.sort_unstable_by(|first, second| first.text.cmp(&second.text));
        let corrected = words.iter().enumerate().filter(|(_, word)| corrects(&word.text));
        let deletes = Deletes::new(corrected.map(|(number, word)| (number, word.text.as_str())));
        let letters = words.iter().map(|word| letters_of(word.text.chars())).collect();
        Self { words, letters, deletes }
    }

    /// The words, to make another layer of them.
    pub fn into_words(self) -> Vec<Word> {
        self.words
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// The word that is written like this.
    pub fn get(&self, text: &str) -> Option<&Word> {
        let index = self.words.binary_search_by(|word| word.text.as_str().cmp(text)).ok()?;
        self.words.get(index)
    }

    /// Counts a word so much more often, if it is here.
    pub fn count(&mut self, text: &str, more: u32) -> bool {
        let index = self.words.binary_search_by(|word| word.text.as_str().cmp(text));
        let Some(word) = index.ok().and_then(|index| self.words.get_mut(index)) else { return false };
        word.document_count = word.document_count.saturating_add(more);
        true
    }

    /// Words within two edits.
    pub fn near<'a>(&'a self, typed: &[char]) -> Vec<Candidate<'a>> {
        let typed_letters = letters_of(typed.iter().copied());
        let mut meant: Vec<char> = Vec::new();
        let mut found = Vec::new();
        for index in self.deletes.candidates(typed) {
            let (Some(word), Some(letters)) = (self.words.get(index), self.letters.get(index)) else {
                continue;
            };
            // An edit takes a letter away and brings another one at most.
            if (letters ^ typed_letters).count_ones() > 2 * u32::from(EDITS_MAX) {
                continue;
            }
            meant.clear();
            meant.extend(word.text.chars());
            found.extend(distance(typed, &meant).map(|distance| Candidate { word, distance }));
        }
        found
    }

    /// Words that begin with something.
    pub fn beginning_with(&self, beginning: &str) -> &[Word] {
        narrow(&self.words, 0, beginning)
    }

    /// Words that begin with something one edit away, the first letter being right; some of them twice.
    pub fn beginning_near<'a>(&'a self, typed: &[char]) -> Vec<&'a Word> {
        let mut found = Vec::new();
        let mut here = self.words.as_slice();
        let mut bytes = 0_usize;
        for (place, letter) in typed.iter().enumerate() {
            let mut utf8 = [0; 4];
            if place > 0 {
                let rest = |from: usize| typed.get(from..).unwrap_or_default().iter().collect::<String>();
                let (from_here, after) = (rest(place), rest(place.saturating_add(1)));
                // The letter is one too many, or stands before its neighbour instead of behind it.
                found.extend(narrow(here, bytes, &after));
                if let Some(next) = typed.get(place.saturating_add(1)) {
                    let swapped = format!("{next}{letter}{}", rest(place.saturating_add(2)));
                    found.extend(narrow(here, bytes, &swapped));
                }
                // Another letter stands in its place, or before it.
                let mut children = here;
                while let Some(child) =
                    children.iter().find_map(|word| word.text.get(bytes..)?.chars().next())
                {
                    let same = narrow(children, bytes, child.encode_utf8(&mut utf8));
                    let deeper = bytes.saturating_add(child.len_utf8());
                    found.extend(narrow(same, deeper, &after));
                    found.extend(narrow(same, deeper, &from_here));
                    let end = children.partition_point(|word| {
                        word.text.get(bytes..).and_then(|rest| rest.chars().next()) <= Some(child)
                    });
                    children = children.get(end..).unwrap_or_default();
                }
            }
            here = narrow(here, bytes, letter.encode_utf8(&mut utf8));
            bytes = bytes.saturating_add(letter.len_utf8());
            if here.is_empty() {
                break;
            }
        }
        found
    }
}

/// Those of sorted words, which are the same in their first bytes, that go on with something.
fn narrow<'a>(words: &'a [Word], bytes: usize, go_on: &str) -> &'a [Word] {
    fn rest(word: &Word, bytes: usize) -> &[u8] {
        word.text.as_bytes().get(bytes..).unwrap_or_default()
    }
    let go_on = go_on.as_bytes();
    let after = words.get(words.partition_point(|word| rest(word, bytes) < go_on)..).unwrap_or_default();
    after.get(..after.partition_point(|word| rest(word, bytes).starts_with(go_on))).unwrap_or_default()
}

/// A bit for each letter; letters beyond the alphabet share a few.
fn letters_of(letters: impl Iterator<Item = char>) -> u32 {
    letters.fold(0, |bits, letter| {
        let place = if letter.is_ascii_lowercase() {
            u32::from(letter).saturating_sub(u32::from('a'))
        } else {
            26 + u32::from(letter) % 6
        };
        bits | (1 << place)
    })
}

/// Whether a word may be offered as a correction.
fn corrects(word: &str) -> bool {
    !text::has_digit(word) && word.chars().nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Whether a word begins with something one edit away from what was typed, its first letter being right.
    fn begins_near(typed: &[char], word: &[char]) -> bool {
        typed.first() == word.first()
            && (0..=word.len())
                .any(|length| distance(typed, &word[..length]).is_some_and(|distance| distance.edits == 1))
    }

    proptest! {
        #[test]
        fn a_word_is_found_by_a_beginning_with_one_error(
            typed in "[a-c]{1,6}",
            words in proptest::collection::btree_set("[a-cé]{1,7}", 1..30),
        ) {
            let layer = Layer::new(
                words.iter().map(|text| Word { text: text.clone(), document_count: 1 }).collect(),
            );
            let letters: Vec<char> = typed.chars().collect();
            let found: BTreeSet<&str> =
                layer.beginning_near(&letters).into_iter().map(|word| word.text.as_str()).collect();
            for word in &words {
                // What begins with all that was typed is found by its beginning.
                let near = begins_near(&letters, &word.chars().collect::<Vec<_>>()) && !word.starts_with(&typed);
                prop_assert!(!near || found.contains(word.as_str()), "{typed} {word}");
            }
        }
    }
}
