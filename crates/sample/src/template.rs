//! Sentences with holes: `{name}` is filled from what is known of the product, and a sentence may open with a
//! condition, `[waterproof]`, `[!waterproof]` or `[material=wool]`, without which it is not used.

/// Answers what a placeholder or a condition asks for.
pub(crate) trait Facts {
    /// The words for a placeholder.
    fn words(&self, key: &str) -> Option<String>;
    /// Whether the key is true (a boolean) or, with a value, equal to it.
    fn holds(&self, key: &str, value: Option<&str>) -> bool;
}

/// The sentence without its condition, if the condition holds.
pub(crate) fn applicable<'a>(sentence: &'a str, facts: &impl Facts) -> Option<&'a str> {
    let Some((condition, rest)) = sentence.strip_prefix('[').and_then(|inner| inner.split_once(']')) else {
        return Some(sentence);
    };
    let (wanted, condition) = condition.strip_prefix('!').map_or((true, condition), |inner| (false, inner));
    let (key, value) = condition.split_once('=').map_or((condition, None), |(key, value)| (key, Some(value)));
    (facts.holds(key, value) == wanted).then(|| rest.trim_start())
}

/// The sentence with its holes filled and a capital at its start. A placeholder nobody knows stays as it is,
/// where a test finds it.
pub(crate) fn fill(sentence: &str, facts: &impl Facts) -> String {
    let mut filled = String::with_capacity(sentence.len() * 2);
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((key, tail)) = after.split_once('}') else {
            rest = after;
            break;
        };
        match facts.words(key) {
            Some(words) => filled.push_str(&words),
            None => filled.extend(["{", key, "}"]),
        }
        rest = tail;
    }
    filled.push_str(rest);
    capital(&filled)
}

/// The text with its first letter in upper case.
pub(crate) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Text that is safe between tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Boot;
    impl Facts for Boot {
        fn words(&self, key: &str) -> Option<String> {
            (key == "material").then(|| "leather".to_owned())
        }
        fn holds(&self, key: &str, value: Option<&str>) -> bool {
            key == "waterproof" || (key == "material" && value == Some("leather"))
        }
    }

    #[test]
    fn a_sentence_is_used_only_where_its_condition_holds() {
        assert_eq!(applicable("[waterproof] Dry.", &Boot), Some("Dry."));
        assert_eq!(applicable("[!waterproof] Airy.", &Boot), None);
        assert_eq!(applicable("[material=wool] Warm.", &Boot), None);
        assert_eq!(applicable("Plain.", &Boot), Some("Plain."));
    }

    #[test]
    fn holes_are_filled_and_unknown_ones_stay_visible() {
        assert_eq!(fill("{material} and {other}", &Boot), "Leather and {other}");
    }
}
