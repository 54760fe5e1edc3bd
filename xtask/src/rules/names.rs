//! Names of the types that the API document describes: it has one list of them for all rooms.

use std::collections::BTreeMap;

use super::Violation;
use crate::tree::Tree;

/// Types whose name another one has already.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut places: BTreeMap<String, &str> = BTreeMap::new();
    for (path, source) in tree.sources("crates/") {
        for (line, name) in source.types_deriving("ToSchema") {
            if let Some(first) = places.get(&name) {
                let advice = format!("the API document has a `{name}` already, of {first}: name one anew");
                found.push(Violation::new(path, line, advice));
            } else {
                places.insert(name, path);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: &str =
        "#[derive(Debug, ToSchema)]\n#[serde(x)]\n/// One.\npub struct View {\n    id: u8,\n}\n";

    #[test]
    fn the_second_of_a_name_is_found_in_whatever_file_it_stands() {
        let found = find(&Tree::of(&[("crates/a/src/one.rs", VIEW), ("crates/b/src/two.rs", VIEW)]));
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.path.as_str(), found.line), ("crates/b/src/two.rs", 4));
        assert!(found.advice.contains("crates/a/src/one.rs"), "{}", found.advice);
        let nested = "#[derive(ToSchema)]\npub(crate) enum Kind { A }\nmod m {\n#[derive(ToSchema)]\nstruct Kind;\n}\n";
        assert_eq!(find(&Tree::of(&[("crates/a/src/one.rs", nested)])).len(), 1);
    }

    #[test]
    fn types_of_other_names_or_outside_of_the_document_are_fine() {
        let other = "#[derive(Debug)]\nstruct View;\n#[derive(ToSchema)]\nstruct Other;\n";
        assert_eq!(find(&Tree::of(&[("crates/a/src/one.rs", VIEW), ("crates/b/src/two.rs", other)])), []);
    }
}
