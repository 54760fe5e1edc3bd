//! What may have been meant by a written word, out of the index's own words.

#![expect(clippy::float_arithmetic, reason = "weights of ranking; no money is near")]

use tradepost_port::search::SYNONYM_WORDS_MAX;
use tradepost_port::search::plan::{Alt, AltKind};

use super::{TRUSTED_COUNT_MIN, Written};
use crate::document::stem_term;
use crate::knowledge::Knowledge;
use crate::text;
use crate::vocabulary::Candidate;
use crate::weights::Weights;

/// Corrections, splits, completions and synonyms of a word at most: each costs a look into every field.
const TYPOS_MAX: usize = 8;
const SPLITS_MAX: usize = 3;
const BEGINNINGS_MAX: usize = 24;
const NEAR_BEGINNINGS_MAX: usize = 12;
pub const SYNONYMS_MAX: usize = 40;

/// Letters of the parts of a split at least, unless the parts stand side by side somewhere.
const PART_CHARS_MIN: usize = 2;

fn alt(terms: &[&str], weight: f32, kind: AltKind, doubt: u8) -> Alt {
    Alt { terms: terms.iter().map(|term| (*term).to_owned()).collect(), weight, kind, doubt }
}

/// A word with its neighbours as one: "tn 2110" and "tn-2110" as "tn2110", "sta rtech" as "startech". Both words get it, so
/// that one word of a product meets both.
pub fn compounds(written: &[Written], index: usize, knowledge: &Knowledge, weights: &Weights) -> Vec<Alt> {
    let Some(here) = written.get(index) else { return Vec::new() };
    let mut found: Vec<Alt> =
        here.compound.iter().map(|compound| alt(&[compound], 1.0, AltKind::Joined, 0)).collect();
    let before = index.checked_sub(1).and_then(|before| written.get(before));
    let after = written.get(index.saturating_add(1));
    let joined = [before.map(|other| (other, here)), after.map(|other| (here, other))];
    for (first, second) in joined.into_iter().flatten() {
        let joined = format!("{}{}", first.word, second.word);
        if knowledge.vocabulary.get(&joined).is_some() {
            // A number with its unit or a model is the same thing either way; other words are only nearly so.
            let doubt = u8::from(!text::has_digit(&joined));
            found.push(alt(&[&joined], weights.joined, AltKind::Joined, doubt));
            found.push(alt(
                &[&stem_term(&joined, &knowledge.analyzer)],
                weights.joined * weights.stem,
                AltKind::Joined,
                doubt,
            ));
        }
    }
    found
}

/// Other words for a word, or for several that stand side by side. Each of those gets them, so that they are met by them together.
pub fn synonyms(written: &[Written], index: usize, knowledge: &Knowledge, weights: &Weights) -> Vec<Alt> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    for length in 1..=SYNONYM_WORDS_MAX {
        for start in index.saturating_add(1).saturating_sub(length)..=index {
            let Some(said) = written.get(start..start.saturating_add(length)) else { continue };
            let said: Vec<&str> = said.iter().map(|word| word.word.as_str()).collect();
            for meant in knowledge.synonyms.of(&said, &knowledge.analyzer) {
                let words: Vec<&str> = meant.iter().map(String::as_str).collect();
                if found.len() < SYNONYMS_MAX && !found.contains(&words) {
                    found.push(words);
                }
            }
        }
    }
    let both = |words: Vec<&str>| {
        let stems: Vec<String> = words.iter().map(|word| stem_term(word, &knowledge.analyzer)).collect();
        let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
        let stems = alt(&stems, weights.synonym * weights.stem, AltKind::Synonym, 0);
        [alt(&words, weights.synonym, AltKind::Synonym, 0), stems]
    };
    found.into_iter().flat_map(both).collect()
}

/// A word as two: "harddrive" as "hard drive", "tn2110" as "tn 2110".
pub fn splits(word: &str, knowledge: &Knowledge, weights: &Weights) -> Vec<Alt> {
    if let Some((head, tail)) = text::letters_and_digits(word) {
        return vec![alt(&[head, tail], weights.joined, AltKind::Split, 0)];
    }
    let mut found: Vec<(u32, u32, &str, &str)> = Vec::new();
    for (cut, _) in word.char_indices().skip(1) {
        let Some((head, tail)) = word.split_at_checked(cut) else { continue };
        let counts = [head, tail].map(|part| knowledge.vocabulary.document_count(part));
        let rarest = counts.into_iter().min().unwrap_or_default();
        if rarest == 0 {
            continue;
        }
        let side_by_side = knowledge.structure.pair_count(head, tail);
        let long = head.len().min(tail.len()) >= PART_CHARS_MIN;
        if side_by_side > 0 || long {
            found.push((side_by_side, rarest, head, tail));
        }
    }
    found.sort_unstable_by(|first, second| second.cmp(first));
    found
        .into_iter()
        .take(SPLITS_MAX)
        .map(|(side_by_side, _, head, tail)| {
            let weight = if side_by_side > 0 { weights.joined } else { weights.split_apart };
            alt(&[head, tail], weight, AltKind::Split, 1)
        })
        .collect()
}

/// Words that are an edit or two away. Two edits are near only if nothing is nearer.
pub fn typos(word: &str, knowledge: &Knowledge, weights: &Weights) -> Vec<Alt> {
    let mut candidates = knowledge.vocabulary.near(word);
    let Some(best) = candidates.first().copied() else { return Vec::new() };
    let trusted = knowledge.vocabulary.document_count(word) >= TRUSTED_COUNT_MIN;
    let nearest = candidates.iter().map(|candidate| candidate.distance.edits).min().unwrap_or(1);
    candidates.truncate(TYPOS_MAX);
    let weigh = |candidate: &Candidate<'_>| {
        let further = f32::from(candidate.distance.cost.saturating_sub(best.distance.cost)) / 10.0;
        let share = count(candidate) / count(&best);
        weights.typo * (-weights.typo_fall * further).exp() * share.powf(weights.typo_frequency)
    };
    candidates
        .iter()
        .map(|candidate| {
            let edits = candidate.distance.edits;
            let doubt = if trusted || edits > nearest { 2 } else { 1 };
            alt(&[&candidate.word.text], weigh(candidate).min(weights.typo), AltKind::Typo(edits), doubt)
        })
        .collect()
}

fn count(candidate: &Candidate<'_>) -> f32 {
    f32::from(u16::try_from(candidate.word.document_count).unwrap_or(u16::MAX))
}

/// Words that the last word, not typed to its end, may become.
pub fn beginnings(word: &str, knowledge: &Knowledge, weights: &Weights) -> Vec<Alt> {
    let going_on = knowledge.vocabulary.beginning_with(word, BEGINNINGS_MAX);
    let near = knowledge.vocabulary.beginning_near(word, NEAR_BEGINNINGS_MAX);
    let going_on = going_on.into_iter().map(|other| (other, weights.prefix));
    let near = near.into_iter().map(|other| (other, weights.prefix_near));
    going_on.chain(near).map(|(other, weight)| alt(&[&other.text], weight, AltKind::Prefix, 1)).collect()
}
