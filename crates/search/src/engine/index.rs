//! The index: its fields, and how documents become entries of it.

use std::collections::HashMap;
use std::path::Path;

use tantivy::columnar::Column;
use tantivy::directory::MmapDirectory;
use tantivy::schema::{
    FAST, Field as IndexField, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{Index, SegmentReader, TantivyDocument, Term as IndexTerm};
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::engine::{IndexDocument, Term};
use tradepost_port::search::plan::Field;

use super::EngineError;

/// The column of a document's row.
const ROW: &str = "row";

/// The folder of an index within the one that is given; another layout gets another number, and the old one is left behind.
const FOLDER: &str = "layout-1";

/// What a field of words is called.
pub fn field_name(field: Field) -> &'static str {
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

/// The fields of the index.
#[derive(Debug, Clone)]
pub struct Fields {
    /// Words.
    pub texts: HashMap<Field, IndexField>,
    /// Row in the table.
    row: IndexField,
    /// Product whose words these are.
    id: IndexField,
    /// Product whose prices and stock these are: entries without words, so that a restart finds what changed since the words.
    live: IndexField,
    /// What a restart reads.
    stored: IndexField,
}

/// The fields of an index. Texts come cut into words by the same code that reads queries.
fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let texts = Field::ALL.into_iter().map(|field| {
        let option = IndexRecordOption::WithFreqs;
        let indexing = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(option);
        (
            field,
            builder.add_text_field(field_name(field), TextOptions::default().set_indexing_options(indexing)),
        )
    });
    let texts = texts.collect();
    let fields = Fields {
        texts,
        row: builder.add_u64_field(ROW, FAST | STORED),
        id: builder.add_text_field("id", STRING),
        live: builder.add_text_field("live", STRING),
        stored: builder.add_bytes_field("stored", STORED),
    };
    (builder.build(), fields)
}

/// An index in memory.
pub fn in_memory() -> (Index, Fields) {
    let (schema, fields) = schema();
    (Index::create_in_ram(schema), fields)
}

/// The index in a folder. One that cannot be read is made anew: what it holds is in the database too.
pub fn in_folder(folder: &Path) -> Result<(Index, Fields), EngineError> {
    let folder = folder.join(FOLDER);
    let open = || -> Result<(Index, Fields), EngineError> {
        std::fs::create_dir_all(&folder)?;
        let (schema, fields) = schema();
        let directory = MmapDirectory::open(&folder).map_err(tantivy::TantivyError::from)?;
        Ok((Index::open_or_create(directory, schema)?, fields))
    };
    match open() {
        Err(EngineError::Index(_)) => {
            std::fs::remove_dir_all(&folder)?;
            open()
        }
        opened => opened,
    }
}

/// What an entry of a restart is.
pub enum Stored {
    /// A product and its row.
    Product(u32, Vec<u8>),
    /// Prices and stock of a product.
    Live(Vec<u8>),
}

impl Fields {
    /// The term of a product's words.
    pub fn id_term(&self, id: ProductId) -> IndexTerm {
        IndexTerm::from_field_text(self.id, &id.to_string())
    }

    /// The term of a product's prices and stock.
    pub fn live_term(&self, id: ProductId) -> IndexTerm {
        IndexTerm::from_field_text(self.live, &id.to_string())
    }

    /// The entry of a product in a row; `stored` is what a restart reads.
    pub fn entry(&self, row: u32, product: &IndexDocument, stored: Option<&[u8]>) -> TantivyDocument {
        let mut entry = TantivyDocument::new();
        entry.add_u64(self.row, u64::from(row));
        entry.add_text(self.id, product.document.id.to_string());
        if let Some(stored) = stored {
            entry.add_bytes(self.stored, stored);
        }
        for (field, terms) in &product.terms {
            if let Some(field) = self.texts.get(field) {
                entry.add_pre_tokenized_text(*field, tokens(terms));
            }
        }
        entry
    }

    /// The entry of a product's prices and stock.
    pub fn live_entry(&self, id: ProductId, stored: &[u8]) -> TantivyDocument {
        let mut entry = TantivyDocument::new();
        entry.add_text(self.live, id.to_string());
        entry.add_bytes(self.stored, stored);
        entry
    }

    /// What a stored entry is.
    pub fn stored(&self, entry: &TantivyDocument) -> Option<Stored> {
        use tantivy::schema::Value;
        let stored = entry.get_first(self.stored)?.as_bytes()?.to_vec();
        match entry.get_first(self.row) {
            Some(row) => Some(Stored::Product(u32::try_from(row.as_u64()?).ok()?, stored)),
            None => Some(Stored::Live(stored)),
        }
    }
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

/// The rows of a segment's documents.
pub fn row_column(segment: &SegmentReader) -> tantivy::Result<Option<Column<u64>>> {
    segment.fast_fields().column_opt::<u64>(ROW)
}
