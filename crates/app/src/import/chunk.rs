//! Cuts a file into chunks of checked products, on a thread of its own, while PostgreSQL works on the chunk before.
//!
//! Where a chunk ends depends on the file alone: an import that is continued cuts it as one that was never broken off.

use std::sync::Arc;

use tokio::sync::mpsc;
use tradepost_domain::kernel::Currency;
use tradepost_port::{Clock, IdSource};

use super::draft::Draft;
use super::format::Format;
use super::jsonl::JsonLinesReader;
use super::normalise::Normaliser;
use super::preamble::{peek, separator};
use super::record::{Labels, ReadError, RecordReader, RowError};
use super::shopify_csv::ShopifyCsvReader;
use super::source::ImportSource;

/// Bytes of the file in one chunk, beyond which it ends early: large descriptions must not fill the memory.
const CHUNK_BYTES: u64 = 4 * 1024 * 1024;

/// A piece of the file.
#[derive(Debug)]
pub struct Chunk {
    /// Products that passed the checks.
    pub drafts: Vec<Draft>,
    /// What was wrong with the others.
    pub errors: Vec<RowError>,
    /// How many others there are.
    pub failed: u64,
    /// Products of the file up to the end of the chunk.
    pub end_record: u64,
    /// Bytes of the file up to the end of the chunk.
    pub end_offset: u64,
    /// What the file calls its fields.
    pub labels: Arc<dyn Labels>,
}

/// How to cut a file.
pub struct Cutter {
    /// The file.
    pub source: Arc<dyn ImportSource>,
    /// Its format.
    pub format: Format,
    /// Currency of its prices.
    pub currency: Currency,
    /// Products that an earlier run has dealt with.
    pub skip: u64,
    /// Products of a chunk, at most.
    pub chunk_products: usize,
    /// Draws ids.
    pub ids: Arc<dyn IdSource>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Cutter {
    /// Reads the file to its end, or until nobody wants more of it.
    pub fn run(self, chunks: &mpsc::Sender<Result<Chunk, ReadError>>) {
        if let Err(error) = self.cut(chunks) {
            // Nobody left to tell: the import was given up.
            let _ = chunks.blocking_send(Err(error));
        }
    }

    fn reader(&self) -> Result<Box<dyn RecordReader>, ReadError> {
        let (beginning, file) = peek(self.source.open()?)?;
        Ok(match self.format {
            Format::ShopifyCsv => Box::new(ShopifyCsvReader::new(file, separator(&beginning))?),
            Format::JsonLines => Box::new(JsonLinesReader::new(file)),
        })
    }

    fn cut(&self, chunks: &mpsc::Sender<Result<Chunk, ReadError>>) -> Result<(), ReadError> {
        let mut reader = self.reader()?;
        let labels = reader.labels();
        let mut normaliser = Normaliser::new(Arc::clone(&self.ids), self.currency, Arc::clone(&labels));
        let mut number = 0_u64;
        let mut start_offset = 0;
        let empty = || Chunk {
            drafts: Vec::with_capacity(self.chunk_products),
            errors: Vec::new(),
            failed: 0,
            end_record: 0,
            end_offset: 0,
            labels: Arc::clone(&labels),
        };
        let mut chunk = empty();
        let mut count = 0;
        let mut now = self.clock.now();
        while let Some(record) = reader.next_record()? {
            number = number.saturating_add(1);
            if number <= self.skip {
                normaliser.skip(&record);
                start_offset = reader.byte_offset();
                continue;
            }
            match normaliser.draft(record, now) {
                Ok(draft) => chunk.drafts.push(draft),
                Err(errors) => {
                    chunk.failed = chunk.failed.saturating_add(1);
                    chunk.errors.extend(errors);
                }
            }
            count += 1;
            (chunk.end_record, chunk.end_offset) = (number, reader.byte_offset());
            if count >= self.chunk_products || chunk.end_offset.saturating_sub(start_offset) >= CHUNK_BYTES {
                start_offset = chunk.end_offset;
                if chunks.blocking_send(Ok(std::mem::replace(&mut chunk, empty()))).is_err() {
                    return Ok(());
                }
                (count, now) = (0, self.clock.now());
            }
        }
        if count > 0 {
            // Refused only when the import was given up.
            let _ = chunks.blocking_send(Ok(chunk));
        }
        Ok(())
    }
}
