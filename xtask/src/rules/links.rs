//! Links between documents: each relative one leads to a file of the repository.

use super::Violation;
use crate::tree::Tree;

/// Links that lead nowhere.
pub fn find(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in tree.texts("", "md") {
        for (line, link) in links(text) {
            let target = link.split(['#', '?']).next().unwrap_or_default();
            if target.is_empty() || leads_outside(target) {
                continue;
            }
            match resolve(path, target) {
                None => found.push(Violation::new(
                    path,
                    line,
                    format!("`{link}` leaves the repository: name it without a link"),
                )),
                Some(file) if !tree.exists(&file) => {
                    let advice = format!("`{link}` leads to no file: mend the link, or write the file");
                    found.push(Violation::new(path, line, advice));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// Whether a link has a scheme (`https:`, `mailto:`) or a host.
fn leads_outside(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    target.starts_with("//")
        || scheme.is_some_and(|scheme| scheme.chars().all(|letter| letter.is_ascii_alphabetic()))
}

/// The path of a link relative to the root; none when it goes above it.
fn resolve(document: &str, target: &str) -> Option<String> {
    let decoded = target.replace("%20", " ");
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    if decoded.starts_with('/') {
        parts.clear();
    }
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Line and target of `[text](target)`, `![text](target)` and `[name]: target`, outside of code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for (line, number) in text.lines().zip(1..) {
        let start = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|marker| start.starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => fence = Some(marker),
            (Some(open), Some(marker)) if open == marker => fence = None,
            (Some(_), _) => {}
            (None, None) => {
                // Every second piece between backticks is code.
                for piece in line.split('`').step_by(2) {
                    found.extend(
                        piece.split("](").skip(1).filter_map(|rest| Some((number, target(rest, ')')?))),
                    );
                }
                if let Some((_, rest)) = start.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
                    found.extend(target(rest, '\n').map(|target| (number, target)));
                }
            }
        }
    }
    found
}

/// The target at the start of `rest`, without `<>` and title.
fn target(rest: &str, end: char) -> Option<&str> {
    if let Some(rest) = rest.strip_prefix('<') {
        return rest.split('>').next();
    }
    rest.split([end, ' ']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("docs/guide.md", text),
            ("docs/adr/0001-one.md", ""),
            ("README.md", ""),
            ("docs/a b.md", ""),
        ]);
        find(&tree).into_iter().map(|found| format!("{}: {}", found.line, found.advice)).collect()
    }

    #[test]
    fn links_to_files_folders_anchors_and_the_web_are_fine() {
        let text = "[a](adr/0001-one.md#why) [b](../README.md) [c](adr/) [d](#here) [e](https://example.org/x)\n\
                    [f](mailto:a@example.org) [g](/README.md) [h](<a b.md>) [i](a%20b.md \"title\")\n[j]: adr/0001-one.md\n";
        assert!(found(text).is_empty(), "{:?}", found(text));
    }

    #[test]
    fn dead_links_are_found_with_their_lines() {
        let lines = found("# A\n\nsee [`code`](missing.md), ![x](adr/gone.png)\n\n[name]: nowhere.md\n");
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].starts_with("3: `missing.md` leads to no file"));
        assert!(lines[2].starts_with("5: "));
    }

    #[test]
    fn a_link_out_of_the_repository_is_found() {
        assert!(found("[a](../../other/x.md)")[0].contains("leaves the repository"));
    }

    #[test]
    fn code_holds_no_links() {
        assert!(found("`[a](missing.md)`\n```\n[b](missing.md)\n```\n").is_empty());
    }
}
