//! A product as search sees it, and its words by field.

use std::collections::HashSet;

use serde_json::Value;
use tradepost_port::search::SearchDocument;
use tradepost_port::search::engine::{IndexDocument, Term};
use tradepost_port::search::plan::Field;

use crate::structure::Structure;
use crate::text::{self, Analyzer, Chunk};

/// What a product has, or a variant of it: "Colour: red".
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Attribute {
    /// Its name, as the catalogue writes it.
    pub name: String,
    /// One of its values.
    pub value: String,
    /// Where it stands.
    pub source: Source,
}

/// Where an attribute stands in its product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Source {
    /// It is an option of variants.
    #[default]
    Option,
    /// It is an attribute.
    Attribute {
        /// Keys from the outside in.
        path: Vec<String>,
        /// The value as it stands.
        value: Value,
    },
}

/// Texts and numbers that a product and its variants have; nothing twice.
pub fn attributes(document: &SearchDocument) -> Vec<Attribute> {
    let mut found: Vec<Attribute> = Vec::new();
    let mut add = |attribute: Attribute| {
        if !found.contains(&attribute) {
            found.push(attribute);
        }
    };
    for (key, value) in &document.attributes {
        scalars(value, &mut vec![key.clone()], &mut |path, value| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return,
            };
            let name = path.last().cloned().unwrap_or_default();
            add(Attribute {
                name,
                value: text,
                source: Source::Attribute { path: path.to_vec(), value: value.clone() },
            });
        });
    }
    for option in document.variants.iter().flat_map(|variant| &variant.options) {
        add(Attribute { name: option.name.clone(), value: option.value.clone(), source: Source::Option });
    }
    found
}

/// The scalars of an attribute with the path of keys to each; items of a list have the path of the list.
pub fn scalars(value: &Value, path: &mut Vec<String>, take: &mut impl FnMut(&[String], &Value)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                path.push(key.clone());
                scalars(value, path, take);
                path.pop();
            }
        }
        Value::Array(items) => {
            items
                .iter()
                .filter(|item| !item.is_array() && !item.is_object())
                .for_each(|item| take(path, item));
        }
        scalar => take(path, scalar),
    }
}

/// The mark of a stem, so that it is never taken for a word.
pub const STEM_MARK: char = '~';

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
    /// SKUs and barcodes, each as one word.
    pub codes: Vec<String>,
    /// Words of the brand.
    pub brand_words: HashSet<String>,
}

impl Parsed {
    /// Cuts a document.
    pub fn new(document: &SearchDocument) -> Self {
        let mut main = text::chunks(&document.title);
        let tail = main.split_off(end_of_main(&main));
        let brand = document.brand.as_ref().map_or_else(Vec::new, |brand| text::chunks(&brand.name));
        let mut values: Vec<String> =
            attributes(document).into_iter().map(|attribute| attribute.value).collect();
        // "Colour: red" of a product and of its variants is the same words once.
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
        values.extend(document.tags.iter().cloned());
        let codes = document.variants.iter().flat_map(|variant| &variant.codes);
        Self {
            brand_words: words_of(&brand).map(str::to_owned).collect(),
            main,
            tail,
            brand,
            types: types(document).flat_map(text::chunks).collect(),
            attributes: values.iter().flat_map(|value| text::chunks(value)).collect(),
            codes: codes.map(|code| text::words(code).concat()).filter(|code| !code.is_empty()).collect(),
        }
    }

    /// The chunks that words are learnt from: all but the description, which carries errors and noise.
    pub fn learnt(&self) -> impl Iterator<Item = &[Chunk]> {
        [&self.main, &self.tail, &self.brand, &self.types, &self.attributes].into_iter().map(Vec::as_slice)
    }

    /// The terms of all fields that have any.
    pub fn terms(
        &self,
        description: &str,
        structure: &Structure,
        analyzer: &Analyzer,
    ) -> Vec<(Field, Vec<Term>)> {
        let description = text::words(description);
        let mut compounds = compounds(self.learnt());
        compounds.extend(self.codes.iter().cloned());
        compounds.sort_unstable();
        compounds.dedup();
        let words = |chunks| terms(words_of(chunks), analyzer);
        let all = [
            (Field::Core, terms(structure.core(self).into_iter(), analyzer)),
            (Field::Title, words(&self.main)),
            (Field::Tail, words(&self.tail)),
            (Field::Brand, words(&self.brand)),
            (Field::Type, words(&self.types)),
            (Field::Attributes, words(&self.attributes)),
            (Field::Description, terms(description.iter().map(String::as_str), analyzer)),
            (Field::Compound, (0..).zip(compounds).map(|(position, text)| Term { text, position }).collect()),
        ];
        all.into_iter().filter(|(_, terms)| !terms.is_empty()).collect()
    }
}

/// The product with the terms that it is found by.
pub fn index_document(document: SearchDocument, structure: &Structure, analyzer: &Analyzer) -> IndexDocument {
    let terms = Parsed::new(&document).terms(&document.description, structure, analyzer);
    IndexDocument { document, terms }
}

/// Product type and names of categories.
pub fn types(document: &SearchDocument) -> impl Iterator<Item = &str> {
    let categories = document.categories.iter().map(|category| category.name.as_str());
    document.product_type.iter().map(|kind| kind.name.as_str()).chain(categories)
}

/// Words and their stems.
fn terms<'a>(words: impl Iterator<Item = &'a str>, analyzer: &Analyzer) -> Vec<Term> {
    let both = |(position, word): (usize, &str)| {
        [Term { text: word.to_owned(), position }, Term { text: stem_term(word, analyzer), position }]
    };
    words.enumerate().flat_map(both).collect()
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
    use tradepost_domain::kernel::ids::{EntityId, ProductId};
    use uuid::Uuid;

    use super::*;

    fn parsed(title: &str) -> Parsed {
        Parsed::new(&SearchDocument::titled(ProductId::from_uuid(Uuid::nil()), title))
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
