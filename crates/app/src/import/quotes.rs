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
    /// Places of texts behind a closing mark, the first of each cell.
    strays: VecDeque<u64>,
}

impl Quotes {
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, state: State::CellBegins, strays: VecDeque::new() }
    }

    /// Takes the next byte.
    pub(super) fn note(&mut self, position: u64, byte: u8) {
        let ends_cell = byte == self.separator || matches!(byte, b'\n' | b'\r');
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closed,
            (State::Quoted, _) | (State::CellBegins | State::Closed, b'"') => State::Quoted,
            _ if ends_cell => State::CellBegins,
            // A byte order mark stands before the first cell, not in it.
            (State::CellBegins, 0xef | 0xbb | 0xbf) if position < 3 => State::CellBegins,
            (State::Closed | State::Blank, b' ') => State::Blank,
            (State::Closed | State::Blank, _) => {
                self.strays.push_back(position);
                State::Plain
            }
            (State::CellBegins | State::Plain, _) => State::Plain,
        };
    }

    /// Whether a text stands behind a closing mark before `end`; forgets all that do.
    pub(super) fn is_astray_before(&mut self, end: u64) -> bool {
        let mut found = false;
        while self.strays.front().is_some_and(|stray| *stray < end) {
            self.strays.pop_front();
            found = true;
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

    fn read(text: &str) -> (bool, bool) {
        let mut quotes = Quotes::new(b',');
        for (byte, position) in text.bytes().zip(0..) {
            quotes.note(position, byte);
        }
        (quotes.is_astray_before(1_000), quotes.is_open())
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
            assert_eq!(read(fine), (false, false), "{fine}");
        }
        for astray in ["\"a\"b\n", "\"a\n,\"b\"\n", "\"a\" b"] {
            assert!(read(astray).0, "{astray}");
        }
        for open in ["\"a", "a,\"b\n", "\"a\"\""] {
            assert_eq!(read(open), (false, true), "{open}");
        }
    }
}
