//! Words that mean the same, by their stems.

use std::collections::HashMap;

use tradepost_port::search::{SYNONYM_WORDS_MAX, Synonym};

use crate::pipeline;
use crate::text::{self, Analyzer};

/// Synonyms of one text at most: what is in more of them means too much.
const GROUPS_MAX: usize = 20;

/// What is meant too when something is said.
#[derive(Debug, Default)]
pub struct Synonyms {
    /// What is meant together, each text once, with the stems that it is said by.
    groups: Vec<Vec<(String, Vec<String>)>>,
    /// The groups that are meant, by the stems of what is said.
    by_stems: HashMap<String, Vec<usize>>,
}

impl Synonyms {
    /// Of a locale. Texts of too many words, and of none that says something, are left out.
    pub fn new(synonyms: &[Synonym], analyzer: &Analyzer) -> Self {
        let mut known = Self::default();
        for synonym in synonyms {
            let (said, meant) = match synonym {
                Synonym::OneWay { from, to } => (std::slice::from_ref(from), to),
                Synonym::TwoWay(all) => (all.as_slice(), all),
            };
            let group = known.groups.len();
            for stems in said.iter().filter_map(|text| said_by(text, analyzer)) {
                let groups = known.by_stems.entry(stems).or_default();
                if groups.len() < GROUPS_MAX && groups.last() != Some(&group) {
                    groups.push(group);
                }
            }
            let meant =
                meant.iter().filter_map(|text| Some((said_by(text, analyzer)?, telling(text, analyzer))));
            known.groups.push(meant.collect());
        }
        known
    }

    /// What is meant too by words that stand side by side.
    pub fn of<'a>(&'a self, words: &[&str], analyzer: &Analyzer) -> Vec<&'a [String]> {
        if self.by_stems.is_empty() {
            return Vec::new();
        }
        let stems = words.iter().map(|word| analyzer.stem(word)).collect::<Vec<_>>().join(" ");
        let groups = self.by_stems.get(&stems).map(Vec::as_slice).unwrap_or_default();
        let meant = groups.iter().filter_map(|group| self.groups.get(*group)).flatten();
        meant.filter(|(said_by, _)| *said_by != stems).map(|(_, words)| words.as_slice()).collect()
    }
}

/// The stems that a query has which says the text: those of its words that say something, each once.
fn said_by(text: &str, analyzer: &Analyzer) -> Option<String> {
    let stems = pipeline::stems(text, analyzer);
    (1..=SYNONYM_WORDS_MAX).contains(&stems.len()).then(|| stems.join(" "))
}

/// The words of a text that say something; all where none does.
fn telling(text: &str, analyzer: &Analyzer) -> Vec<String> {
    let words = text::words(text);
    let telling: Vec<String> = words.iter().filter(|word| !analyzer.is_stop_word(word)).cloned().collect();
    if telling.is_empty() { words } else { telling }
}
