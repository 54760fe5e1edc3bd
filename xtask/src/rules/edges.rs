//! Which room may use which: the picture of docs/ARCHITECTURE.md as a table, compared with what cargo says.

use std::path::Path;

use serde_json::Value;

use super::Violation;
use crate::tree::Tree;

/// A room (the folder below `crates/`, or `xtask`) and the rooms that it may use. A new edge needs an ADR.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("sample", &[]),
    ("fakestripe", &[]),
    ("port", &["domain"]),
    ("store", &["domain"]),
    ("search", &["domain", "port"]),
    ("adapters", &["domain", "port"]),
    ("app", &["domain", "port", "store"]),
    ("http", &["domain", "port", "app"]),
    ("lab", &["domain", "sample", "fakestripe", "port", "store", "search", "adapters", "app", "http"]),
    // The only room that may use `lab`: `tradepost lab` is a subcommand.
    ("server", &["domain", "sample", "port", "store", "search", "adapters", "app", "http", "lab"]),
    (
        "testkit",
        &["domain", "sample", "fakestripe", "port", "store", "search", "adapters", "app", "http", "server"],
    ),
    ("xtask", &[]),
];

/// The room that anyone may use in tests, and nobody elsewhere.
const TEST_ROOM: &str = "testkit";

/// The room that anyone may use in tests, and elsewhere those of the table.
const FAKE_ROOM: &str = "fakestripe";

/// A package of the workspace.
pub struct Package<'a> {
    /// Its room: `domain` for `crates/domain`.
    pub room: &'a str,
    /// Its manifest, relative to the root.
    pub manifest: String,
    dependencies: &'a [Value],
}

/// A line of a package's dependencies.
pub struct Dependency<'a> {
    /// The name of the package that is used.
    pub name: &'a str,
    /// Whether only tests use it.
    pub for_tests: bool,
    /// Its room when it is ours.
    pub room: Option<&'a str>,
}

/// The packages of the workspace.
pub fn packages(tree: &Tree) -> Vec<Package<'_>> {
    let root = tree.metadata.get("workspace_root").and_then(Value::as_str).unwrap_or_default();
    let listed = tree.metadata.get("packages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    listed
        .iter()
        .filter_map(|package| {
            let manifest = package.get("manifest_path")?.as_str()?;
            let manifest = Path::new(manifest).strip_prefix(root).ok()?;
            Some(Package {
                room: manifest.parent()?.file_name()?.to_str()?,
                manifest: manifest.to_str()?.to_owned(),
                dependencies: package.get("dependencies")?.as_array()?,
            })
        })
        .collect()
}

impl Package<'_> {
    /// What the package uses, in the order of cargo.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        self.dependencies.iter().filter_map(|dependency| {
            Some(Dependency {
                name: dependency.get("name")?.as_str()?,
                for_tests: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
                room: dependency
                    .get("path")
                    .and_then(Value::as_str)
                    .and_then(|path| Path::new(path).file_name()?.to_str()),
            })
        })
    }

    /// Where the manifest names a dependency.
    pub fn line_of(&self, tree: &Tree, dependency: &str) -> usize {
        let names_it = |line: &str| {
            line.trim_start()
                .strip_prefix(dependency)
                .is_some_and(|rest| rest.trim_start().starts_with(['.', '=', ']']))
        };
        tree.text(&self.manifest)
            .and_then(|text| text.lines().position(names_it))
            .map_or(1, |index| index.saturating_add(1))
    }
}

/// Uses that the table does not allow.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in packages(tree) {
        let room = package.room;
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == room) else {
            let advice = format!("`{room}` is no known room: add it to EDGES in xtask, with an ADR");
            found.push(Violation::new(&package.manifest, 1, advice));
            continue;
        };
        for dependency in package.dependencies() {
            let Some(used) = dependency.room else { continue };
            let fine = if used == TEST_ROOM {
                dependency.for_tests
            } else {
                // A package that tests itself with other features names itself.
                allowed.contains(&used) || (dependency.for_tests && (used == room || used == FAKE_ROOM))
            };
            if fine {
                continue;
            }
            let advice = if used == TEST_ROOM {
                "`testkit` is for tests: move it to [dev-dependencies]".to_owned()
            } else if allowed.is_empty() {
                format!("`{room}` may use none of our rooms: take `{used}` out, or add the edge by an ADR")
            } else {
                format!(
                    "`{room}` may use only {}: take `{used}` out, or add the edge by an ADR",
                    allowed.join(", ")
                )
            };
            found.push(Violation::new(&package.manifest, package.line_of(tree, dependency.name), advice));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(room: &str, dependencies: &[(&str, Option<&str>)]) -> Tree {
        let lines: Vec<Value> = dependencies
            .iter()
            .map(|(used, kind)| {
                json!({"name": format!("tradepost-{used}"), "kind": kind, "path": format!("/w/crates/{used}")})
            })
            .collect();
        let text = dependencies.iter().fold("[dependencies]\n".to_owned(), |text, (used, _)| {
            text + &format!("tradepost-{used}.workspace = true\n")
        });
        Tree::of(&[(&format!("crates/{room}/Cargo.toml"), &text)]).with_metadata(json!({
            "workspace_root": "/w",
            "packages": [{
                "name": format!("tradepost-{room}"),
                "manifest_path": format!("/w/crates/{room}/Cargo.toml"),
                "dependencies": lines,
            }],
        }))
    }

    #[test]
    fn a_room_may_use_what_the_table_gives_it() {
        assert_eq!(find(&tree("app", &[("domain", None), ("port", None), ("store", None)])), []);
        assert_eq!(find(&tree("server", &[("lab", None), ("http", None)])), []);
    }

    #[test]
    fn another_edge_is_found_at_its_line() {
        let found = find(&tree("http", &[("domain", None), ("store", None)]));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/http/Cargo.toml", 3));
        assert!(found[0].advice.starts_with("`http` may use only domain, port, app: take `store` out"));
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert_eq!(find(&tree("http", &[("testkit", Some("dev"))])), []);
        let found = find(&tree("server", &[("testkit", None)]));
        assert!(found[0].advice.contains("[dev-dependencies]"));
    }

    #[test]
    fn the_stand_in_for_stripe_is_for_tests_and_the_lab() {
        assert_eq!(find(&tree("adapters", &[("fakestripe", Some("dev"))])), []);
        assert_eq!(find(&tree("lab", &[("fakestripe", None)])), []);
        assert_eq!(find(&tree("adapters", &[("fakestripe", None)])).len(), 1);
    }

    #[test]
    fn nobody_but_the_server_may_use_the_lab() {
        for (room, _) in EDGES.iter().filter(|(room, _)| *room != "server") {
            let found = find(&tree(room, &[("lab", None)]));
            assert_eq!(found.len(), 1, "{room}");
        }
    }

    #[test]
    fn a_room_that_nobody_decided_on_is_found() {
        assert!(find(&tree("helpers", &[]))[0].advice.contains("no known room"));
    }
}
