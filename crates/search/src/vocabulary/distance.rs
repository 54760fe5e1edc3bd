//! How far a typed word is from one that was meant: edits, and what they cost by how easily fingers and ears make them.

/// What an edit costs, in tenths.
const EDIT: u16 = 10;
const NEIGHBOUR: u16 = 7;
const SOUND: u16 = 7;
const SWAP: u16 = 8;
const DOUBLED: u16 = 6;
const FIRST_LETTER: u16 = 3;

/// Distance of two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// Letters that are missing, too many, wrong or swapped with their neighbour.
    pub edits: u8,
    /// The same with easy slips cheaper and a wrong first letter dearer, in tenths of an edit.
    pub cost: u16,
}

/// Distance between what was typed and what may have been meant, if it is at most two edits (optimal string alignment:
/// Damerau and Levenshtein, no part edited twice).
pub fn distance(typed: &[char], meant: &[char]) -> Option<Distance> {
    let longest = typed.len().max(meant.len());
    if typed.len().abs_diff(meant.len()) > usize::from(EDITS_MAX) || longest > LETTERS_MAX {
        return None;
    }
    let edits = align(typed, meant, |_| 1);
    let edits = u8::try_from(edits).ok().filter(|edits| *edits <= EDITS_MAX)?;
    let mut cost = align(typed, meant, cost_of);
    if typed.first() != meant.first() {
        cost = cost.saturating_add(FIRST_LETTER);
    }
    Some(Distance { edits, cost })
}

/// Letters of a word at most: longer ones are near none.
const LETTERS_MAX: usize = 40;

/// A line of the table that two words are aligned in.
type Line = [u16; LETTERS_MAX + 1];

/// Edits that are looked for at most.
pub const EDITS_MAX: u8 = 2;

/// One edit, with the letters that it is about.
#[derive(Clone, Copy)]
enum Edit {
    /// A letter instead of another one.
    Replaced(char, char),
    /// A letter that is there twice, or once instead of twice.
    Doubled,
    /// A letter more or less.
    Inserted,
    /// Two neighbours swapped.
    Swapped,
}

fn cost_of(edit: Edit) -> u16 {
    match edit {
        Edit::Replaced(first, second) if sound_alike(first, second) => SOUND,
        Edit::Replaced(first, second) if are_neighbours(first, second) => NEIGHBOUR,
        Edit::Replaced(..) | Edit::Inserted => EDIT,
        Edit::Doubled => DOUBLED,
        Edit::Swapped => SWAP,
    }
}

#[inline]
fn align(typed: &[char], meant: &[char], cost: impl Fn(Edit) -> u16) -> u16 {
    let inserted = |word: &[char], index: usize| {
        let here = word.get(index);
        let doubled = index > 0 && word.get(index.wrapping_sub(1)) == here;
        cost(if doubled { Edit::Doubled } else { Edit::Inserted })
    };
    let at = |line: &Line, column: usize| line.get(column).copied().unwrap_or(u16::MAX);
    let set = |line: &mut Line, column: usize, value: u16| {
        if let Some(place) = line.get_mut(column) {
            *place = value;
        }
    };
    let (mut before_last, mut last, mut line): (Line, Line, Line) =
        ([0; LETTERS_MAX + 1], [0; LETTERS_MAX + 1], [0; LETTERS_MAX + 1]);
    for index in 0..meant.len() {
        let value = at(&last, index).saturating_add(inserted(meant, index));
        set(&mut last, index.saturating_add(1), value);
    }
    for (row, letter) in typed.iter().enumerate() {
        let first = at(&last, 0).saturating_add(inserted(typed, row));
        set(&mut line, 0, first);
        let extra = inserted(typed, row);
        for (column, other) in meant.iter().enumerate() {
            let replaced = if letter == other { 0 } else { cost(Edit::Replaced(*letter, *other)) };
            let mut best = at(&last, column).saturating_add(replaced);
            best = best.min(at(&last, column.saturating_add(1)).saturating_add(extra));
            best = best.min(at(&line, column).saturating_add(inserted(meant, column)));
            let crossed = row > 0
                && column > 0
                && typed.get(row.wrapping_sub(1)) == Some(other)
                && meant.get(column.wrapping_sub(1)) == Some(letter);
            if crossed && letter != other {
                best = best.min(at(&before_last, column.wrapping_sub(1)).saturating_add(cost(Edit::Swapped)));
            }
            set(&mut line, column.saturating_add(1), best);
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut line);
    }
    at(&last, meant.len())
}

/// Letters that are taken for each other by ear.
fn sound_alike(first: char, second: char) -> bool {
    SOUNDS.iter().any(|group| group.contains(first) && group.contains(second))
}

const SOUNDS: &[&str] = &["aeiouy", "ckqs", "sz", "fv", "gj", "dt", "mn", "bp", "vw", "uw"];

/// Letters that lie side by side on a keyboard.
fn are_neighbours(first: char, second: char) -> bool {
    let place = |letter: char| {
        ROWS.iter()
            .enumerate()
            .find_map(|(row, keys)| Some((row, keys.chars().position(|key| key == letter)?)))
    };
    match (place(first), place(second)) {
        (Some((row, column)), Some((other_row, other_column))) => {
            // Each row is set half a key to the right of the one above it.
            let lean = match row.cmp(&other_row) {
                std::cmp::Ordering::Equal => return column.abs_diff(other_column) == 1,
                std::cmp::Ordering::Less => column.checked_sub(other_column),
                std::cmp::Ordering::Greater => other_column.checked_sub(column),
            };
            row.abs_diff(other_row) == 1 && matches!(lean, Some(0 | 1))
        }
        _ => false,
    }
}

const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn between(typed: &str, meant: &str) -> Option<Distance> {
        distance(&typed.chars().collect::<Vec<_>>(), &meant.chars().collect::<Vec<_>>())
    }

    #[test]
    fn easy_slips_are_nearer() {
        let cost = |typed, meant| between(typed, meant).unwrap().cost;
        assert_eq!(cost("webcam", "webcam"), 0);
        assert_eq!(cost("wevcam", "webcam"), NEIGHBOUR);
        assert_eq!(cost("webbcam", "webcam"), DOUBLED);
        assert_eq!(cost("wbecam", "webcam"), SWAP);
        assert_eq!(cost("wepcam", "webcam"), SOUND);
        assert_eq!(cost("webcxam", "webcam"), EDIT);
        assert_eq!(cost("eebcam", "webcam"), NEIGHBOUR + FIRST_LETTER);
    }

    #[test]
    fn more_than_two_edits_are_another_word() {
        assert_eq!(between("wcbcxm", "webcam").unwrap().edits, 2);
        assert_eq!(between("wcbcxx", "webcam"), None);
        assert_eq!(between("web", "webcam"), None);
    }

    #[test]
    fn neighbours_are_those_of_the_keyboard() {
        assert!(are_neighbours('a', 'q') && are_neighbours('a', 's') && are_neighbours('a', 'z'));
        assert!(are_neighbours('s', 'w') && are_neighbours('s', 'e') && !are_neighbours('s', 'r'));
        assert!(!are_neighbours('q', 'z') && !are_neighbours('a', 'a'));
    }

    proptest! {
        #[test]
        fn it_is_the_same_both_ways(first in "[a-e]{0,7}", second in "[a-e]{0,7}") {
            prop_assert_eq!(between(&first, &second), between(&second, &first));
        }

        #[test]
        fn nothing_is_as_near_as_the_word_itself(first in "[a-z]{0,9}", second in "[a-z]{0,9}") {
            let distance = between(&first, &second);
            prop_assert_eq!(distance.is_some_and(|distance| distance.edits == 0), first == second);
        }
    }
}
