//! Migrations: named and numbered so that their order is plain, and safe while the shop sells.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::tree::Tree;

const FOLDER: &str = "crates/store/migrations/";

/// What is wrong with names, numbers and statements.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut numbers: BTreeMap<u32, &str> = BTreeMap::new();
    for (path, text) in tree.texts(FOLDER, "sql") {
        match number_of(path) {
            None => {
                found.push(Violation::new(path, 1, "name it V<number>__<what_it_does>.sql, in snake case"));
            }
            Some(number) => {
                if let Some(other) = numbers.insert(number, path) {
                    found.push(Violation::new(
                        path,
                        1,
                        format!("{number} is taken by {other}: take the next free number"),
                    ));
                }
            }
        }
        find_in_statements(path, text, &mut found);
    }
    for ((number, path), expected) in numbers.iter().zip(1..) {
        if *number != expected {
            let advice =
                format!("{expected} is missing before this: a gap could be filled later, out of order");
            found.push(Violation::new(path, 1, advice));
            break;
        }
    }
    found
}

/// 12 for `.../V12__add_reviews.sql`.
fn number_of(path: &str) -> Option<u32> {
    let name = path.strip_prefix(FOLDER)?.strip_suffix(".sql")?;
    let (number, what) = name.strip_prefix('V')?.split_once("__")?;
    let is_snake = what.split('_').all(|word| {
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    });
    let digits = number.chars().all(|digit| digit.is_ascii_digit());
    if is_snake && digits { number.parse().ok() } else { None }
}

fn find_in_statements(path: &str, text: &str, found: &mut Vec<Violation>) {
    let words = words(text);
    let contracts = comment_lines(text, "contract:");
    let on_new_table = comment_lines(text, "new table");
    let mut created: BTreeSet<&str> = BTreeSet::new();
    let mut rest = words.as_slice();
    while let Some(((line, word), after)) = rest.split_first() {
        let following: Vec<&str> = after.iter().take(12).map(|(_, word)| word.as_str()).collect();
        match (word.as_str(), following.as_slice()) {
            ("drop", [kind @ ("table" | "column"), ..]) if contracts.is_empty() => {
                let advice = format!(
                    "the old binary still uses the {kind}: drop it in a later release, with `-- contract: <since when unused>`"
                );
                found.push(Violation::new(path, *line, advice));
            }
            ("create", what) => {
                if let Some(table) = created_table(what) {
                    created.insert(table);
                } else if let Some(table) = blocking_index(what)
                    && !created.contains(table)
                    && !on_new_table
                        .iter()
                        .any(|marked| *marked == *line || marked.saturating_add(1) == *line)
                {
                    let advice = format!(
                        "an index on `{table}` blocks its writes: create it CONCURRENTLY, or say `-- new table` above"
                    );
                    found.push(Violation::new(path, *line, advice));
                }
            }
            _ => {}
        }
        rest = after;
    }
}

/// The name in `create [kind] table [if not exists] name`.
fn created_table<'a>(words: &[&'a str]) -> Option<&'a str> {
    let words = match words {
        ["unlogged" | "temporary" | "temp", rest @ ..] | rest => rest,
    };
    match words {
        ["table", "if", "not", "exists", name, ..] | ["table", name, ..] => Some(name),
        _ => None,
    }
}

/// The table in `create [unique] index [if not exists] [name] on [only] table`; none when it is made concurrently.
fn blocking_index<'a>(words: &[&'a str]) -> Option<&'a str> {
    let words = match words {
        ["unique", rest @ ..] | rest => rest,
    };
    let ["index", rest @ ..] = words else { return None };
    if rest.first() == Some(&"concurrently") {
        return None;
    }
    let on = rest.iter().position(|word| *word == "on")?;
    match rest.get(on.saturating_add(1)..)? {
        ["only", table, ..] | [table, ..] => Some(table),
        [] => None,
    }
}

/// Lines with a comment that begins so.
fn comment_lines(text: &str, beginning: &str) -> Vec<usize> {
    text.lines()
        .zip(1..)
        .filter(|(line, _)| {
            line.split_once("--")
                .is_some_and(|(_, comment)| comment.trim_start().to_lowercase().starts_with(beginning))
        })
        .map(|(_, number)| number)
        .collect()
}

/// Line and lower-case words of the statements. Comments and quoted text are left out; names lose quotes and schema.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_quotes = false;
    let mut in_comment = false;
    for (line, number) in text.lines().zip(1..) {
        let mut plain = String::new();
        let mut rest = line;
        while let Some(letter) = rest.chars().next() {
            if in_comment {
                in_comment = !rest.starts_with("*/");
            } else if letter == '\'' {
                in_quotes = !in_quotes;
            } else if in_quotes {
            } else if rest.starts_with("--") {
                break;
            } else if rest.starts_with("/*") {
                in_comment = true;
            } else {
                plain.push(letter);
            }
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        }
        let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '"');
        for word in plain.split(|letter| !is_name(letter)).filter(|word| !word.is_empty()) {
            let name = word.rsplit('.').next().unwrap_or(word).trim_matches('"');
            found.push((number, name.to_lowercase()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let placed: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!("{FOLDER}{name}"), *text)).collect();
        let files: Vec<(&str, &str)> = placed.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        find(&Tree::of(&files)).into_iter().map(|found| format!("{}: {}", found.line, found.advice)).collect()
    }

    fn in_statement(text: &str) -> Vec<String> {
        found(&[("V1__x.sql", text)])
    }

    #[test]
    fn names_and_numbers_in_order_are_fine() {
        assert!(found(&[("V1__start.sql", ""), ("V2__add_reviews.sql", "")]).is_empty());
        assert!(found(&[("V01__start.sql", ""), ("V02__add_2_reviews.sql", "")]).is_empty());
    }

    #[test]
    fn other_names_are_found() {
        for name in [
            "1__start.sql",
            "V1_start.sql",
            "V1__Start.sql",
            "V1__add-reviews.sql",
            "Vx__start.sql",
            "V1__.sql",
        ] {
            assert!(found(&[(name, "")])[0].contains("V<number>__"), "{name}");
        }
    }

    #[test]
    fn a_gap_and_a_number_used_twice_are_found() {
        assert!(found(&[("V1__a.sql", ""), ("V3__b.sql", "")])[0].contains("2 is missing"));
        assert!(found(&[("V1__a.sql", ""), ("V01__b.sql", "")])[0].contains("1 is taken by"));
    }

    #[test]
    fn dropping_needs_a_reason() {
        assert!(in_statement("drop table cart;")[0].starts_with("1: the old binary still uses the table"));
        assert!(in_statement("alter table cart\n  DROP COLUMN note;")[0].starts_with("2: "));
        assert!(in_statement("-- contract: unused since 0.3\nalter table cart drop column note;").is_empty());
        assert!(
            in_statement("alter table cart drop constraint c; -- drop table\nselect 'drop table';")
                .is_empty()
        );
    }

    #[test]
    fn an_index_on_a_table_with_rows_is_made_concurrently() {
        assert!(in_statement("create index cart_email on cart (email);")[0].contains("index on `cart`"));
        assert!(
            in_statement("create unique index if not exists a on only public.cart (b);")[0]
                .contains("`cart`")
        );
        assert!(in_statement("create index concurrently cart_email on cart (email);").is_empty());
    }

    #[test]
    fn an_index_on_a_new_table_may_be_plain() {
        assert!(
            in_statement("create table if not exists \"cart\" (id uuid);\ncreate index on cart (id);")
                .is_empty()
        );
        assert!(
            in_statement("-- new table: made by the migration before\ncreate index on cart (id);").is_empty()
        );
        assert!(in_statement("create index on cart (id); -- new table").is_empty());
    }
}
