//! `mod` lines for new files, from the root of a crate down.

use std::path::Path;

use super::names::Endpoint;

/// What became of one `mod` line.
#[derive(Debug, PartialEq, Eq)]
pub enum Declared {
    /// The line was added to a file that was there, or to one made for it.
    Added { file: String, module: String },
    /// The crate has no root yet: a person has to write the line.
    ByHand { file: String, module: String },
}

/// Sees to it that each of `modules` is declared in its parent. What is declared already is left out of the answer.
pub fn declare(
    root: &Path,
    crate_root: &str,
    modules: &[String],
    endpoint: &Endpoint,
) -> Result<Vec<Declared>, String> {
    let folder = crate_root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_binary = crate_root.ends_with("main.rs");
    let mut declared = Vec::new();
    let mut parent = crate_root.to_owned();
    let mut place = folder.to_owned();
    for module in modules {
        let path = root.join(&parent);
        if path.exists() {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{parent}: {error}"))?;
            if let Some(changed) = with_module(&text, module, is_binary) {
                std::fs::write(&path, changed).map_err(|error| format!("{parent}: {error}"))?;
                declared.push(Declared::Added { file: parent, module: module.clone() });
            }
        } else if parent == crate_root {
            declared.push(Declared::ByHand { file: parent, module: module.clone() });
        } else {
            let header = format!("//! {}.\n", header(&place, endpoint));
            let text = with_module(&header, module, is_binary).unwrap_or(header);
            std::fs::write(&path, text).map_err(|error| format!("{parent}: {error}"))?;
            declared.push(Declared::Added { file: parent, module: module.clone() });
        }
        place = format!("{place}/{module}");
        // A module that is a file beside its folder stays one.
        let beside = format!("{place}.rs");
        parent = if root.join(&beside).exists() { beside } else { format!("{place}/mod.rs") };
    }
    Ok(declared)
}

/// The first line of a new folder's `mod.rs`.
fn header(place: &str, endpoint: &Endpoint) -> String {
    let name = place.rsplit('/').next().unwrap_or_default().replace('_', " ");
    if place.starts_with("crates/app/") {
        format!("Use cases of the context `{}`", endpoint.context)
    } else if place.contains("/tests/") {
        format!("Tests of the endpoints about {name}, one file an endpoint")
    } else {
        format!("Endpoints about {name}, one file an endpoint")
    }
}

/// The text with the module declared, in alphabetical order; none when it is declared.
fn with_module(text: &str, module: &str, is_binary: bool) -> Option<String> {
    let name_in = |line: &str| {
        let rest = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
        rest.strip_prefix("mod ")?.split([';', ' ']).next().map(str::to_owned)
    };
    let lines: Vec<&str> = text.lines().collect();
    let declared: Vec<(usize, String)> =
        lines.iter().enumerate().filter_map(|(index, line)| Some((index, name_in(line)?))).collect();
    if declared.iter().any(|(_, name)| name == module) {
        return None;
    }
    let new = if is_binary { format!("mod {module};") } else { format!("pub mod {module};") };
    let after_last = declared.last().map(|(index, _)| index.saturating_add(1));
    let before_next = declared.iter().find(|(_, name)| name.as_str() > module).map(|(index, _)| *index);
    let mut changed: Vec<&str> = lines.clone();
    if let Some(index) = before_next.or(after_last) {
        changed.insert(index, &new);
    } else {
        let is_code = |line: &&str| !line.starts_with("//!") && !line.starts_with("#![");
        let head = lines.iter().position(is_code).unwrap_or(lines.len());
        changed.splice(head..head, ["", new.as_str()]);
    }
    Some(changed.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_declared_once_and_in_order() {
        let text = "//! X.\n\npub mod alpha;\nmod gamma;\n\nuse std::fmt;\n";
        assert_eq!(
            with_module(text, "beta", false).unwrap(),
            "//! X.\n\npub mod alpha;\npub mod beta;\nmod gamma;\n\nuse std::fmt;\n"
        );
        assert!(with_module(text, "omega", false).unwrap().contains("mod gamma;\npub mod omega;\n"));
        assert_eq!(with_module(text, "gamma", false), None);
        assert_eq!(with_module("//! X.\npub(crate) mod beta;\n", "beta", false), None);
    }

    #[test]
    fn the_first_module_stands_below_the_documentation() {
        let text = "//! X.\n//! Y.\n#![expect(dead_code, reason = \"z\")]\n";
        assert_eq!(with_module(text, "beta", true).unwrap(), format!("{text}\nmod beta;\n"));
    }

    #[test]
    fn a_parent_beside_its_folder_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("crates/app/src")).unwrap();
        std::fs::write(root.join("crates/app/src/lib.rs"), "//! App.\n\npub mod cart;\n").unwrap();
        std::fs::write(root.join("crates/app/src/cart.rs"), "//! Carts.\n").unwrap();
        let endpoint = Endpoint::new("store", "carts/lines", "add", None).unwrap();
        let modules = ["cart".to_owned(), "add_line".to_owned()];

        let declared = declare(root, "crates/app/src/lib.rs", &modules, &endpoint).unwrap();

        let file = "crates/app/src/cart.rs".to_owned();
        assert_eq!(declared, [Declared::Added { file, module: "add_line".to_owned() }]);
    }
}
