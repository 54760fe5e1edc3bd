//! A product as search sees it, and its words by field.

use std::collections::HashSet;

use tradepost_port::search::plan::Field;

use crate::structure::Structure;
use crate::text::{self, Analyzer, Chunk};

/// A product as search sees it, in one locale.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchDocument {
    /// The product's id; what hits are told by.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The name of its brand.
    pub brand: String,
    /// Product type and names of categories.
    pub types: Vec<String>,
    /// Values of options and attributes.
    pub attributes: Vec<Attribute>,
    /// Its description as plain text.
    pub description: String,
    /// How much it is sold beside the others, 0 to 1.
    pub popularity: f32,
}

/// What a product has, or a variant of it: "Colour: red".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Attribute {
    /// Its name, as the catalogue writes it.
    pub name: String,
    /// One of its values.
    pub value: String,
}

/// The mark of a stem, so that it is never taken for a word.
pub const STEM_MARK: char = '~';

/// A document's terms, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    fields: Vec<(Field, Vec<Term>)>,
}

/// A term and its place in its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The term.
    pub text: String,
    /// Words before it.
    pub position: usize,
}

impl Terms {
    /// The terms of each field that has any.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &[Term])> {
        self.fields.iter().map(|(field, terms)| (*field, terms.as_slice()))
    }

    fn add(&mut self, field: Field, words: &[&str], analyzer: &Analyzer) {
        let mut terms = Vec::with_capacity(words.len().saturating_mul(2));
        for (position, word) in words.iter().enumerate() {
            terms.push(Term { text: (*word).to_owned(), position });
            terms.push(Term { text: stem_term(word, analyzer), position });
        }
        if !terms.is_empty() {
            self.fields.push((field, terms));
        }
    }
}

/// The term of a word's stem.
pub fn stem_term(word: &str, analyzer: &Analyzer) -> String {
    format!("{STEM_MARK}{}", analyzer.stem(word))
}

/// A document cut into chunks, once for all that is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The title up to its first pause or preposition.
    pub main: Vec<Chunk>,
    /// The rest of the title.
    pub tail: Vec<Chunk>,
    /// The brand.
    pub brand: Vec<Chunk>,
    /// Types and categories.
    pub types: Vec<Chunk>,
    /// Attributes.
    pub attributes: Vec<Chunk>,
    /// Words of the brand.
    pub brand_words: HashSet<String>,
}

impl Parsed {
    /// Cuts a document.
    pub fn new(document: &SearchDocument) -> Self {
        let mut main = text::chunks(&document.title);
        let tail = main.split_off(end_of_main(&main));
        let brand = text::chunks(&document.brand);
        Self {
            brand_words: words_of(&brand).map(str::to_owned).collect(),
            main,
            tail,
            brand,
            types: document.types.iter().flat_map(|name| text::chunks(name)).collect(),
            attributes: document
                .attributes
                .iter()
                .flat_map(|attribute| text::chunks(&attribute.value))
                .collect(),
        }
    }

    /// The chunks that words are learnt from: all but the description, which carries errors and noise.
    pub fn learnt(&self) -> impl Iterator<Item = &[Chunk]> {
        [&self.main, &self.tail, &self.brand, &self.types, &self.attributes].into_iter().map(Vec::as_slice)
    }

    /// The terms of all fields.
    pub fn terms(&self, description: &str, structure: &Structure, analyzer: &Analyzer) -> Terms {
        let mut terms = Terms::default();
        terms.add(Field::Core, &structure.core(self), analyzer);
        for (field, chunks) in [
            (Field::Title, &self.main),
            (Field::Tail, &self.tail),
            (Field::Brand, &self.brand),
            (Field::Type, &self.types),
            (Field::Attributes, &self.attributes),
        ] {
            terms.add(field, &words_of(chunks).collect::<Vec<_>>(), analyzer);
        }
        let description = text::words(description);
        terms.add(Field::Description, &description.iter().map(String::as_str).collect::<Vec<_>>(), analyzer);
        let compounds: Vec<Term> = compounds(self.learnt())
            .into_iter()
            .enumerate()
            .map(|(position, text)| Term { text, position })
            .collect();
        if !compounds.is_empty() {
            terms.fields.push((Field::Compound, compounds));
        }
        terms
    }
}

/// The words of chunks in order.
pub fn words_of(chunks: &[Chunk]) -> impl Iterator<Item = &str> {
    chunks.iter().flat_map(|chunk| chunk.words.iter().map(String::as_str))
}

/// What is written as one name, as one word: "tn2110" of "TN-2110", "500gb" of "500 GB", "wifi" of "Wi-Fi".
pub fn compounds<'a>(fields: impl Iterator<Item = &'a [Chunk]>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for chunks in fields {
        found.extend(chunks.iter().filter_map(Chunk::joined));
        let words: Vec<&str> = words_of(chunks).collect();
        for pair in words.windows(2) {
            if let [number, unit] = pair
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && text::is_unit(unit)
            {
                found.push(format!("{number}{unit}"));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The first chunk that no longer tells what the product is but what it goes with or has.
fn end_of_main(chunks: &[Chunk]) -> usize {
    let is_turn = |chunk: &Chunk| matches!(chunk.words.as_slice(), [word] if TURNS.contains(&word.as_str()));
    for (index, chunk) in chunks.iter().enumerate() {
        // A title does not end before it has begun: "For the love of dogs", "iPad, 64 GB".
        if index > 0 && is_turn(chunk) {
            return index;
        }
        if index > 0 && chunk.ends {
            return index.saturating_add(1);
        }
    }
    chunks.len()
}

/// Words after which a title tells what the product goes with, in the languages of most shops.
const TURNS: &[&str] = &[
    "for",
    "with",
    "w",
    "without",
    "from",
    "compatible",
    "fits",
    "suitable",
    "fur",
    "mit",
    "ohne",
    "pour",
    "avec",
    "sans",
    "para",
    "con",
    "sin",
    "per",
    "senza",
    "voor",
    "met",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(title: &str) -> Parsed {
        Parsed::new(&SearchDocument { title: title.to_owned(), ..SearchDocument::default() })
    }

    fn words(chunks: &[Chunk]) -> Vec<&str> {
        words_of(chunks).collect()
    }

    #[test]
    fn what_a_product_goes_with_is_not_what_it_is() {
        let parsed = parsed("Canon Cable for Camera 2 m");
        assert_eq!(words(&parsed.main), ["canon", "cable"]);
        assert_eq!(words(&parsed.tail), ["for", "camera", "2", "m"]);
        let parsed = super::tests::parsed("Mouse Black, Grey");
        assert_eq!(words(&parsed.tail), ["grey"]);
    }

    #[test]
    fn a_title_that_begins_with_a_preposition_is_kept_whole() {
        assert_eq!(words(&parsed("For Dogs").main), ["for", "dogs"]);
    }

    #[test]
    fn numbers_and_their_units_are_also_one_word() {
        let parsed = parsed("TN-2110 500 GB Wi-Fi");
        assert_eq!(compounds(parsed.learnt()), ["500gb", "tn2110", "wifi"]);
    }
}
