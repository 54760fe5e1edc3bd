//! From the change of a title to the first answer that finds it.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tradepost_port::search::SearchDocument;

use super::Stop;
use super::side::{Question, Seen, Side};
use super::speed::timed;
use crate::LabError;

/// What is not found by then is lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two questions for what was not there yet.
const PAUSE: Duration = Duration::from_millis(2);
/// Letters of the word that is put into a title.
const WORD_LETTERS: u32 = 9;

/// A product with a word in its title that no other title has; the word.
pub fn changed(
    (name, product): &(String, SearchDocument),
    number: u64,
) -> ((String, SearchDocument), String) {
    let word = word(number);
    let title = format!("{} {word}", product.title);
    let title_sort = title.to_lowercase();
    ((name.clone(), SearchDocument { title, title_sort, ..product.clone() }), word)
}

/// A word for a number, of letters that jump: no two are within the few edits that a search forgives.
fn word(number: u64) -> String {
    // The golden ratio as a fraction of 2^64 (Knuth, TAOCP 3, 6.4): neighbours end up far from each other.
    let mut rest = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8;
    let mut word = String::from("q");
    for _ in 1..WORD_LETTERS {
        word.push(char::from(b'a' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    word
}

/// Changes a product and asks for its new word until it is found; how long that took.
pub fn until_found(
    runtime: &Runtime,
    side: &dyn Side,
    (number, product): (u64, &(String, SearchDocument)),
    (seen, stop): (Seen, &Stop),
) -> Result<Duration, LabError> {
    let (product, text) = changed(product, number);
    let question = Question { text, limit: 10, with_facets: false };
    let sequence = i64::try_from(number).unwrap_or_default().saturating_add(2);
    let started = Instant::now();
    runtime.block_on(side.change(sequence, &product, seen))?;
    loop {
        stop.look()?;
        let (hits, _) = timed(runtime, side, &question)?;
        if hits.contains(&product.0) {
            return Ok(started.elapsed());
        }
        if started.elapsed() > PATIENCE {
            return Err(LabError::Preparation(format!(
                "a change was not found within {} s: \"{}\"",
                PATIENCE.as_secs(),
                question.text
            )));
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_changes_are_far_from_each_other() {
        let words: Vec<String> = (0..200).map(word).collect();
        for (index, one) in words.iter().enumerate() {
            assert!(one.len() == 9 && one.bytes().all(|letter| letter.is_ascii_lowercase()), "{one}");
            for other in words.iter().skip(index + 1) {
                let differ = one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count();
                assert!(differ > 2, "{one} {other}");
            }
        }
    }
}
