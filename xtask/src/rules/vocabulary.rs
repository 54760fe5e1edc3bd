//! What a room may not even name: SQL and HTTP have one home each, and `domain` knows no world around it.

use super::{Violation, edges};
use crate::source::Source;
use crate::tree::Tree;

/// The crates that `domain` may use: types and pure functions.
const DOMAIN_CRATES: &[&str] = &[
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
    "jiff",
    "iso_currency",
    // Its cleaning of HTML is a pure function of the text.
    "ammonia",
    // Exact rates where basis points do not reach.
    "rust_decimal",
    // Countries and their subdivisions as tables.
    "celes",
];

/// A folder, a path that may not be named there, and what to do instead.
const FORBIDDEN_PATHS: &[(&str, &str, &str)] = &[
    ("crates/app/src/", "axum", "app knows no HTTP: return a use case's error, http maps it to a problem"),
    ("crates/app/src/", "http", "app knows no HTTP: return a use case's error, http maps it to a problem"),
    ("crates/app/src/", "hyper", "app knows no HTTP: call a port instead"),
    ("crates/http/src/", "tokio_postgres", "http knows no database: call a use case or a view of app"),
    ("crates/domain/src/", "std::env", "domain reads no environment: take the value as a parameter"),
    ("crates/domain/src/", "std::time::SystemTime", "domain has no clock: take the time as a parameter"),
    ("crates/domain/src/", "std::time::Instant", "domain has no clock: take the time as a parameter"),
    ("crates/domain/src/", "std::fs", "domain reads no files: take their content as a parameter"),
    ("crates/domain/src/", "std::net", "domain knows no network: put a port around it"),
    ("crates/domain/src/", "std::process", "domain starts nothing: put a port around it"),
    ("crates/domain/src/", "tracing", "domain logs nothing: return what is worth telling"),
];

/// Crates of `domain` that are not on the list.
pub fn find_domain_crates(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in edges::packages(tree).into_iter().filter(|package| package.room == "domain") {
        for dependency in package.dependencies() {
            let of_others = dependency.room.is_none() && !dependency.for_tests;
            if of_others && !DOMAIN_CRATES.contains(&dependency.name) {
                let advice = format!(
                    "domain is pure: do without `{}`, or add it to DOMAIN_CRATES in xtask with its reason",
                    dependency.name
                );
                let line = package.line_of(tree, dependency.name);
                found.push(Violation::new(&package.manifest, line, advice));
            }
        }
    }
    found
}

/// Words that a room's source may not contain.
pub fn find_words(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, source) in tree.sources("crates/") {
        find_paths(path, source, &mut found);
        if path.starts_with("crates/domain/src/") {
            for line in source.lines_of_word("async") {
                found.push(Violation::new(
                    path,
                    line,
                    "domain never waits: load first, then call a pure function",
                ));
            }
        }
        if path.starts_with("crates/app/src/") || path.starts_with("crates/http/src/") {
            for (line, _) in source.strings().into_iter().filter(|(_, text)| is_sql(text)) {
                found.push(Violation::new(path, line, "this reads as SQL: move the statement to store"));
            }
        }
    }
    found
}

fn find_paths(path: &str, source: &Source, found: &mut Vec<Violation>) {
    let forbidden: Vec<_> = FORBIDDEN_PATHS.iter().filter(|(folder, ..)| path.starts_with(folder)).collect();
    if forbidden.is_empty() {
        return;
    }
    for used in source.paths() {
        for (_, prefix, advice) in forbidden.iter().filter(|(_, prefix, _)| used.starts_with(prefix)) {
            found.push(Violation::new(path, used.line, format!("`{prefix}`: {advice}")));
        }
    }
}

/// Words that follow "from" or "into" in a sentence for people, and in no statement.
const ARTICLES: &[&str] =
    &["the", "a", "an", "this", "that", "these", "those", "your", "our", "its", "all", "it"];

/// Whether a string is a statement. Messages such as "Select a payment method from the list" are not.
fn is_sql(text: &str) -> bool {
    let text = text.replace("\\n", " ").replace('\\', " ").to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let named = |index: usize| words.get(index).is_some_and(|word| !ARTICLES.contains(word));
    match words.as_slice() {
        ["select", rest @ ..] => is_selection(rest),
        ["insert", "into", ..] => {
            named(2)
                && words
                    .iter()
                    .any(|word| word.contains('(') || matches!(*word, "select" | "default" | "values"))
        }
        ["update", rest @ ..] => rest.iter().take(5).any(|word| *word == "set") && text.contains('='),
        ["delete", "from", _, rest @ ..] => {
            named(2) && (rest.is_empty() || rest.iter().any(|word| matches!(*word, "where" | "using" | "as")))
        }
        ["with", rest @ ..] => {
            let joined = rest.join(" ");
            [" as (", " as materialized (", " as not materialized ("]
                .iter()
                .any(|shape| joined.contains(shape))
        }
        _ => false,
    }
}

/// What follows `select`: columns and `from` with a name, or a call or a constant alone.
fn is_selection(words: &[&str]) -> bool {
    let Some(from) = words.iter().position(|word| *word == "from") else {
        return words.first().is_some_and(|word| {
            word.contains('(')
                || word.starts_with('$')
                || word.starts_with(|first: char| first.is_ascii_digit())
        });
    };
    let named = words.get(from.saturating_add(1)).is_some_and(|word| !ARTICLES.contains(word));
    let columns = words.get(..from).unwrap_or_default().join(" ");
    named
        && columns.split(',').all(|column| {
            let words: Vec<&str> = column.split_whitespace().collect();
            words.len() <= 1
                || words.contains(&"as")
                || column.contains(['(', ')', '.', ':', '$', '\''])
                || words.first() == Some(&"distinct")
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn advice_for(path: &str, text: &str) -> Vec<String> {
        find_words(&Tree::of(&[(path, text)])).into_iter().map(|violation| violation.advice).collect()
    }

    #[test]
    fn statements_are_told_from_sentences() {
        for statement in [
            "select id, handle from product where id = $1",
            "SELECT 1",
            "select pg_advisory_xact_lock($1)",
            "\\n    select count(*)\\n    from cart",
            "select distinct on (a) a, b as c from d",
            "Insert into cart (id) values ($1)",
            "update cart set version = version + 1",
            "update stock_level as s set reserved = 0",
            "delete from cart where id = $1",
            "delete from outbox",
            "with due as (select 1) delete from job using due",
            "with due as materialized (select 1) select * from due",
        ] {
            assert!(is_sql(statement), "{statement}");
        }
        for sentence in [
            "Select a payment method from the list",
            "select a variant first",
            "insert into the cart",
            "update the cart",
            "update_cart",
            "delete from the cart",
            "with love",
            "with the price as shown",
            "",
        ] {
            assert!(!is_sql(sentence), "{sentence}");
        }
    }

    #[test]
    fn sql_belongs_to_store_alone() {
        let text = "//! X.\nconst A: &str = \"select id from cart\";";
        assert_eq!(advice_for("crates/app/src/cart/add.rs", text).len(), 1);
        assert_eq!(advice_for("crates/http/src/store/carts.rs", text).len(), 1);
        assert!(advice_for("crates/store/src/cart.rs", text).is_empty());
        assert!(advice_for("crates/http/tests/it/main.rs", text).is_empty());
    }

    #[test]
    fn app_names_no_http_crate() {
        for line in
            ["use axum::Json;", "use http::StatusCode;", "use hyper;", "fn f() -> http::Method { g() }"]
        {
            assert_eq!(advice_for("crates/app/src/cart/add.rs", line).len(), 1, "{line}");
        }
        let own = "use crate::http::Thing;\nfn f(http: u8) -> u8 { http }";
        assert!(advice_for("crates/app/src/cart/add.rs", own).is_empty());
        assert!(advice_for("crates/http/src/lib.rs", "use axum::Json;").is_empty());
    }

    #[test]
    fn http_names_no_driver() {
        assert_eq!(advice_for("crates/http/src/lib.rs", "use tokio_postgres::Client;").len(), 1);
    }

    #[test]
    fn domain_knows_no_world() {
        for line in [
            "async fn f() {}",
            "fn f() { std::env::var(\"A\"); }",
            "use std::{env, fmt};",
            "use std::time::{Duration, SystemTime};",
            "use tracing::info;",
            "fn f() { tracing::info!(\"x\"); }",
        ] {
            assert_eq!(advice_for("crates/domain/src/cart/line.rs", line).len(), 1, "{line}");
        }
        let pure = "//! async, std::env\nuse std::time::Duration;\nuse std::fmt;\n// tracing::info\n";
        assert!(advice_for("crates/domain/src/cart/line.rs", pure).is_empty());
    }

    #[test]
    fn domain_takes_only_listed_crates() {
        let text = "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n";
        let metadata = |names: &[&str], kind: Option<&str>| {
            let lines: Vec<_> = names.iter().map(|name| json!({"name": name, "kind": kind})).collect();
            json!({"workspace_root": "/w", "packages": [
                {"manifest_path": "/w/crates/domain/Cargo.toml", "dependencies": lines}]})
        };
        let tree = |metadata| Tree::of(&[("crates/domain/Cargo.toml", text)]).with_metadata(metadata);
        let found = find_domain_crates(&tree(metadata(&["serde", "tokio"], None)));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].line, 3);
        assert!(find_domain_crates(&tree(metadata(&["serde", "jiff"], None))).is_empty());
        assert!(find_domain_crates(&tree(metadata(&["proptest"], Some("dev")))).is_empty());
    }
}
