//! The index: its fields, and how documents become entries of it.

#![expect(clippy::float_arithmetic, reason = "scores; no money is near")]

use tantivy::schema::{FAST, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, IndexWriter, TantivyDocument};
use tradepost_port::search::plan::Field;

use super::{EngineError, Fields};
use crate::document::{Parsed, SearchDocument, Term};
use crate::knowledge::Knowledge;

/// Memory of the writer in bytes, before it writes a segment.
const WRITER_BYTES: usize = 64 << 20;

/// The column of the document's number.
pub const ORDINAL: &str = "ordinal";
/// The column of its popularity.
pub const POPULARITY: &str = "popularity";

fn name(field: Field) -> &'static str {
    match field {
        Field::Core => "core",
        Field::Title => "title",
        Field::Tail => "tail",
        Field::Brand => "brand",
        Field::Type => "type",
        Field::Attributes => "attributes",
        Field::Description => "description",
        Field::Compound => "compound",
    }
}

/// The fields of an index. Texts come cut into words by the same code that reads queries.
pub fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let texts = Field::ALL.into_iter().map(|field| {
        let option = IndexRecordOption::WithFreqs;
        let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(option);
        (field, builder.add_text_field(name(field), TextOptions::default().set_indexing_options(indexing)))
    });
    let texts = texts.collect();
    let ordinal = builder.add_u64_field(ORDINAL, FAST);
    let popularity = builder.add_f64_field(POPULARITY, FAST);
    (builder.build(), Fields { texts, ordinal, popularity })
}

/// Writes documents in their order.
pub fn write<'a>(
    index: &Index,
    fields: &Fields,
    documents: impl Iterator<Item = (&'a SearchDocument, &'a Parsed)>,
    knowledge: &Knowledge,
) -> Result<(), EngineError> {
    let mut writer: IndexWriter = index.writer_with_num_threads(1, WRITER_BYTES)?;
    for (ordinal, (document, parsed)) in (0_u64..).zip(documents) {
        let mut entry = TantivyDocument::new();
        entry.add_u64(fields.ordinal, ordinal);
        entry.add_f64(fields.popularity, f64::from(document.popularity));
        let terms = parsed.terms(&document.description, &knowledge.structure, &knowledge.analyzer);
        for (field, terms) in terms.fields() {
            if let Some(field) = fields.texts.get(&field) {
                entry.add_pre_tokenized_text(*field, tokens(terms));
            }
        }
        writer.add_document(entry)?;
    }
    writer.commit()?;
    Ok(())
}

fn tokens(terms: &[Term]) -> PreTokenizedString {
    let tokens = terms.iter().map(|term| Token {
        position: term.position,
        text: term.text.clone(),
        position_length: 1,
        ..Token::default()
    });
    PreTokenizedString { text: String::new(), tokens: tokens.collect() }
}

/// A popularity as it was given: it is between 0 and 1, and as exact as it needs to be.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "it was an f32 before it was stored"
)]
pub fn narrow(popularity: f64) -> f32 {
    popularity as f32
}

/// A score raised by popularity.
pub fn with_prior(score: f32, popularity: f32, weight: f32) -> f32 {
    score * (1.0 + weight * popularity)
}
