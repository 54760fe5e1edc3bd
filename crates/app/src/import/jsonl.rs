//! Reads a catalogue of JSON lines: an object a product, prices in major units, fields that are not known as attributes.

use std::io::{BufRead, BufReader, Read};

use super::members::{MemberParser, reason};
use super::record::{Labels, ProductRecord, ReadError, RecordReader, RowError};
use super::source::RECORD_BYTES_MAX;

/// Reads products from JSON lines.
#[derive(Debug)]
pub struct JsonLinesReader<R> {
    source: BufReader<R>,
    line: u64,
    offset: u64,
    buffer: Vec<u8>,
}

impl<R: Read> JsonLinesReader<R> {
    /// Begins at the first line.
    pub fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(64 * 1024, source), line: 0, offset: 0, buffer: Vec::new() }
    }

    /// Reads a line into the buffer; `false` at the end. Of a line that is too long only the beginning is kept.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        self.buffer.clear();
        let limit = RECORD_BYTES_MAX.saturating_add(1);
        let mut count = (&mut self.source).take(limit).read_until(b'\n', &mut self.buffer)?;
        self.offset = self.offset.saturating_add(u64::try_from(count).unwrap_or(0));
        if count == 0 {
            return Ok(false);
        }
        self.line = self.line.saturating_add(1);
        let too_long = u64::try_from(count).unwrap_or(u64::MAX) == limit;
        let mut rest = Vec::new();
        while too_long && count > 0 && rest.last() != Some(&b'\n') {
            rest.clear();
            count = (&mut self.source).take(64 * 1024).read_until(b'\n', &mut rest)?;
            self.offset = self.offset.saturating_add(u64::try_from(count).unwrap_or(0));
        }
        Ok(true)
    }

    fn parse(&self) -> Result<ProductRecord, RowError> {
        let failed = |column, code, message: String| RowError::new(self.line, column, code, message);
        if u64::try_from(self.buffer.len()).unwrap_or(u64::MAX) > RECORD_BYTES_MAX {
            return Err(failed(
                None,
                "line_too_long",
                format!("a line has at most {RECORD_BYTES_MAX} bytes"),
            ));
        }
        let text = std::str::from_utf8(&self.buffer).map_err(|error| {
            failed(None, "invalid_utf8", format!("the text is not UTF-8 at byte {}", error.valid_up_to()))
        })?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        let members = serde_json::from_str(text).map_err(|error| {
            let reason = if text.contains("}\r") {
                "lines end with LF or CR LF, not with CR alone".to_owned()
            } else {
                in_words(&error)
            };
            failed(Some(error.column().to_string()), "invalid_json", reason)
        })?;
        Ok(MemberParser::new(self.line).record(members))
    }
}

/// What is wrong with a line that is no object; the column of the finding says where.
fn in_words(error: &serde_json::Error) -> String {
    let reason = reason(error);
    if error.is_eof() {
        return "this is not JSON: the line ends in the middle of it".to_owned();
    }
    if error.is_syntax() {
        let what = match reason.as_str() {
            "expected ident" | "expected value" => "no value can begin like that",
            other => other,
        };
        return format!("this is not JSON: {what}");
    }
    // At its beginning it is something else than an object, and later a member that cannot be.
    if error.column() == 0 { format!("a line is an object in braces: {reason}") } else { reason }
}

/// Fields are called by their path.
#[derive(Debug)]
struct JsonLabels;

impl Labels for JsonLabels {
    fn label(&self, field: &str, index: Option<usize>) -> String {
        match (field.split_once('.'), index) {
            (Some((list, rest)), Some(index)) => format!("{list}[{index}].{rest}"),
            _ => field.to_owned(),
        }
    }
}

impl<R: Read> RecordReader for JsonLinesReader<R> {
    fn labels(&self) -> std::sync::Arc<dyn Labels> {
        std::sync::Arc::new(JsonLabels)
    }

    fn next_record(&mut self) -> Result<Option<ProductRecord>, ReadError> {
        while self.read_line()? {
            if self.buffer.trim_ascii().is_empty() {
                continue;
            }
            return Ok(Some(self.parse().unwrap_or_else(|error| ProductRecord {
                line: self.line,
                errors: vec![error],
                ..ProductRecord::default()
            })));
        }
        Ok(None)
    }

    fn byte_offset(&self) -> u64 {
        self.offset
    }
}
