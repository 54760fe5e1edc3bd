//! The contexts within `domain`: who may import whom. Contexts are modules, so the compiler does not see to it.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::source::PathUse;
use crate::tree::Tree;

const FOLDER: &str = "crates/domain/src/";
/// Ids, money and the like: everything may use it, so it uses nothing.
const KERNEL: &str = "kernel";
/// Contexts that may import `kernel` alone: an order is a snapshot and outlives what it was made of.
const SNAPSHOTS: &[&str] = &["order"];

/// The place that makes one context depend on another.
#[derive(Debug, Clone)]
struct Import {
    path: String,
    line: usize,
}

type Imports = BTreeMap<String, BTreeMap<String, Import>>;

/// Imports that are not allowed, and cycles.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let imports = imports(tree);
    let mut found = Vec::new();
    for (context, used) in &imports {
        for (other, import) in used {
            let advice = if context == KERNEL {
                format!(
                    "kernel uses no context: move what it needs of `{other}` into kernel, or this out of it"
                )
            } else if SNAPSHOTS.contains(&context.as_str()) && other != KERNEL {
                format!(
                    "`{context}` is a snapshot and imports only kernel: copy what it needs of `{other}` when it is made"
                )
            } else {
                continue;
            };
            found.push(Violation::new(&import.path, import.line, advice));
        }
    }
    // A circle through kernel was told above, by the import that is wrong with it.
    let mut between_contexts = imports;
    between_contexts.remove(KERNEL);
    for cycle in cycles(&between_contexts) {
        let written = cycle.names.join(" -> ");
        let advice = format!(
            "contexts in a circle ({written}): move what both need into kernel, or pass it as a value"
        );
        found.push(Violation::new(&cycle.first.path, cycle.first.line, advice));
    }
    found
}

/// Who imports whom, with the first place. Tests may import what they like.
fn imports(tree: &Tree) -> Imports {
    let contexts: BTreeSet<String> =
        tree.sources(FOLDER).filter_map(|(path, _)| module_of(path).into_iter().next()).collect();
    let mut imports = Imports::new();
    for (path, source) in tree.sources(FOLDER) {
        let module = module_of(path);
        let Some(context) = module.first() else { continue };
        for used in source.paths().iter().filter(|used| !source.is_test(used.line)) {
            let Some(other) =
                target(&module, used).filter(|other| contexts.contains(other) && other != context)
            else {
                continue;
            };
            let import = Import { path: path.to_owned(), line: used.line };
            imports.entry(context.clone()).or_default().entry(other).or_insert(import);
        }
    }
    imports
}

/// `["cart", "line"]` for `crates/domain/src/cart/line.rs`; nothing for the root of the crate.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix(FOLDER).unwrap_or(path).trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod" || (parts.len() == 1 && last == "lib")) {
        parts.pop();
    }
    parts
}

/// The context that a path leads to, if it leads through the root of the crate.
fn target(module: &[String], used: &PathUse) -> Option<String> {
    let mut place: Vec<String> = module.iter().chain(&used.inside).cloned().collect();
    let mut segments = used.segments.iter().peekable();
    match segments.peek().map(|first| first.as_str())? {
        "crate" => {
            segments.next();
            place.clear();
        }
        "super" => {
            while segments.next_if(|segment| *segment == "super").is_some() {
                place.pop();
            }
        }
        _ => return None,
    }
    place.into_iter().next().or_else(|| segments.next().cloned())
}

/// A closed walk over contexts, its first name repeated at the end.
struct Cycle {
    names: Vec<String>,
    first: Import,
}

/// One cycle for each context that is the least of a circle it lies on.
fn cycles(imports: &Imports) -> Vec<Cycle> {
    let mut found = Vec::new();
    for (start, used) in imports {
        for (next, import) in used {
            if let Some(way) = way_back(imports, next, start) {
                let mut names = vec![start.clone()];
                names.extend(way);
                if names.iter().all(|name| name >= start) {
                    found.push(Cycle { names, first: import.clone() });
                    break;
                }
            }
        }
    }
    found
}

/// The shortest way from one context to another, both included, found breadth first.
fn way_back(imports: &Imports, from: &str, to: &str) -> Option<Vec<String>> {
    let mut seen = BTreeSet::from([from]);
    let mut ways = std::collections::VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last().copied()?;
        if last == to {
            return Some(way.into_iter().map(str::to_owned).collect());
        }
        for next in imports.get(last).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next) {
                let mut longer = way.clone();
                longer.push(next);
                ways.push_back(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(files: &[(&str, &str)]) -> Vec<String> {
        let placed: Vec<(String, &str)> =
            files.iter().map(|(path, text)| (format!("{FOLDER}{path}"), *text)).collect();
        let files: Vec<(&str, &str)> = placed.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        find(&Tree::of(&files))
            .into_iter()
            .map(|found| format!("{}:{} {}", found.path, found.line, found.advice))
            .collect()
    }

    const KERNEL_FILE: (&str, &str) = ("kernel/mod.rs", "pub struct Money;");

    #[test]
    fn contexts_may_use_kernel_and_one_another_in_one_direction() {
        let found = advice(&[
            ("lib.rs", "pub mod cart; pub mod kernel; pub use cart::Cart; pub use crate::catalog::Product;"),
            KERNEL_FILE,
            ("catalog/mod.rs", "use crate::kernel::Money;"),
            ("cart/mod.rs", "use crate::{catalog::Product, kernel::Money}; use self::line::Line;"),
            ("cart/line.rs", "use super::Cart;"),
            ("order/mod.rs", "use crate::kernel::Money;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn kernel_uses_no_context() {
        let back = "use crate::kernel::Money;";
        let found = advice(&[("kernel/money.rs", "\nuse crate::cart::Cart;"), ("cart/mod.rs", back)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("crates/domain/src/kernel/money.rs:2 kernel uses no context"));
    }

    #[test]
    fn an_order_imports_only_kernel_however_it_is_written() {
        for line in [
            "use crate::cart::Cart;",
            "use super::super::cart::Cart;",
            "fn f(cart: &crate::cart::Cart) {}",
            "mod inner { use super::super::super::cart::Cart; }",
        ] {
            let found = advice(&[("order/place.rs", line), ("cart.rs", "")]);
            assert_eq!(found.len(), 1, "{line}");
            assert!(found[0].contains("`order` is a snapshot"), "{line}");
        }
    }

    #[test]
    fn a_test_may_import_what_it_likes() {
        let text = "#[cfg(test)]\nmod tests {\n    use crate::cart::Cart;\n}";
        assert!(advice(&[("order/mod.rs", text), ("cart.rs", "")]).is_empty());
    }

    #[test]
    fn a_circle_is_told_once_with_its_members() {
        let found = advice(&[
            ("cart.rs", "use crate::pricing::price;"),
            ("pricing.rs", "use crate::promotion::Rule;"),
            ("promotion.rs", "use crate::cart::Cart;"),
            ("tax.rs", "use crate::cart::Cart;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("(cart -> pricing -> promotion -> cart)"), "{found:?}");
    }
}
