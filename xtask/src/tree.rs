//! What the rules look at: the files of the repository and what cargo says about its packages, read once.
//!
//! A rule is a pure function over this, so each is tested on a few lines of text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::source::{NotRust, Source};

/// Endings of the files whose text some rule reads.
const TEXT_ENDINGS: [&str; 5] = ["rs", "toml", "lock", "md", "sql"];

/// The repository as the rules see it. Paths are relative to its root, with `/`.
#[derive(Debug, Default)]
pub struct Tree {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
    sources: BTreeMap<String, Result<Source, NotRust>>,
    /// The answer of `cargo metadata --no-deps`.
    pub metadata: Value,
}

impl Tree {
    /// Reads all files that git tracks or would track, and asks cargo for the packages.
    pub fn load(root: &Path) -> Result<Self, String> {
        let listing = output(root, "git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"])?;
        let mut tree = Self::default();
        for path in listing.split('\0').filter(|path| root.join(path).is_file()) {
            tree.paths.insert(path.to_owned());
            if TEXT_ENDINGS.iter().any(|ending| has_ending(path, ending)) {
                let text =
                    std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
                tree.add_text(path, text);
            }
        }
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let metadata = output(root, &cargo, &["metadata", "--no-deps", "--format-version", "1"])?;
        tree.metadata = serde_json::from_str(&metadata)
            .map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
        Ok(tree)
    }

    fn add_text(&mut self, path: &str, text: String) {
        self.paths.insert(path.to_owned());
        if has_ending(path, "rs") {
            self.sources.insert(path.to_owned(), Source::parse(&text));
        }
        self.texts.insert(path.to_owned(), text);
    }

    /// How many files there are.
    pub fn file_count(&self) -> usize {
        self.paths.len()
    }

    /// Whether `path` is a file, or a folder that holds one.
    pub fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty()
            || self.paths.contains(path)
            || self.paths.range(folder.clone()..).next().is_some_and(|next| next.starts_with(&folder))
    }

    /// The text of one file, where there is one and its kind is read.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Path and text of all files with this ending below a folder (`""`: everywhere).
    pub fn texts(&self, folder: &str, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .filter(move |(path, _)| path.starts_with(folder) && has_ending(path, ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Path and tokens of the Rust files below a folder (`""`: everywhere), as far as they can be read.
    pub fn sources(&self, folder: &str) -> impl Iterator<Item = (&str, &Source)> {
        self.sources
            .iter()
            .filter(move |(path, _)| path.starts_with(folder))
            .filter_map(|(path, source)| source.as_ref().ok().map(|source| (path.as_str(), source)))
    }

    /// Rust files that cannot be read as Rust.
    pub fn unreadable(&self) -> impl Iterator<Item = (&str, &NotRust)> {
        self.sources
            .iter()
            .filter_map(|(path, source)| source.as_ref().err().map(|error| (path.as_str(), error)))
    }
}

fn has_ending(path: &str, ending: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == ending)
}

/// Standard output of a program that must succeed.
fn output(root: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let called = format!("`{program} {}`", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .map_err(|error| format!("cannot run {called}: {error}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{called} failed: {}", complaint.trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{called} did not answer in UTF-8: {error}"))
}

#[cfg(test)]
impl Tree {
    /// A repository made of these files, for the tests of the rules.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add_text(path, (*text).to_owned());
        }
        tree
    }

    /// The same with what cargo would say about it.
    pub fn with_metadata(mut self, metadata: Value) -> Self {
        self.metadata = metadata;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_it_holds_a_file() {
        let tree = Tree::of(&[("docs/adr/0001-one.md", ""), ("docs/adr-list.md", "")]);
        assert!(tree.exists("docs/adr"));
        assert!(tree.exists("docs/adr/"));
        assert!(tree.exists("docs/adr-list.md"));
        assert!(!tree.exists("docs/ad"));
    }

    #[test]
    fn loading_takes_new_files_and_leaves_ignored_ones() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        output(root, "git", &["init", "--quiet"]).unwrap();
        std::fs::create_dir_all(root.join("src")).unwrap();
        std::fs::write(root.join(".gitignore"), "/target\n").unwrap();
        std::fs::write(
            root.join("Cargo.toml"),
            "[package]\nname = \"sample\"\nedition = \"2024\"\n[workspace]\n",
        )
        .unwrap();
        std::fs::write(root.join("src/lib.rs"), "//! A sample.\n").unwrap();
        std::fs::create_dir(root.join("target")).unwrap();
        std::fs::write(root.join("target/built.rs"), "not Rust (").unwrap();

        let tree = Tree::load(root).unwrap();

        assert_eq!(tree.file_count(), 3);
        assert_eq!(tree.unreadable().count(), 0);
        assert_eq!(tree.metadata["packages"][0]["name"], "sample");
    }

    #[test]
    fn a_program_that_fails_is_named_with_its_complaint() {
        let folder = tempfile::tempdir().unwrap();
        let error = output(folder.path(), "git", &["no-such-command"]).unwrap_err();
        assert!(error.contains("`git no-such-command` failed"), "{error}");
    }
}
