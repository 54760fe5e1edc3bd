//! Follows the quotation marks of a CSV beside its parser, which forgives what can swallow rows: a mark that is never
//! closed, and one that is closed by the mark which was to open another cell.

use std::collections::VecDeque;

/// Where in a row the last byte was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellBegins,
    Plain,
    Quoted,
    /// Behind a mark that closes the cell, or is the first of two that stand for one.
    Closed,
    /// Behind the closing mark and blanks, which do no harm.
    Blank,
}

/// The marks up to the last byte that was read.
#[derive(Debug)]
pub(super) struct Quotes {
    separator: u8,
    state: State,
    /// The cell of the row, from 0.
    cell: usize,
    /// Places of texts behind a closing mark, the first of each cell, and the cell.
    strays: VecDeque<(u64, usize)>,
}

impl Quotes {
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, state: State::CellBegins, cell: 0, strays: VecDeque::new() }
    }

    /// Takes the next byte.
    pub(super) fn note(&mut self, position: u64, byte: u8) {
        if self.step(position, byte) {
            self.strays.push_back((position, self.cell));
        }
    }

    /// Takes a byte that the parser is not shown.
    pub(super) fn pass(&mut self, byte: u8) {
        let _ = self.step(u64::MAX, byte);
    }

    /// Whether this byte would end the row.
    pub(super) fn ends_row(&self, byte: u8) -> bool {
        self.state != State::Quoted && matches!(byte, b'\n' | b'\r')
    }

    /// Goes on by a byte; answers whether it is the first of a text behind a closing mark.
    fn step(&mut self, position: u64, byte: u8) -> bool {
        let ends_cell = byte == self.separator || matches!(byte, b'\n' | b'\r');
        let was = self.state;
        self.state = match (was, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) | (State::CellBegins | State::Closed, b'"') => State::Quoted,
            _ if ends_cell => State::CellBegins,
            // A byte order mark stands before the first cell, not in it.
            (State::CellBegins, 0xef | 0xbb | 0xbf) if position < 3 => State::CellBegins,
            (State::Closed | State::Blank, b' ') => State::Blank,
            (State::CellBegins | State::Plain | State::Closed | State::Blank, _) => State::Plain,
        };
        if ends_cell && self.state == State::CellBegins {
            self.cell = if byte == self.separator { self.cell.saturating_add(1) } else { 0 };
        }
        self.state == State::Plain && matches!(was, State::Closed | State::Blank)
    }

    /// The cell of the first text that stands behind a closing mark before `end`; forgets all that do.
    pub(super) fn stray_before(&mut self, end: u64) -> Option<usize> {
        let mut found = None;
        while let Some((_, cell)) = self.strays.front().copied().filter(|(stray, _)| *stray < end) {
            self.strays.pop_front();
            found = found.or(Some(cell));
        }
        found
    }

    /// Whether a mark is open.
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Quoted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<usize>, bool) {
        let mut quotes = Quotes::new(b',');
        for (byte, position) in text.bytes().zip(0..) {
            quotes.note(position, byte);
        }
        (quotes.stray_before(1_000), quotes.is_open())
    }

    #[test]
    fn marks_that_are_closed_wrongly_or_never_are_found() {
        for fine in [
            "a,b\n",
            "\"a\",\"b\"\"c\"\r\n",
            "a \"b\" c\n",
            "\"a\" ,b",
            "\u{feff}\"a\",b\n",
            "\"\",\"\"\n",
            "5\",6\"",
        ] {
            assert_eq!(read(fine), (None, false), "{fine}");
        }
        for (astray, cell) in
            [("\"a\"b\n", 0), ("\"a\n,\"b\"\n", 0), ("\"a\" b", 0), ("a,b\r\nc,\"d,\",\"e\"f\r\n", 2)]
        {
            assert_eq!(read(astray).0, Some(cell), "{astray}");
        }
        for open in ["\"a", "a,\"b\n", "\"a\"\""] {
            assert_eq!(read(open), (None, true), "{open}");
        }
    }
}
