//! Plain words of HTML and JSON, for the search and for search engines.

use serde_json::Value;
use tradepost_domain::catalog::product::JsonMap;

/// Entities that descriptions are full of; others stay as they are, which no search minds.
const ENTITIES: &[(&str, &str)] = &[
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&apos;", "'"),
    ("&nbsp;", " "),
];

/// The text of sanitised HTML: without tags, every run of white space as one space.
pub(crate) fn plain_text(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find(['<', '&']) {
        let (text, from_open) = rest.split_at(open);
        push_words(&mut plain, text);
        if let Some((entity, letter)) = ENTITIES.iter().find(|(entity, _)| from_open.starts_with(entity)) {
            push_words(&mut plain, letter);
            rest = from_open.strip_prefix(entity).unwrap_or_default();
        } else if let Some(tag) = from_open.strip_prefix('<') {
            // Without an end it is no tag but a sign.
            let (name, behind) = tag.split_once('>').unwrap_or(("", tag));
            if !is_inline(name) {
                push_words(&mut plain, " ");
            }
            rest = behind;
        } else {
            push_words(&mut plain, "&");
            rest = from_open.strip_prefix('&').unwrap_or_default();
        }
    }
    push_words(&mut plain, rest);
    plain.truncate(plain.trim_end().len());
    plain
}

/// Tags within a word: `H<sub>2</sub>O` is one.
fn is_inline(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
    ["a", "b", "i", "u", "em", "strong", "span", "sub", "sup", "small"].contains(&name)
}

fn push_words(plain: &mut String, text: &str) {
    for letter in text.chars() {
        if !letter.is_whitespace() {
            plain.push(letter);
        } else if !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
    }
}

/// The beginning of a text, at most `len_max` characters, cut between words where there are any.
pub(super) fn excerpt(text: &str, len_max: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(len_max) else { return text.to_owned() };
    // One character for the ellipsis.
    let end = text.char_indices().nth(len_max.saturating_sub(1)).map_or(cut, |(end, _)| end);
    let (head, _) = text.split_at(end);
    let words = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{}…", words.trim_end_matches([' ', ',', '.', ';', ':']))
}

/// The texts of a JSON object, in the order of its keys. Numbers and yes or no are for filters.
pub(super) fn words_of(map: &JsonMap) -> Vec<&str> {
    let mut words = Vec::new();
    map.values().for_each(|value| gather(value, &mut words));
    words
}

fn gather<'a>(value: &'a Value, words: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => words.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(map) => map.values().for_each(|item| gather(item, words)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_becomes_words() {
        for (html, plain) in [
            (
                "<p>Warm &amp; dry.</p>\n<ul><li>H<sub>2</sub>O</li><li>proof</li></ul>",
                "Warm & dry. H2O proof",
            ),
            ("a < b & c &copy; d", "a b & c &copy; d"),
            ("fish &amp;amp; chips", "fish &amp; chips"),
            ("", ""),
            ("<p>&nbsp;</p>", ""),
            ("tail<", "tail"),
        ] {
            assert_eq!(plain_text(html), plain, "{html}");
        }
    }

    #[test]
    fn an_excerpt_ends_between_words_and_within_its_length() {
        assert_eq!(excerpt("short", 10), "short");
        assert_eq!(excerpt("warm, dry and light", 10), "warm…");
        assert_eq!(excerpt("warm and dry things", 12), "warm and…");
        assert_eq!(excerpt("näßéñçøðþ and", 5), "näßé…");
    }
}
