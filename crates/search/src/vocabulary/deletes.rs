//! Finds words within two edits without looking at all of them: words that are near each other become the same when
//! letters are left out of both (the symmetric deletes of SymSpell, Wolf Garbe, 2012).

/// Letters of a word that are looked at: near words rarely differ in their beginning alone, and the index stays small.
const BEGINNING_CHARS: usize = 7;

/// What is left of the words when letters are left out, with the words that it is left of.
#[derive(Debug, Clone, Default)]
pub struct Deletes {
    /// Sorted pairs of a hash and the number of a word. A hash that two texts share costs a comparison, no error.
    entries: Vec<(u32, u32)>,
    /// Where the entries of each beginning of a hash begin.
    starts: Vec<u32>,
    /// Bits of a hash that are not its beginning.
    shift: u32,
}

/// Bits of a hash's beginning at most: a table of a million places.
const BEGINNING_BITS_MAX: u32 = 20;

impl Deletes {
    /// Indexes numbered words.
    pub fn new<'a>(words: impl Iterator<Item = (usize, &'a str)>) -> Self {
        let mut entries = Vec::new();
        for (number, word) in words {
            let Ok(number) = u32::try_from(number) else { break };
            let letters: Vec<char> = word.chars().take(BEGINNING_CHARS).collect();
            entries.extend(rests(&letters).into_iter().map(|rest| (rest, number)));
        }
        entries.sort_unstable();
        let bits =
            u32::BITS.saturating_sub(u32::try_from(entries.len() / 4).unwrap_or(u32::MAX).leading_zeros());
        let bits = bits.clamp(1, BEGINNING_BITS_MAX);
        let shift = u32::BITS.saturating_sub(bits);
        let mut starts = Vec::with_capacity(1 << bits);
        let mut at = 0_usize;
        for beginning in 0..(1_u32 << bits) {
            while entries.get(at).is_some_and(|(hash, _)| hash >> shift < beginning) {
                at = at.saturating_add(1);
            }
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        Self { entries, starts, shift }
    }

    /// Numbers of words that may be within two edits; all that are, and some that are not.
    pub fn candidates(&self, letters: &[char]) -> Vec<usize> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let beginning = letters.get(..BEGINNING_CHARS).unwrap_or(letters);
        let mut found: Vec<usize> = Vec::new();
        for wanted in rests(beginning) {
            let place = usize::try_from(wanted >> self.shift).unwrap_or(usize::MAX);
            let start = self.starts.get(place).and_then(|start| usize::try_from(*start).ok());
            let from = self.entries.get(start.unwrap_or(usize::MAX)..).unwrap_or_default();
            let same =
                from.iter().skip_while(|(hash, _)| *hash < wanted).take_while(|(hash, _)| *hash == wanted);
            found.extend(same.filter_map(|(_, number)| usize::try_from(*number).ok()));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Hashes of a word with up to two letters left out, each once.
fn rests(letters: &[char]) -> Vec<u32> {
    let none = letters.len();
    let mut found = Vec::with_capacity(1 + none + none * none / 2);
    for first in 0..=none {
        // Leaving out a letter behind the end leaves out none.
        for second in first..=none {
            if second > first || first == none {
                found.push(hash(letters, first, second));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// FNV-1a over all letters but two.
fn hash(letters: &[char], first: usize, second: usize) -> u32 {
    let kept = letters.iter().enumerate().filter(|(place, _)| *place != first && *place != second);
    let hash =
        kept.fold(0x811c_9dc5_u32, |hash, (_, letter)| (hash ^ u32::from(*letter)).wrapping_mul(0x0100_0193));
    // Its last bits are the better mixed ones, and the first ones are what is looked up by.
    (hash ^ (hash >> 15)).wrapping_mul(0x9e37_79b1)
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
