//! The lock of the OpenAPI document: what the binary says of itself, committed, so that a change of the contract is seen
//! in review and the typed clients are generated from a file.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The committed document, relative to the root.
const DOCUMENT: &str = "openapi/tradepost.json";
/// How the document is made; also the advice when it is out of date.
const COMMAND: &str = "cargo xtask openapi";

/// Writes the document that the binary gives now.
pub fn write(root: &Path) -> Result<(), String> {
    let text = pretty(generate(root)?)?;
    let path = root.join(DOCUMENT);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    std::fs::write(&path, text).map_err(|error| format!("{DOCUMENT}: {error}"))?;
    println!("{DOCUMENT} written");
    Ok(())
}

/// Fails when the committed document is not what the binary gives now.
pub fn check(root: &Path) -> Result<(), String> {
    let committed = std::fs::read_to_string(root.join(DOCUMENT))
        .map_err(|error| format!("{DOCUMENT}: {error}: run `{COMMAND}` and commit the file"))?;
    compare(&committed, generate(root)?)?;
    println!("{DOCUMENT} is up to date");
    Ok(())
}

fn compare(committed: &str, generated: Value) -> Result<(), String> {
    let advice = format!("run `{COMMAND}`, read the difference and commit it");
    let parsed: Value = serde_json::from_str(committed)
        .map_err(|error| format!("{DOCUMENT} is not JSON ({error}): {advice}"))?;
    if let Some(difference) = first_difference(&parsed, &generated, "$") {
        return Err(format!("{DOCUMENT} differs from the binary at {difference}: {advice}"));
    }
    if committed == pretty(generated)? {
        Ok(())
    } else {
        Err(format!("{DOCUMENT} says the same in another layout: {advice}"))
    }
}

/// Asks the binary. Its log and cargo's messages go to our standard error.
fn generate(root: &Path) -> Result<Value, String> {
    const ARGUMENTS: [&str; 6] = ["run", "-q", "-p", "tradepost", "--", "openapi"];
    let called = format!("`cargo {}`", ARGUMENTS.join(" "));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(ARGUMENTS)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run {called}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{called} failed: {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{called} did not print JSON: {error}"))
}

/// Keys in alphabetical order, so that the file changes only where the contract does.
fn pretty(mut document: Value) -> Result<String, String> {
    document.sort_all_objects();
    let text = serde_json::to_string_pretty(&document).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// The first place, in the order of the file, where two documents differ.
fn first_difference(committed: &Value, generated: &Value, path: &str) -> Option<String> {
    match (committed, generated) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            keys.into_iter().find_map(|key| {
                let path = format!("{path}[{key:?}]");
                match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => first_difference(old, new, &path),
                    (Some(_), None) => Some(format!("{path} (no longer there)")),
                    (None, _) => Some(format!("{path} (new)")),
                }
            })
        }
        (Value::Array(old), Value::Array(new)) => {
            let inner = old
                .iter()
                .zip(new)
                .enumerate()
                .find_map(|(index, (old, new))| first_difference(old, new, &format!("{path}[{index}]")));
            inner.or_else(|| {
                (old.len() != new.len())
                    .then(|| format!("{path} ({} entries committed, {} now)", old.len(), new.len()))
            })
        }
        _ => (committed != generated)
            .then(|| format!("{path} ({} committed, {} now)", short(committed), short(generated))),
    }
}

/// A value on one line, cut where it is long.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(59).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_is_up_to_date() {
        let document = json!({"openapi": "3.1.0", "info": {"title": "Tradepost"}, "paths": {}});
        let text = pretty(document.clone()).unwrap();
        assert!(text.starts_with("{\n  \"info\""));
        assert!(text.ends_with("}\n"));
        assert_eq!(compare(&text, document), Ok(()));
    }

    #[test]
    fn the_first_difference_is_named_with_the_command_that_mends_it() {
        let committed = json!({"paths": {"/api/products": {"get": {"responses": {"200": {}}}}}});
        let generated = json!({"paths": {"/api/products": {"get": {"responses": {"200": {}, "404": {}}}}}});
        let error = compare(&pretty(committed).unwrap(), generated).unwrap_err();
        assert!(
            error.contains("$[\"paths\"][\"/api/products\"][\"get\"][\"responses\"][\"404\"] (new): run `cargo xtask openapi`"),
            "{error}"
        );
    }

    #[test]
    fn differences_of_values_lists_and_lost_keys_are_told() {
        let difference = |old, new| first_difference(&old, &new, "$").unwrap();
        assert_eq!(difference(json!({"a": 1}), json!({"a": 2})), "$[\"a\"] (1 committed, 2 now)");
        assert_eq!(difference(json!([1]), json!([1, 2])), "$ (1 entries committed, 2 now)");
        assert_eq!(difference(json!({"a": 1}), json!({})), "$[\"a\"] (no longer there)");
        assert_eq!(first_difference(&json!({"a": [1]}), &json!({"a": [1]}), "$"), None);
    }

    #[test]
    fn a_committed_file_in_another_layout_is_refused() {
        let error = compare("{\"a\":1}", json!({"a": 1})).unwrap_err();
        assert!(error.contains("another layout"), "{error}");
        assert!(compare("<<<<", json!({})).unwrap_err().contains("is not JSON"));
    }
}
