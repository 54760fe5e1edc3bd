//! Where the bytes of an import come from, and how they are kept from filling the memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::PathBuf;

use bytes::Bytes;

use super::quotes::Quotes;

/// Bytes that one row of a file may take, and one product, all its rows together: some hundred times the largest
/// sensible one.
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

/// A row that is longer than its budget: of what is beyond, only its end was given out.
#[derive(Debug, Clone, Copy)]
struct CutRow {
    line: u64,
    /// Line ends in what was not given out.
    line_ends: u64,
    /// Bytes that were not given out.
    bytes: u64,
}

/// A reader that gives out no more of a row than a budget between two refills, and remembers where the last lines ended:
/// with LF, with CR LF or with CR alone. Positions are those in what it gives out.
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
    /// Line ends so far.
    line_ends_seen: u64,
    /// The line where the row began that was not at its end yet.
    row_line: Option<u64>,
    cut: Option<CutRow>,
    /// Bytes of all rows that were not given out.
    left_out: u64,
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
            line_ends_seen: 0,
            row_line: None,
            cut: None,
            left_out: 0,
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

    /// The line of the record that was read last, if it was longer than its budget. To be asked before its line.
    pub(super) fn take_cut(&mut self) -> Option<u64> {
        let cut = self.cut.take()?;
        self.lines = self.lines.saturating_add(cut.line_ends);
        self.left_out = self.left_out.saturating_add(cut.bytes);
        Some(cut.line)
    }

    /// Bytes of the file up to a position.
    pub(super) fn offset(&self, position: u64) -> u64 {
        position.saturating_add(self.left_out)
    }

    /// Whether a quotation mark of the record that ends before `end` is never closed, and the cell in which one is closed
    /// before the cell ends.
    pub(super) fn quotes_of_record(&mut self, end: u64) -> (bool, Option<usize>) {
        let unclosed = self.at_end && end >= self.position && self.quotes.is_open();
        (unclosed, self.quotes.stray_before(end))
    }

    /// Takes a byte that is given out.
    fn note(&mut self, position: u64, byte: u8) {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        if after_cr && byte != b'\n' {
            self.line_ends.push_back(position.saturating_sub(1));
            self.line_ends_seen = self.line_ends_seen.saturating_add(1);
        }
        if self.quotes.ends_row(byte) {
            self.row_line = None;
        } else if self.row_line.is_none() {
            self.row_line = Some(self.line_ends_seen.saturating_add(1));
        }
        if byte == b'\n' {
            self.line_ends.push_back(position);
            self.line_ends_seen = self.line_ends_seen.saturating_add(1);
        }
        self.quotes.note(position, byte);
    }

    /// Takes a byte that is left out.
    fn pass(&mut self, cut: &mut CutRow, byte: u8) {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        let ended = u64::from(after_cr && byte != b'\n').saturating_add(u64::from(byte == b'\n'));
        cut.line_ends = cut.line_ends.saturating_add(ended);
        cut.bytes = cut.bytes.saturating_add(1);
        self.line_ends_seen = self.line_ends_seen.saturating_add(ended);
        self.quotes.pass(byte);
    }

    /// Takes what is given out.
    fn give(&mut self, bytes: &[u8]) {
        for (byte, position) in bytes.iter().zip(self.position..) {
            self.note(position, *byte);
        }
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }
}

impl<R: Read> Budgeted<R> {
    /// Leaves out the rest of a row that is too long, however long it is, and gives out its end with what follows; a cell
    /// that was open is closed first.
    fn leave_out(&mut self, line: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mark: usize = self.quotes.is_open().into();
        let mut cut = CutRow { line, line_ends: 0, bytes: 0 };
        // Room for the mark.
        let room = buffer.len().saturating_sub(1);
        let following = loop {
            let count = match self.inner.read(buffer.get_mut(..room).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            self.at_end = count == 0;
            let read = buffer.get(..count).unwrap_or_default();
            let mut left_out = 0;
            for byte in read {
                if self.quotes.ends_row(*byte) {
                    break;
                }
                self.pass(&mut cut, *byte);
                left_out += 1;
            }
            if left_out < count || self.at_end {
                break left_out..count;
            }
        };
        self.row_line = None;
        let length = following.len();
        buffer.copy_within(following, mark);
        if let (1, Some(first)) = (mark, buffer.first_mut()) {
            *first = b'"';
            // No byte of the file: the marks of the file are followed without it.
            self.position = self.position.saturating_add(1);
            cut.bytes = cut.bytes.saturating_sub(1);
        }
        self.cut = Some(cut);
        self.give(buffer.get(mark..mark.saturating_add(length)).unwrap_or_default());
        Ok(mark.saturating_add(length))
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.row_line {
            Some(line) if self.budget == 0 => return self.leave_out(line, buffer),
            // Blank lines belong to no row.
            None if self.budget == 0 => self.refill(),
            _ => {}
        }
        let room = usize::try_from(self.budget).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.at_end = count == 0;
        self.give(buffer.get(..count).unwrap_or_default());
        self.budget = self.budget.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
