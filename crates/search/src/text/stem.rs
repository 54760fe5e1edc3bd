//! Stems of English words: only what makes plurals, so that different things never meet in one stem.
//!
//! The well-known stemmers go further ("organ" and "organization", "university" and "universe" are one), which costs a
//! shop more than it brings.

/// The stem of an English word: "batteries" is "battery", "cases" is "case", "glasses" is "glass".
pub fn english(word: &str) -> String {
    if word.len() < 4 || !word.is_ascii() || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies")
        && word.len() > 4
    {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").unwrap_or(word).to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::english;

    #[test]
    fn plurals_meet_their_singulars() {
        for (plural, singular) in [
            ("batteries", "battery"),
            ("cases", "case"),
            ("glasses", "glass"),
            ("brushes", "brush"),
            ("watches", "watch"),
            ("boxes", "box"),
            ("headphones", "headphone"),
            ("shoes", "shoe"),
        ] {
            assert_eq!(english(plural), english(singular), "{plural}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        for word in ["bus", "glass", "virus", "gas", "usb", "lens2s", "tennis"] {
            assert_eq!(english(word), word);
        }
    }
}
