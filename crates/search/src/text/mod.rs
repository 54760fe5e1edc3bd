//! Text as search sees it: compatibility forms resolved, marks and cases folded, cut into words and compounds.
//!
//! The same code reads products and queries, so that both arrive at the same words whatever way they were written.

mod language;
mod stem;

use unicode_normalization::UnicodeNormalization;

pub use language::Analyzer;

/// A run of words without white space between them: "TN-2110" is one with two words, "mouse" one with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Words, folded.
    pub words: Vec<String>,
    /// Whether a pause follows: a comma, a bracket, a dash between blanks.
    pub ends: bool,
}

impl Chunk {
    /// The words as one, if they are several: "tn2110".
    pub fn joined(&self) -> Option<String> {
        (2..=COMPOUND_WORDS_MAX).contains(&self.words.len()).then(|| self.words.concat())
    }
}

/// Compounds of more words are sentences without blanks, not names.
const COMPOUND_WORDS_MAX: usize = 4;

/// Characters of a word at most: what is longer is no word that anybody types.
const WORD_CHARS_MAX: usize = 40;

/// Compatibility forms resolved, lower case, Latin letters without marks; other scripts stay as they are.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkc().flat_map(char::to_lowercase) {
        match letter {
            letter if letter.is_ascii() => folded.push(letter),
            // Trade marks are glued to words and mean nothing to a search; NFKC makes letters of them.
            '\u{2032}' | '\u{2019}' | '\u{b4}' => folded.push('\''),
            '\u{2033}' | '\u{201d}' | '\u{201c}' => folded.push('"'),
            '\u{2010}'..='\u{2015}' => folded.push('-'),
            letter if u32::from(letter) < LATIN_END => match deunicode::deunicode_char(letter) {
                Some(plain) => folded.extend(plain.chars().flat_map(char::to_lowercase)),
                None => folded.push(letter),
            },
            // Marks that a letter of another script carries apart.
            '\u{300}'..='\u{36f}' => {}
            letter => folded.push(letter),
        }
    }
    folded
}

/// The end of the Latin blocks of Unicode (Basic Latin to Latin Extended-B and IPA).
const LATIN_END: u32 = 0x2b0;

/// Cuts a text into chunks of folded words.
pub fn chunks(text: &str) -> Vec<Chunk> {
    let plain = text.replace(['\u{ae}', '\u{2122}', '\u{a9}', '\u{2120}'], " ");
    let folded = fold(&plain);
    let mut chunks: Vec<Chunk> = Vec::new();
    for piece in folded.split_whitespace() {
        let opens = piece.starts_with(['(', '[', '-', '|', '+']) || piece == "/";
        if opens && let Some(last) = chunks.last_mut() {
            last.ends = true;
        }
        // An apostrophe belongs to its word: "men's" is "mens"; inches become a word.
        let piece = piece.replace('\'', "");
        let inches = piece.trim_end_matches([')', ',']).strip_suffix('"').is_some_and(ends_in_digit);
        let ends = piece.ends_with([',', ')', ']', ';', ':', '|']);
        let parts = piece.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
        let mut words: Vec<String> = parts.map(|part| part.chars().take(WORD_CHARS_MAX).collect()).collect();
        if inches {
            words.push("inch".to_owned());
        }
        if !words.is_empty() {
            chunks.push(Chunk { words, ends });
        }
    }
    chunks
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(|letter: char| letter.is_ascii_digit())
}

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    chunks(text).into_iter().flat_map(|chunk| chunk.words).collect()
}

/// Whether a word has a digit: a model, a size, an amount. Such words are never corrected.
pub fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

/// A word of letters then digits, or digits then letters, as its two parts: "tn2110", "500gb".
pub fn letters_and_digits(word: &str) -> Option<(&str, &str)> {
    let digit = |letter: char| letter.is_ascii_digit();
    let first_is_digit = word.chars().next().is_some_and(digit);
    let cut = word.find(|letter: char| digit(letter) != first_is_digit)?;
    let (head, tail) = word.split_at_checked(cut)?;
    let uniform = tail.chars().all(|letter| digit(letter) != first_is_digit);
    uniform.then_some((head, tail))
}

/// Whether a word is a unit that is written beside its number or apart from it.
pub fn is_unit(word: &str) -> bool {
    UNITS.contains(&word)
}

/// Units that follow a number.
const UNITS: &[&str] = &[
    "mm", "cm", "m", "km", "in", "inch", "ft", "g", "kg", "mg", "oz", "lb", "ml", "cl", "l", "gb", "tb",
    "mb", "kb", "ghz", "mhz", "hz", "w", "kw", "v", "a", "ma", "mah", "wh", "dpi", "ppm", "mp", "pcs", "pc",
    "k", "p", "x",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_word_comes_out_however_it_is_written() {
        assert_eq!(words("Ｃafé"), ["cafe"]);
        assert_eq!(words("Straße ÅNGSTRÖM naïve"), ["strasse", "angstrom", "naive"]);
        assert_eq!(words("cafe\u{301}"), ["cafe"]);
        assert_eq!(words("Intel® Core™2 Men’s"), ["intel", "core", "2", "mens"]);
        assert_eq!(words("ﬁne ½ 日本語"), ["fine", "1", "2", "日本語"]);
    }

    #[test]
    fn a_model_number_is_one_compound_and_its_parts() {
        let chunks = chunks("Brother TN-2110, toner");
        assert_eq!(chunks[1].words, ["tn", "2110"]);
        assert_eq!(chunks[1].joined().unwrap(), "tn2110");
        assert!(chunks[1].ends && !chunks[0].ends);
    }

    #[test]
    fn inches_are_a_word() {
        assert_eq!(words("Monitor 27\" (68.6 cm)"), ["monitor", "27", "inch", "68", "6", "cm"]);
    }

    #[test]
    fn letters_and_digits_come_apart_once() {
        assert_eq!(letters_and_digits("tn2110"), Some(("tn", "2110")));
        assert_eq!(letters_and_digits("500gb"), Some(("500", "gb")));
        assert_eq!(letters_and_digits("a1b2"), None);
        assert_eq!(letters_and_digits("mouse"), None);
    }

    #[test]
    fn nothing_breaks_it() {
        for text in ["", " ", "\u{0}", "---", "\"\"", "🎧 🎧🎧", "\u{301}\u{301}", "ı İ ǅ", "\u{202e}abc"]
        {
            let _ = words(text);
        }
        assert_eq!(words(&"x".repeat(10_000))[0].len(), 40);
    }
}
