//! The house rules: one list, each with what it demands and why. `docs/STYLE.md` tells them to people.

mod contexts;
mod edges;
mod leftovers;
mod links;
mod lock;
mod manifests;
mod migrations;
mod names;
mod sizes;
mod vocabulary;

use std::fmt::Write;

use crate::tree::Tree;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Relative to the root of the repository.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What to do about it.
    pub advice: String,
}

impl Violation {
    fn new(path: &str, line: usize, advice: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, advice: advice.into() }
    }
}

/// A rule that a machine can check.
struct Rule {
    name: &'static str,
    demands: &'static str,
    why: &'static str,
    find: fn(&Tree) -> Vec<Violation>,
}

const RULES: &[Rule] = &[
    Rule {
        name: "edges",
        demands: "a room uses only the rooms that the table in xtask/src/rules/edges.rs gives it",
        why: "what knows little can be understood, tested and built alone; a new edge is a decision and needs an ADR",
        find: edges::find,
    },
    Rule {
        name: "domain-crates",
        demands: "domain takes only the crates listed in xtask/src/rules/vocabulary.rs",
        why: "rules without async, SQL, HTTP or a clock are tested in microseconds and give the same answer twice",
        find: vocabulary::find_domain_crates,
    },
    Rule {
        name: "vocabulary",
        demands: "no SQL in app and http, no HTTP in app, no driver in http, no world in domain",
        why: "SQL has one home where every statement is prepared by a test, HTTP has one edge where errors become problems",
        find: vocabulary::find_words,
    },
    Rule {
        name: "file-size",
        demands: "at most 500 lines a file, inline tests not counted",
        why: "a file that is read in one sitting is about one thing",
        find: sizes::find_long_files,
    },
    Rule {
        name: "handler-size",
        demands: "a function `handler` in http has at most 40 lines",
        why: "a handler extracts, calls and converts; what is longer decides something that belongs to app or domain",
        find: sizes::find_long_handlers,
    },
    Rule {
        name: "header",
        demands: "every .rs file opens with `//!`",
        why: "what lives here and why is the first question of whoever opens the file",
        find: sizes::find_missing_headers,
    },
    Rule {
        name: "lints",
        demands: "every package has `[lints] workspace = true`",
        why: "without that line the package is checked by nothing, silently",
        find: manifests::find_missing_lints,
    },
    Rule {
        name: "dependency-why",
        demands: "a comment says why above each entry of [workspace.dependencies], or above its group's first line",
        why: "a dependency nobody can explain is one nobody dares to remove",
        find: manifests::find_unexplained_dependencies,
    },
    Rule {
        name: "lock",
        demands: "at most 400 packages of others that are built; one crypto provider, one TLS stack, one HTTP stack",
        why: "build time and attack surface grow a crate at a time; two crypto providers in one process panic",
        find: lock::find,
    },
    Rule {
        name: "contexts",
        demands: "in domain, kernel uses no context, order only kernel, and contexts form no cycle",
        why: "an order is a snapshot that outlives what it was made of; a cycle is one module with two names",
        find: contexts::find,
    },
    Rule {
        name: "schema-names",
        demands: "no two types that derive ToSchema have one name",
        why: "the API document knows a type by its name alone: of two, the last is written, silently, in place of both",
        find: names::find,
    },
    Rule {
        name: "leftovers",
        demands: "no ignored tests, todo!, unimplemented!, dbg! or skeleton marker",
        why: "unfinished work that compiles is forgotten; a test that does not run proves nothing",
        find: leftovers::find,
    },
    Rule {
        name: "rust",
        demands: "every .rs file can be read as Rust",
        why: "a file that no rule can read would pass them all",
        find: leftovers::find_unreadable,
    },
    Rule {
        name: "migrations",
        demands: "V<number>__<what>.sql without gaps; drops only to contract; indexes without blocking writes",
        why: "a shop is migrated while it sells, and the old binary still runs beside the new one",
        find: migrations::find,
    },
    Rule {
        name: "links",
        demands: "relative links in Markdown lead to files of this repository",
        why: "a guide with a dead link sends the reader away",
        find: links::find,
    },
];

/// What `check` prints, and whether it is good.
pub struct Report {
    /// A line a violation and a summary.
    pub text: String,
    /// How many there are.
    pub violations: usize,
}

/// Applies all rules.
pub fn check(tree: &Tree) -> Report {
    let mut found: Vec<(Violation, &str)> = RULES
        .iter()
        .flat_map(|rule| (rule.find)(tree).into_iter().map(|violation| (violation, rule.name)))
        .collect();
    found.sort();
    found.dedup();
    let mut text = String::new();
    for (Violation { path, line, advice }, rule) in &found {
        let _ = writeln!(text, "{path}:{line}: {rule}: {advice}");
    }
    let violations = found.len();
    let _ = writeln!(text, "{} files, {} rules, {violations} violations", tree.file_count(), RULES.len());
    Report { text, violations }
}

/// The rules with their reasons.
pub fn list() -> String {
    let mut text = String::new();
    for Rule { name, demands, why, .. } in RULES {
        let _ = writeln!(text, "{name}: {demands}\n    Why: {why}.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_violation_is_a_line_and_the_last_line_counts() {
        let tree = Tree::of(&[("a.rs", "fn f() {\n    todo!()\n}\n"), ("b.rs", "//! Good.\n")]);
        let report = check(&tree);
        assert_eq!(report.violations, 2);
        assert_eq!(
            report.text,
            format!(
                "a.rs:1: header: open the file with `//!`: what lives here and why\n\
                 a.rs:2: leftovers: `todo!` is unfinished work: write it, or take it out\n\
                 2 files, {} rules, 2 violations\n",
                RULES.len()
            )
        );
    }

    #[test]
    fn rules_have_names_of_their_own_and_are_listed_with_reasons() {
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
        assert!(list().contains("edges: a room uses only"));
        assert_eq!(list().matches("    Why: ").count(), RULES.len());
    }
}
