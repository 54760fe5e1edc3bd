//! Finds words within two edits without looking at all of them: words that are near each other become the same when
//! letters are left out of both (the symmetric deletes of SymSpell, Wolf Garbe, 2012).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::distance::EDITS_MAX;

/// Letters of a word that are looked at: near words rarely differ in their beginning alone, and the index stays small.
const BEGINNING_CHARS: usize = 7;

/// What is left of the words when letters are left out, with the words that it is left of.
#[derive(Debug, Clone, Default)]
pub struct Deletes {
    /// Sorted pairs of a hash and the number of a word. A hash that two texts share costs a comparison, no error.
    entries: Vec<(u32, u32)>,
}

impl Deletes {
    /// Indexes numbered words.
    pub fn new<'a>(words: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut entries = Vec::new();
        for (number, word) in words {
            let Ok(number) = u32::try_from(number) else { break };
            let letters: Vec<char> = word.chars().take(BEGINNING_CHARS).collect();
            entries.extend(rests(&letters).iter().map(|rest| (hash(rest), number)));
        }
        entries.sort_unstable();
        entries.dedup();
        Self { entries }
    }

    /// Numbers of words that may be within two edits; all that are, and some that are not.
    pub fn candidates(&self, letters: &[char]) -> Vec<usize> {
        let beginning = letters.get(..BEGINNING_CHARS).unwrap_or(letters);
        let mut found: Vec<usize> = rests(beginning)
            .iter()
            .flat_map(|rest| {
                let wanted = hash(rest);
                let start = self.entries.partition_point(|(hash, _)| *hash < wanted);
                self.entries.iter().skip(start).take_while(move |(hash, _)| *hash == wanted)
            })
            .filter_map(|(_, number)| usize::try_from(*number).ok())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// A word with up to two letters left out.
fn rests(letters: &[char]) -> HashSet<Vec<char>> {
    let mut found = HashSet::from([letters.to_vec()]);
    let mut last = found.clone();
    for _ in 0..EDITS_MAX {
        let mut next = HashSet::new();
        for word in &last {
            for place in 0..word.len() {
                let mut rest = word.clone();
                rest.remove(place);
                next.insert(rest);
            }
        }
        found.extend(next.iter().cloned());
        last = next;
    }
    found
}

fn hash(letters: &[char]) -> u32 {
    let mut hasher = DefaultHasher::new();
    letters.hash(&mut hasher);
    let [first, second, third, fourth, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([first, second, third, fourth])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::distance::distance;
    use super::*;

    proptest! {
        #[test]
        fn every_word_within_two_edits_is_a_candidate(
            typed in "[a-d]{1,11}",
            words in proptest::collection::vec("[a-d]{1,11}", 1..20),
        ) {
            let deletes = Deletes::new(words.iter().map(String::as_str).enumerate());
            let letters: Vec<char> = typed.chars().collect();
            let found = deletes.candidates(&letters);
            for (number, word) in words.iter().enumerate() {
                let near = distance(&letters, &word.chars().collect::<Vec<_>>()).is_some();
                prop_assert!(!near || found.contains(&number), "{typed} {word}");
            }
        }
    }
}
