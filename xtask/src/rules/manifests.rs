//! What every Cargo.toml owes: the shared lints, and a reason for each dependency.

use super::{Violation, edges};
use crate::tree::Tree;

/// Packages without the shared lints.
pub fn find_missing_lints(tree: &Tree) -> Vec<Violation> {
    edges::packages(tree)
        .into_iter()
        .filter(|package| !tree.text(&package.manifest).is_some_and(has_lints))
        .map(|package| Violation::new(&package.manifest, 1, "add `[lints]` with `workspace = true`"))
        .collect()
}

fn has_lints(manifest: &str) -> bool {
    manifest.parse::<toml::Table>().is_ok_and(|table| {
        table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            == Some(true)
    })
}

/// Entries of `[workspace.dependencies]` that no comment explains.
pub fn find_unexplained_dependencies(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut in_section = false;
    let mut in_value = false;
    // Lines that follow each other without a blank one are a group: a comment explains all entries up to the next gap.
    let mut explained = false;
    for (index, line) in tree.text("Cargo.toml").unwrap_or_default().lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') && !in_value {
            in_section = line == "[workspace.dependencies]";
            explained = false;
        } else if !in_section {
        } else if in_value {
            in_value = !closes(line);
        } else if line.is_empty() || is_divider(line) {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if let Some((name, value)) = line.split_once('=') {
            in_value = opens(value);
            if !explained && !value.contains("path =") {
                let advice = format!("say why `{}` is needed in a comment above it", name.trim());
                found.push(Violation::new("Cargo.toml", index.saturating_add(1), advice));
            }
        }
    }
    found
}

/// A heading such as `# -- HTTP ----`: it names a group and gives no reason.
fn is_divider(line: &str) -> bool {
    line.starts_with('#') && line.ends_with("--")
}

/// Whether a value goes on over the following lines.
fn opens(value: &str) -> bool {
    value.matches(['{', '[']).count() > value.matches(['}', ']']).count()
}

fn closes(line: &str) -> bool {
    line.starts_with(['}', ']']) || line.matches(['}', ']']).count() > line.matches(['{', '[']).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_package_without_the_shared_lints_is_found() {
        let metadata = json!({"workspace_root": "/w", "packages": [
            {"manifest_path": "/w/xtask/Cargo.toml", "dependencies": []}]});
        let tree = |text| Tree::of(&[("xtask/Cargo.toml", text)]).with_metadata(metadata.clone());
        assert_eq!(find_missing_lints(&tree("[package]\n[lints]\nworkspace = true\n")), []);
        assert_eq!(find_missing_lints(&tree("lints.workspace = true\n[package]\n")), []);
        assert_eq!(find_missing_lints(&tree("[package]\n# [lints]\n# workspace = true\n")).len(), 1);
        assert_eq!(find_missing_lints(&tree("[package]\n[lints]\nworkspace = false\n")).len(), 1);
    }

    fn lines(dependencies: &str) -> Vec<usize> {
        let text = format!(
            "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\n{dependencies}[profile.dev]\ndebug = 1\n"
        );
        find_unexplained_dependencies(&Tree::of(&[("Cargo.toml", &text)]))
            .iter()
            .map(|found| found.line)
            .collect()
    }

    #[test]
    fn a_comment_explains_the_group_below_it() {
        let good = "# -- HTTP ----\n# The router.\naxum = \"0.8\"\ntower = { version = \"1\" }\n# Layers.\ntower-http = \"0.6\"\n";
        assert_eq!(lines(good), [0_usize; 0]);
    }

    #[test]
    fn a_heading_is_no_reason_and_a_gap_ends_a_group() {
        assert_eq!(lines("# -- HTTP ----\naxum = \"0.8\"\n"), [5]);
        assert_eq!(lines("# The router.\naxum = \"0.8\"\n\nserde = \"1\"\n"), [7]);
    }

    #[test]
    fn our_own_rooms_need_no_reason() {
        assert_eq!(lines("tradepost-domain = { path = \"crates/domain\" }\n"), [0_usize; 0]);
    }

    #[test]
    fn an_entry_of_many_lines_is_one_entry() {
        assert_eq!(
            lines("axum = { version = \"0.8\", features = [\n  \"json\",\n] }\nserde = \"1\"\n"),
            [4, 7]
        );
    }
}
