//! The list of problems in the reference: a problem's `type` leads to its code there, so every code has to be there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tradepost_testkit::TestApp;

/// How problems and findings are made; the code is a literal among the arguments.
const MAKERS: [&str; 8] = [
    "Problem::new(",
    "malformed(",
    "refuse(",
    "Issue::new(",
    "::invalid(",
    "::conflict(",
    ".issue(",
    "unauthenticated(",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text of every file of the four crates, without its tests.
fn texts() -> Vec<String> {
    let mut files = Vec::new();
    for crate_ in ["http", "app", "domain", "server"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate_).join("src"), &mut files);
    }
    let text = |file: &PathBuf| std::fs::read_to_string(file).unwrap();
    files.iter().map(|file| text(file).split("#[cfg(test)]").next().unwrap().to_owned()).collect()
}

/// The arguments of a call: up to the parenthesis that closes it.
fn arguments(text: &str) -> &str {
    let mut depth = 1_usize;
    let end = text.find(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

/// Literals that are a word in snake case.
fn words(text: &str) -> Vec<&str> {
    let is_word =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.split('"').skip(1).step_by(2).filter(is_word).collect()
}

async fn listed() -> BTreeSet<String> {
    let app = TestApp::new().await;
    let page = app.get("/docs/problems").send().await.expect(200);
    let page = String::from_utf8(page.bytes).unwrap();
    page.split("<tr id=\"").skip(1).map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_code_that_is_made_is_listed() {
    let listed = listed().await;
    for text in texts() {
        for maker in MAKERS {
            for (place, _) in text.match_indices(maker) {
                let words = words(arguments(&text[place + maker.len()..]));
                let known = words.iter().any(|word| listed.contains(*word));
                assert!(words.is_empty() || known, "none of {words:?} is in docs/problems.html");
            }
        }
        for (place, maker) in text.match_indices("Problem::missing(\"") {
            let kind = text[place + maker.len()..].split('"').next().unwrap();
            assert!(listed.contains(&format!("{kind}_not_found")), "{kind}");
        }
    }
}

#[tokio::test]
async fn every_code_that_is_listed_is_made() {
    let texts = texts();
    for code in listed().await {
        let kind = code.strip_suffix("_not_found").unwrap_or(&code);
        let quoted = [format!("\"{code}\""), format!("\"{kind}\"")];
        let made = texts.iter().any(|text| quoted.iter().any(|word| text.contains(word.as_str())));
        assert!(made, "{code}");
    }
}
