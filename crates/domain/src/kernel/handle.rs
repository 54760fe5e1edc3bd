//! Handles: the readable names by which products, categories and collections are reached in URLs.

use std::fmt;
use std::str::FromStr;

use super::limits::HANDLE_LEN_MAX;

/// A name for URLs: lower-case letters and digits of any script, joined by single hyphens.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(String);

/// A text that is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Nothing is left, or nothing was given.
    #[error("a handle needs at least one letter or digit")]
    Empty,
    /// Longer than [`HANDLE_LEN_MAX`] characters.
    #[error("a handle has at most {HANDLE_LEN_MAX} characters")]
    TooLong,
    /// A character that a handle cannot hold.
    #[error("a handle holds lower-case letters, digits and single hyphens between them, not `{0}`")]
    Character(char),
}

impl Handle {
    /// Makes a handle of any text, as shops do with titles: lower case, everything else becomes a hyphen.
    ///
    /// Latin letters lose their accents (`Café` → `cafe`); letters of other scripts stay.
    pub fn from_title(title: &str) -> Result<Self, HandleError> {
        let cut: String = plain(title).chars().take(HANDLE_LEN_MAX).collect();
        let cut = cut.trim_end_matches('-');
        if cut.is_empty() { Err(HandleError::Empty) } else { Ok(Self(cut.to_owned())) }
    }

    /// Makes a handle of one that another shop has, with letters or signs that ours do not hold. It is not cut, for two
    /// that differ in their ends only would become one.
    pub fn from_foreign(handle: &str) -> Result<Self, HandleError> {
        let plain = plain(handle);
        match plain.trim_end_matches('-') {
            "" => Err(HandleError::Empty),
            long if long.chars().count() > HANDLE_LEN_MAX => Err(HandleError::TooLong),
            handle => Ok(Self(handle.to_owned())),
        }
    }

    /// The handle with a number behind it, for the second of the same name: `red-shoe` → `red-shoe-2`.
    #[must_use]
    pub fn with_suffix(&self, number: u32) -> Self {
        let suffix = format!("-{number}");
        let room = HANDLE_LEN_MAX.saturating_sub(suffix.len());
        let base: String = self.0.chars().take(room).collect();
        Self(format!("{}{suffix}", base.trim_end_matches('-')))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The letters and digits of a text in lower case, with single hyphens in the place of what stands between them.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(fold_letter).flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            plain.push(letter);
        } else if !matches!(letter, '\'' | '’') && !plain.is_empty() && !plain.ends_with('-') {
            // An apostrophe joins ("men's" → "mens"); all else parts.
            plain.push('-');
        }
    }
    plain
}

/// Latin letters with marks, as the plain letters they are read as.
fn fold_letter(letter: char) -> impl Iterator<Item = char> {
    let folded: &'static str = match letter {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'À' | 'Á' | 'Â' | 'Ã' | 'Å' => "a",
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ç' | 'č' | 'ć' | 'Ç' | 'Č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ě' | 'ę' | 'È' | 'É' | 'Ê' | 'Ë' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'Ì' | 'Í' | 'Î' | 'Ï' => "i",
        'ł' | 'Ł' => "l",
        'ñ' | 'ń' | 'Ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ø' => "o",
        'ö' | 'Ö' | 'œ' | 'Œ' => "oe",
        'ř' | 'Ř' => "r",
        'š' | 'ś' | 'Š' | 'Ś' => "s",
        'ß' => "ss",
        'ù' | 'ú' | 'û' | 'ů' | 'Ù' | 'Ú' | 'Û' => "u",
        'ü' | 'Ü' => "ue",
        'ý' | 'ÿ' | 'Ý' => "y",
        'ž' | 'ź' | 'ż' | 'Ž' => "z",
        '&' => "-and-",
        _ => "",
    };
    let own = if folded.is_empty() { Some(letter) } else { None };
    folded.chars().chain(own)
}

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, HandleError> {
        if text.is_empty() {
            return Err(HandleError::Empty);
        }
        if text.chars().count() > HANDLE_LEN_MAX {
            return Err(HandleError::TooLong);
        }
        let mut previous = '-';
        for letter in text.chars() {
            // Not `is_uppercase`: there are capitals without a small letter, such as 𝒩.
            let lower = letter.is_alphanumeric() && letter.to_lowercase().eq([letter]);
            if !(lower || letter == '_' || letter == '-' && previous != '-') {
                return Err(HandleError::Character(letter));
            }
            previous = letter;
        }
        if previous == '-' { Err(HandleError::Character('-')) } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for Handle {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Handle {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn titles_become_readable_handles() {
        for (title, handle) in [
            ("Men's Crème Brûlée Set", "mens-creme-brulee-set"),
            ("  Über--Größe & Co. ", "ueber-groesse-and-co"),
            ("スニーカー 42", "スニーカー-42"),
        ] {
            assert_eq!(Handle::from_title(title).unwrap().as_str(), handle);
        }
        assert_eq!(Handle::from_title("!!!"), Err(HandleError::Empty));
    }

    #[test]
    fn a_handle_with_other_characters_is_refused_by_name() {
        assert_eq!("a--b".parse::<Handle>(), Err(HandleError::Character('-')));
        assert_eq!("A".parse::<Handle>(), Err(HandleError::Character('A')));
        assert_eq!("a/b".parse::<Handle>(), Err(HandleError::Character('/')));
        assert_eq!("a-".parse::<Handle>(), Err(HandleError::Character('-')));
    }

    proptest! {
        #[test]
        fn every_handle_made_of_a_title_is_a_handle(title in "\\PC{0,300}") {
            if let Ok(handle) = Handle::from_title(&title) {
                prop_assert_eq!(handle.as_str().parse::<Handle>(), Ok(handle.clone()));
                prop_assert!(handle.with_suffix(17).as_str().parse::<Handle>().is_ok());
            }
        }
    }
}
