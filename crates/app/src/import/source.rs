//! Where the bytes of an import come from, and how they are kept from filling the memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::PathBuf;

use bytes::Bytes;

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

/// A reader that gives out no more than a budget between two refills, and remembers where the last lines ended.
#[derive(Debug)]
pub(super) struct Budgeted<R> {
    inner: R,
    budget: u64,
    position: u64,
    line_ends: VecDeque<u64>,
}

impl<R> Budgeted<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, budget: RECORD_BYTES_MAX, position: 0, line_ends: VecDeque::new() }
    }

    /// Allows another record.
    pub(super) fn refill(&mut self) {
        self.budget = RECORD_BYTES_MAX;
    }

    /// Whether the byte before `end` ended a line; forgets all lines before it.
    pub(super) fn line_ended_before(&mut self, end: u64) -> bool {
        let mut ended = false;
        while let Some(line_end) = self.line_ends.front().copied().filter(|line_end| *line_end < end) {
            ended = line_end.saturating_add(1) == end;
            self.line_ends.pop_front();
        }
        ended
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
        let read = buffer.get(..count).unwrap_or_default();
        for (place, byte) in read.iter().enumerate() {
            if *byte == b'\n' {
                self.line_ends.push_back(self.position.saturating_add(u64::try_from(place).unwrap_or(0)));
            }
        }
        let count_wide = u64::try_from(count).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(count_wide);
        self.budget = self.budget.saturating_sub(count_wide);
        Ok(count)
    }
}
