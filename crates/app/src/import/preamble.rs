//! The beginning of a file: what it is in truth, whatever its name says, and what separates its columns.

use std::io::{self, Cursor, Read};

use super::columns::{Column, Known, classify};
use super::record::ReadError;

/// Bytes looked at: headers are a few hundred.
const LOOKED_AT: u64 = 64 * 1024;
/// What separates columns, the most likely first.
const SEPARATORS: &[u8] = b",;\t|";

/// A file whose beginning was looked at, to be read from its first byte.
pub(super) type Peeked = io::Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// Looks at the beginning of a file and refuses what cannot be text in UTF-8; answers the beginning, too.
pub(super) fn peek(mut file: Box<dyn Read + Send>) -> Result<(Vec<u8>, Peeked), ReadError> {
    let mut beginning = Vec::new();
    // What was read before a failure is good; who reads on meets the failure again.
    let failure = (&mut file).take(LOOKED_AT).read_to_end(&mut beginning).err();
    if let Some(error) = failure.filter(|_| beginning.is_empty()) {
        return Err(error.into());
    }
    if let Some(reason) = no_text(&beginning) {
        return Err(ReadError::Format(reason.to_owned()));
    }
    Ok((beginning.clone(), Cursor::new(beginning).chain(file)))
}

fn no_text(beginning: &[u8]) -> Option<&'static str> {
    let first = beginning.get(..beginning.len().min(4)).unwrap_or_default();
    Some(match first {
        [] => "the file is empty",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "the file is in UTF-16: save it as UTF-8",
        [b'P', b'K', 3, 4] => "this is a spreadsheet or an archive, not text: save the sheet as CSV (UTF-8)",
        [0x1f, 0x8b, ..] => "the file is compressed: unpack it first",
        _ if first.contains(&0) => "the file is in UTF-16 or no text at all: save it as UTF-8",
        _ => return None,
    })
}

/// What separates the columns of a CSV: the first sign with which the header has a title and a price.
pub(super) fn separator(beginning: &[u8]) -> u8 {
    let fits = |separator: &&u8| {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).delimiter(**separator).from_reader(beginning);
        let mut header = csv::ByteRecord::new();
        if reader.read_byte_record(&mut header).is_err() {
            return false;
        }
        let columns: Vec<Column> =
            header.iter().map(|name| classify(String::from_utf8_lossy(name).trim())).collect();
        [Known::Title, Known::Price].iter().all(|known| columns.contains(&Column::Known(*known)))
    };
    SEPARATORS.iter().find(fits).copied().unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_separated_by_what_makes_a_header() {
        for (header, expected) in [
            ("Handle,Title,Variant Price\n", b','),
            ("\u{feff}Handle;\"Title\";Variant Price\r\n1;2;3", b';'),
            ("Handle\tTitle\tVariant Price\r", b'\t'),
            ("Title|Price", b'|'),
            ("Name;Amount\n", b','),
            ("", b','),
        ] {
            assert_eq!(separator(header.as_bytes()), expected, "{header}");
        }
    }
}
