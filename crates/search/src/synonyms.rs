//! Words that mean the same, by their stems.

use std::collections::HashMap;

use tradepost_port::search::{SYNONYM_WORDS_MAX, Synonym};

use crate::text::{self, Analyzer};

/// What is meant too when something is said.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    /// The words of each by the stems of what is said.
    by_stems: HashMap<String, Vec<Vec<String>>>,
}

impl Synonyms {
    /// Of a locale. Synonyms of too many words are left out.
    pub fn new(synonyms: &[Synonym], analyzer: &Analyzer) -> Self {
        let mut known = Self::default();
        for synonym in synonyms {
            match synonym {
                Synonym::OneWay { from, to } => to.iter().for_each(|to| known.add(from, to, analyzer)),
                Synonym::TwoWay(all) => {
                    for (place, from) in all.iter().enumerate() {
                        let others = all.iter().enumerate().filter(|(other, _)| *other != place);
                        others.for_each(|(_, to)| known.add(from, to, analyzer));
                    }
                }
            }
        }
        known
    }

    fn add(&mut self, from: &str, to: &str, analyzer: &Analyzer) {
        let (from, to) = (text::words(from), text::words(to));
        let fits = |words: &[String]| (1..=SYNONYM_WORDS_MAX).contains(&words.len());
        if fits(&from) && fits(&to) && from != to {
            let from: Vec<&str> = from.iter().map(String::as_str).collect();
            let known = self.by_stems.entry(stems(&from, analyzer)).or_default();
            if !known.contains(&to) {
                known.push(to);
            }
        }
    }

    /// What is meant too by words that stand side by side.
    pub fn of(&self, words: &[&str], analyzer: &Analyzer) -> &[Vec<String>] {
        if self.by_stems.is_empty() {
            return &[];
        }
        self.by_stems.get(&stems(words, analyzer)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn stems(words: &[&str], analyzer: &Analyzer) -> String {
    words.iter().map(|word| analyzer.stem(word)).collect::<Vec<_>>().join(" ")
}
