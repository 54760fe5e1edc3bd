//! Suggestions that are ready to be looked up: a map of all the places that their words begin at.

use std::collections::HashMap;
use std::sync::LazyLock;

use fst::{IntoStreamer, Map, MapBuilder, Streamer};
use levenshtein_automata::{DFA, LevenshteinAutomatonBuilder};
use tradepost_port::search::{Suggestion, SuggestionKind};

use crate::text;

/// A suggestion with what it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is shown and what it leads to.
    pub suggestion: Suggestion,
    /// What it is worth beside others of its kind.
    pub score: u64,
}

/// Beginnings of words of a suggestion that it is found by.
const STARTS_MAX: usize = 6;
/// Bytes of a key; what is longer is found by its beginning.
const KEY_BYTES_MAX: usize = 48;
/// Keys that are looked at for one question. The best ones of beginnings that have more are kept beforehand.
const SCAN_MAX: usize = 500;
/// Suggestions of a kind that are kept for such a beginning.
const TOP: usize = 10;
/// Letters from which on one may be wrong; never the first.
const FUZZY_CHARS_MIN: usize = 4;
/// Keys with an error that are looked at.
const FUZZY_SCAN_MAX: usize = 500;

/// The kinds in the order in which they are shown.
pub const KINDS: [SuggestionKind; 4] =
    [SuggestionKind::Query, SuggestionKind::Category, SuggestionKind::Brand, SuggestionKind::Product];

/// Suggestions that do not change any more.
#[derive(Debug)]
pub struct Built {
    /// The best first: a number is a rank.
    entries: Vec<Entry>,
    map: Map<Vec<u8>>,
    /// The best entries by beginnings that have too many.
    tops: HashMap<String, Vec<u32>>,
}

/// Errors of one letter, swapped neighbours being one. The tables behind it are made once.
static ONE_ERROR: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));

/// What was typed, but for one letter, which is not the first.
pub struct Near {
    automaton: DFA,
    first: Vec<u8>,
    after: Vec<u8>,
}

impl Near {
    /// Nothing of what is too short to have an error.
    pub fn of(typed: &str) -> Option<Self> {
        let first = typed.chars().next().filter(|_| typed.chars().nth(FUZZY_CHARS_MIN - 1).is_some())?;
        let first = first.to_string().into_bytes();
        let mut after = first.clone();
        // No text has this byte, and all that go on have smaller ones.
        after.push(0xff);
        Some(Self { automaton: ONE_ERROR.build_prefix_dfa(typed), first, after })
    }
}

/// A text as it is compared: its words, folded, with one blank between them.
pub fn normal(text: &str) -> String {
    text::words(text).join(" ")
}

/// Every beginning of a word of a text, with all that follows it.
pub fn starts(text: &str) -> Vec<String> {
    let words = text::words(text);
    let rests = (0..words.len().min(STARTS_MAX)).filter_map(|start| words.get(start..));
    rests
        .map(|rest| {
            let mut key = rest.join(" ");
            let mut end = key.len().min(KEY_BYTES_MAX);
            while !key.is_char_boundary(end) {
                end = end.saturating_sub(1);
            }
            key.truncate(end);
            key
        })
        .collect()
}

impl Built {
    /// Of entries in any order.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, fst::Error> {
        entries.sort_by(|first, second| {
            let by_text = || first.suggestion.text.cmp(&second.suggestion.text);
            let by_reference = || first.suggestion.reference.cmp(&second.suggestion.reference);
            second.score.cmp(&first.score).then_with(by_text).then_with(by_reference)
        });
        let mut keys: Vec<(String, u32)> = Vec::new();
        for (number, entry) in (0..).zip(&entries) {
            keys.extend(starts(&entry.suggestion.text).into_iter().map(|start| (start, number)));
        }
        keys.sort_unstable();
        keys.dedup();
        let mut builder = MapBuilder::memory();
        for (key, number) in &keys {
            // Several entries may have the same text: the number tells their keys apart.
            let mut bytes = key.as_bytes().to_vec();
            bytes.push(0);
            bytes.extend(number.to_be_bytes());
            builder.insert(bytes, u64::from(*number))?;
        }
        let mut bytes = builder.into_inner()?;
        bytes.shrink_to_fit();
        let map = Map::new(bytes)?;
        let mut built = Self { entries, map, tops: HashMap::new() };
        built.keep_tops(&keys, 0);
        Ok(built)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Keeps the best entries of a beginning that has too many keys, and of all longer ones; `keys` are those that are the same
    /// in their first bytes.
    fn keep_tops(&mut self, keys: &[(String, u32)], bytes: usize) {
        let Some((first, _)) = keys.first().filter(|_| keys.len() > SCAN_MAX) else { return };
        let mut numbers: Vec<u32> = keys.iter().map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut left = HashMap::from(KINDS.map(|kind| (kind, TOP)));
        numbers.retain(|number| {
            let kind = self.entry(*number).map(|entry| entry.suggestion.kind);
            match kind.and_then(|kind| left.get_mut(&kind)) {
                Some(left) if *left > 0 => {
                    *left = left.saturating_sub(1);
                    true
                }
                _ => false,
            }
        });
        if let Some(beginning) = first.get(..bytes) {
            self.tops.insert(beginning.to_owned(), numbers);
        }
        let next = |key: &str| key.get(bytes..).and_then(|rest| rest.chars().next());
        for same in keys.chunk_by(|(first, _), (second, _)| next(first) == next(second)) {
            if let Some(letter) = same.first().and_then(|(key, _)| next(key)) {
                self.keep_tops(same, bytes.saturating_add(letter.len_utf8()));
            }
        }
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(number).ok()?)
    }

    /// Entries with a word that begins with what was typed: for each kind at least the [`TOP`] best ones.
    pub fn beginning_with(&self, typed: &str) -> Vec<&Entry> {
        if let Some(numbers) = self.tops.get(typed) {
            return numbers.iter().filter_map(|number| self.entry(*number)).collect();
        }
        let mut after = typed.as_bytes().to_vec();
        // No text has this byte, and all that go on have smaller ones.
        after.push(0xff);
        self.take(self.map.range().ge(typed).lt(after).into_stream(), SCAN_MAX)
    }

    /// Entries with a word that begins with what was typed but for one letter, which is not the first.
    pub fn beginning_near(&self, near: &Near) -> Vec<&Entry> {
        let keys = self.map.search(&near.automaton).ge(&near.first).lt(&near.after);
        self.take(keys.into_stream(), FUZZY_SCAN_MAX)
    }

    fn take<'a>(
        &'a self,
        mut keys: impl for<'k> Streamer<'k, Item = (&'k [u8], u64)>,
        limit: usize,
    ) -> Vec<&'a Entry> {
        let mut numbers: Vec<u32> = Vec::new();
        while let Some((_, number)) = keys.next() {
            numbers.extend(u32::try_from(number));
            if numbers.len() >= limit {
                break;
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| self.entry(number)).collect()
    }
}
