//! Files that are read in one sitting, handlers that only translate, and a first line that says what a file is.

use super::Violation;
use crate::source;
use crate::tree::Tree;

const FILE_LINES_MAX: usize = 500;
const HANDLER_LINES_MAX: usize = 40;

/// Files with too many lines outside of their inline tests.
pub fn find_long_files(tree: &Tree) -> Vec<Violation> {
    tree.sources("")
        .map(|(path, source)| (path, source.lines_without_tests()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(path, lines)| {
            let advice = format!(
                "{lines} lines without tests, the limit is {FILE_LINES_MAX}: split it by what it is about"
            );
            Violation::new(path, 1, advice)
        })
        .collect()
}

/// Handlers that do more than extract, call and convert.
pub fn find_long_handlers(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, source) in tree.sources("crates/http/src/") {
        for function in source.functions().into_iter().filter(|function| function.name == "handler") {
            let lines = source::line_count(&function.lines);
            if lines > HANDLER_LINES_MAX {
                let advice = format!(
                    "a handler of {lines} lines, the limit is {HANDLER_LINES_MAX}: move decisions to app or domain, conversions to functions"
                );
                found.push(Violation::new(path, *function.lines.start(), advice));
            }
        }
    }
    found
}

/// Files that do not say what lives in them.
pub fn find_missing_headers(tree: &Tree) -> Vec<Violation> {
    tree.sources("")
        .filter(|(_, source)| !source.opens_with_doc)
        .map(|(path, _)| Violation::new(path, 1, "open the file with `//!`: what lives here and why"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_500_lines_besides_its_tests() {
        let full = "//! X.\n".to_owned() + &"// y\n".repeat(499);
        let tests = "#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
        assert_eq!(find_long_files(&Tree::of(&[("a.rs", &(full.clone() + tests))])), []);
        let found = find_long_files(&Tree::of(&[("a.rs", &(full + "// one more\n" + tests))]));
        assert!(found[0].advice.starts_with("501 lines"));
    }

    #[test]
    fn a_handler_may_have_40_lines() {
        let handler = |statements: usize| {
            format!("//! X.\npub async fn handler() {{\n{}}}\n", "    f();\n".repeat(statements))
        };
        let path = "crates/http/src/store/carts/add.rs";
        assert_eq!(find_long_handlers(&Tree::of(&[(path, &handler(38))])), []);
        let found = find_long_handlers(&Tree::of(&[(path, &handler(39))]));
        assert_eq!(found[0].line, 2);
        assert!(found[0].advice.starts_with("a handler of 41 lines"));
        assert_eq!(find_long_handlers(&Tree::of(&[("crates/app/src/x.rs", &handler(60))])), []);
    }

    #[test]
    fn a_file_opens_with_what_it_is() {
        assert_eq!(find_missing_headers(&Tree::of(&[("a.rs", "//! A.\n")])), []);
        assert_eq!(find_missing_headers(&Tree::of(&[("a.rs", "\n//! A.\n")])).len(), 1);
        assert_eq!(find_missing_headers(&Tree::of(&[("a.rs", "/// A.\nfn f() {}\n")])).len(), 1);
    }
}
