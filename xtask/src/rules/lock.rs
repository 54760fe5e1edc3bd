//! The budget of dependencies, read from Cargo.lock.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::tree::Tree;

const PACKAGES_MAX: usize = 400;

/// How the names of packages begin that cargo locks for other systems and never builds for a server on Linux (ADR 15).
const OF_OTHER_SYSTEMS: &[&str] = &[
    "core-foundation",
    "jni",
    "js-sys",
    "libredox",
    "objc2",
    "r-efi",
    "redox",
    "rustls-platform-verifier-android",
    "schannel",
    "security-framework",
    "wasi",
    "wasm-bindgen",
    "web-sys",
    "winapi",
    "windows",
    "wit-bindgen",
];

/// Never in the build, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("aws-lc-rs", "ring is the one crypto provider, and aws-lc costs eight times its build"),
    ("openssl-sys", "TLS is rustls: the binary must not need a library of the system"),
    ("native-tls", "TLS is rustls: the binary must not need a library of the system"),
];

/// At most one version of each, as far as versions do not fit together.
const SINGLE: &[&str] = &["hyper", "reqwest", "rustls", "axum"];

/// What breaks the budget.
pub fn find(tree: &Tree) -> Vec<Violation> {
    const PATH: &str = "Cargo.lock";
    let Some(text) = tree.text(PATH) else { return Vec::new() };
    let Ok(lock) = text.parse::<toml::Table>() else {
        return vec![Violation::new(PATH, 1, "cargo cannot read this: take the file of main and build")];
    };
    let packages = lock.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    let built = packages.iter().filter(|package| is_built(package)).count();
    if built > PACKAGES_MAX {
        let advice = format!(
            "{built} packages of others, the budget is {PACKAGES_MAX}: take one out, or its default features (`cargo tree -e features`)"
        );
        found.push(Violation::new(PATH, 1, advice));
    }
    let mut lines_of_versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        let field = |name| package.get(name).and_then(toml::Value::as_str).unwrap_or_default();
        let (name, version) = (field("name"), field("version"));
        lines_of_versions.entry(name).or_default().insert(release_line(version));
        if let Some((_, why)) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == name) {
            let advice =
                format!("`{name}` may not be built ({why}): `cargo tree -i {name}` says who brings it");
            found.push(Violation::new(PATH, line_of(text, name), advice));
        }
    }
    for name in SINGLE {
        let versions: Vec<&str> =
            lines_of_versions.get(name).into_iter().flatten().map(String::as_str).collect();
        if versions.len() > 1 {
            let advice =
                format!("`{name}` twice ({}): use the one that axum and reqwest bring", versions.join(", "));
            found.push(Violation::new(PATH, line_of(text, name), advice));
        }
    }
    found
}

/// Whether a package is somebody else's (it has a source) and built here.
fn is_built(package: &toml::Value) -> bool {
    let name = package.get("name").and_then(toml::Value::as_str).unwrap_or_default();
    package.get("source").is_some() && !OF_OTHER_SYSTEMS.iter().any(|start| name.starts_with(start))
}

/// The part of a version that must be equal for cargo to build it once: `1`, or `0.23`.
fn release_line(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some("0"), Some(minor)) => format!("0.{minor}"),
        (Some(major), _) => major.to_owned(),
        (None, _) => String::new(),
    }
}

fn line_of(text: &str, name: &str) -> usize {
    let wanted = format!("name = \"{name}\"");
    text.lines().position(|line| line == wanted).map_or(1, |index| index.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(packages: &[(&str, &str)]) -> Vec<String> {
        let text = packages.iter().fold("version = 4\n".to_owned(), |text, (name, version)| {
            text + &format!(
                "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry\"\n"
            )
        });
        find(&Tree::of(&[("Cargo.lock", &text)])).into_iter().map(|found| found.advice).collect()
    }

    #[test]
    fn a_lean_lock_is_fine() {
        assert!(
            advice(&[("hyper", "1.7.0"), ("rustls", "0.23.1"), ("syn", "1.0.0"), ("syn", "2.0.0")])
                .is_empty()
        );
    }

    #[test]
    fn the_budget_is_400_packages() {
        let names: Vec<String> = (0..401).map(|number| format!("p{number}")).collect();
        let packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
        assert!(advice(&packages[..400]).is_empty());
        assert!(advice(&packages)[0].starts_with("401 packages"));
    }

    #[test]
    fn what_is_ours_or_never_built_here_is_not_counted() {
        let names: Vec<String> = (0..400).map(|number| format!("p{number}")).collect();
        let mut packages: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
        packages.extend([("windows-sys", "0.61.0"), ("wasm-bindgen", "0.2.100"), ("jni", "0.21.0")]);
        assert!(advice(&packages).is_empty());
        let ours = "[[package]]\nname = \"tradepost\"\nversion = \"0.1.0\"\n".parse::<toml::Table>().unwrap();
        assert!(!is_built(&ours["package"][0]));
    }

    #[test]
    fn a_second_crypto_or_tls_library_is_found() {
        for name in ["aws-lc-rs", "openssl-sys", "native-tls"] {
            assert!(advice(&[(name, "1.0.0")])[0].contains("may not be built"), "{name}");
        }
    }

    #[test]
    fn two_releases_of_the_http_stack_are_found_and_two_patches_are_not_possible() {
        assert!(advice(&[("rustls", "0.22.4"), ("rustls", "0.23.1")])[0].contains("twice (0.22, 0.23)"));
        assert!(advice(&[("hyper", "0.14.1"), ("hyper", "1.7.0")])[0].contains("twice (0.14, 1)"));
    }
}
