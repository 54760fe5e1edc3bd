//! Work that was left unfinished: it compiles, and is forgotten.

use super::Violation;
use crate::tree::Tree;

const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
/// The error that a skeleton of `new-endpoint` starts with.
pub const SKELETON_MARKER: &str = "NotWritten";

/// Ignored tests, macros that stand for missing code, skeletons that nobody filled.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, source) in tree.sources("") {
        for (line, name) in source.macro_calls() {
            if name == "dbg" {
                found.push(Violation::new(path, line, "`dbg!` is for the desk: take it out"));
            } else if MACROS.contains(&name.as_str()) {
                let advice = format!("`{name}!` is unfinished work: write it, or take it out");
                found.push(Violation::new(path, line, advice));
            }
        }
        for (line, words) in source.attributes() {
            let mut words = words.iter().map(String::as_str);
            let ignored = match words.next() {
                Some("ignore") => true,
                Some("cfg_attr") => words.any(|word| word == "ignore"),
                _ => false,
            };
            if ignored {
                found.push(Violation::new(
                    path,
                    line,
                    "an ignored test proves nothing: make it run, or take it out",
                ));
            }
        }
        for line in source.lines_of_word(SKELETON_MARKER) {
            found.push(Violation::new(
                path,
                line,
                "the skeleton is not filled: write the use case and its errors",
            ));
        }
    }
    found
}

/// Files that the other rules could not look at.
pub fn find_unreadable(tree: &Tree) -> Vec<Violation> {
    tree.unreadable()
        .map(|(path, error)| Violation::new(path, error.line, "cannot be read as Rust: mend the syntax"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        find(&Tree::of(&[("a.rs", text)])).iter().map(|found| found.line).collect()
    }

    #[test]
    fn finished_code_is_fine_whatever_its_comments_say() {
        let text =
            "//! No todo!() here.\n#[test]\nfn f() { let ignore = \"dbg!(x) #[ignore]\"; g(ignore); }\n";
        assert_eq!(lines(text), [0_usize; 0]);
    }

    #[test]
    fn unfinished_code_is_found_in_tests_too() {
        assert_eq!(lines("fn f() { todo!() }\nfn g() { unimplemented!(\"x\") }\n"), [1, 2]);
        assert_eq!(lines("#[cfg(test)]\nmod tests {\n    fn f() { dbg!(1); }\n}\n"), [3]);
    }

    #[test]
    fn ignored_tests_are_found_however_they_are_written() {
        assert_eq!(lines("#[test]\n#[ignore]\nfn a() {}\n"), [2]);
        assert_eq!(lines("#[test]\n#[ignore = \"slow\"]\nfn a() {}\n"), [2]);
        assert_eq!(lines("#[cfg_attr(not(feature = \"slow\"), ignore)]\nfn a() {}\n"), [1]);
    }

    #[test]
    fn an_unfilled_skeleton_is_found() {
        assert_eq!(lines("enum AddLineError {\n    NotWritten,\n}\n"), [2]);
    }

    #[test]
    fn a_file_that_is_not_rust_is_found() {
        assert_eq!(find_unreadable(&Tree::of(&[("a.rs", "fn f( {")])).len(), 1);
        assert_eq!(find_unreadable(&Tree::of(&[("a.rs", "fn f() {}")])), []);
    }
}
