//! Where the bytes of an import come from, and how they are kept from filling the memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::PathBuf;

use bytes::Bytes;

use super::quotes::Quotes;

/// Bytes that one product of a file may take, all its rows together: some hundred times the largest sensible one.
pub const RECORD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A file, wherever it lies. It is read more than once: for its hash, and again when an import is continued.
pub trait ImportSource: Send + Sync {
    /// Opens it at its beginning.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;
    /// Its length in bytes, where it is known.
    fn len(&self) -> Option<u64>;
    /// Whether it is known to be empty.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
    /// Its name, for people and for its ending.
    fn name(&self) -> String;
}

/// A file on disk.
#[derive(Debug, Clone)]
pub struct FileSource(pub PathBuf);

impl ImportSource for FileSource {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::fs::File::open(&self.0)?))
    }

    fn len(&self) -> Option<u64> {
        std::fs::metadata(&self.0).ok().map(|metadata| metadata.len())
    }

    fn name(&self) -> String {
        self.0.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// A file in memory, as it came through the API.
#[derive(Debug, Clone)]
pub struct BytesSource {
    /// Name, with the ending that tells the format.
    pub name: String,
    /// Content.
    pub content: Bytes,
}

impl ImportSource for BytesSource {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.content.clone())))
    }

    fn len(&self) -> Option<u64> {
        u64::try_from(self.content.len()).ok()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// A reader that gives out no more than a budget between two refills, and remembers where the last lines ended: with LF,
/// with CR LF or with CR alone.
#[derive(Debug)]
pub(super) struct Budgeted<R> {
    inner: R,
    budget: u64,
    position: u64,
    /// Lines that ended before those of `line_ends`.
    lines: u64,
    line_ends: VecDeque<u64>,
    /// Whether the last byte was a CR, of which the next one says whether it ended the line.
    after_cr: bool,
    quotes: Quotes,
    at_end: bool,
}

impl<R> Budgeted<R> {
    pub(super) fn new(inner: R, separator: u8) -> Self {
        Self {
            inner,
            budget: RECORD_BYTES_MAX,
            position: 0,
            lines: 0,
            line_ends: VecDeque::new(),
            after_cr: false,
            quotes: Quotes::new(separator),
            at_end: false,
        }
    }

    /// Allows another record.
    pub(super) fn refill(&mut self) {
        self.budget = RECORD_BYTES_MAX;
    }

    /// The line, from 1, where a record began that ends before `end` and has line ends in its cells. Records are asked
    /// for in their order.
    pub(super) fn line_of_record(&mut self, end: u64, inside: u64) -> u64 {
        // Its own line end counts where it is not still to come, as the LF of a CR LF is.
        let mut ended = false;
        while let Some(line_end) = self.line_ends.front().copied().filter(|line_end| *line_end < end) {
            ended = line_end.saturating_add(1) == end;
            self.lines = self.lines.saturating_add(1);
            self.line_ends.pop_front();
        }
        self.lines.saturating_add(1).saturating_sub(inside).saturating_sub(u64::from(ended)).max(1)
    }

    /// Whether a quotation mark of the record that ends before `end` is never closed, and whether one is closed inside of
    /// a cell.
    pub(super) fn quotes_of_record(&mut self, end: u64) -> (bool, bool) {
        let unclosed = self.at_end && end >= self.position && self.quotes.is_open();
        (unclosed, self.quotes.is_astray_before(end))
    }

    fn note(&mut self, position: u64, byte: u8) {
        if self.after_cr && byte != b'\n' {
            self.line_ends.push_back(position.saturating_sub(1));
        }
        self.after_cr = byte == b'\r';
        if byte == b'\n' {
            self.line_ends.push_back(position);
        }
        self.quotes.note(position, byte);
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget == 0 {
            let message = format!(
                "a product takes more than {RECORD_BYTES_MAX} bytes: is a quotation mark not closed?"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let room = usize::try_from(self.budget).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.at_end = count == 0;
        for (byte, position) in buffer.get(..count).unwrap_or_default().iter().zip(self.position..) {
            self.note(position, *byte);
        }
        let count_wide = u64::try_from(count).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(count_wide);
        self.budget = self.budget.saturating_sub(count_wide);
        Ok(count)
    }
}
