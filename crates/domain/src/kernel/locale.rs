//! Locales: the language of a text, with a region where it matters (`en`, `de-AT`).
//!
//! The accepted shape is the part of BCP 47 that shops use: a language of two or three letters and, optionally, a
//! region of two letters or three digits.

use std::fmt;
use std::str::FromStr;

/// A language, or a language as written in a region.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Locale(String);

/// A text that is no locale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a locale such as `en` or `de-AT`")]
pub struct LocaleError;

impl Locale {
    /// English without a region.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The whole tag, as in `de-AT`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, as in `de`.
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// The locales in which a text is looked for, best first: the locale, its language, then `fallback` likewise.
    pub fn chain<'a>(&'a self, fallback: &'a Self) -> impl Iterator<Item = &'a str> {
        let mut seen: Vec<&str> = Vec::with_capacity(4);
        for tag in [self.as_str(), self.language(), fallback.as_str(), fallback.language()] {
            if !seen.contains(&tag) {
                seen.push(tag);
            }
        }
        seen.into_iter()
    }
}

impl FromStr for Locale {
    type Err = LocaleError;

    /// Reads any case and writes the usual one: `DE-at` becomes `de-AT`.
    fn from_str(text: &str) -> Result<Self, LocaleError> {
        let (language, region) = match text.split_once('-') {
            Some((language, region)) => (language, Some(region)),
            None => (text, None),
        };
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !(2..=3).contains(&language.len()) || !letters(language) {
            return Err(LocaleError);
        }
        let mut tag = language.to_ascii_lowercase();
        if let Some(region) = region {
            let digits = region.bytes().all(|byte| byte.is_ascii_digit());
            if !(region.len() == 2 && letters(region) || region.len() == 3 && digits) {
                return Err(LocaleError);
            }
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        Ok(Self(tag))
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Locale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl serde::Serialize for Locale {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Locale {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_is_read_in_any_case_and_written_in_one() {
        for (text, tag) in [("en", "en"), ("DE-at", "de-AT"), ("es-419", "es-419"), ("haw", "haw")] {
            assert_eq!(text.parse::<Locale>().unwrap().as_str(), tag);
        }
    }

    #[test]
    fn what_is_no_locale_is_refused() {
        for text in ["", "e", "english", "de_AT", "de-", "de-A", "de-AT-x", "d1", "de-41"] {
            assert_eq!(text.parse::<Locale>(), Err(LocaleError), "{text:?}");
        }
    }

    #[test]
    fn fallback_goes_from_region_to_language_to_the_channels_own() {
        let (wanted, fallback): (Locale, Locale) = ("de-AT".parse().unwrap(), "en-US".parse().unwrap());
        assert_eq!(wanted.chain(&fallback).collect::<Vec<_>>(), ["de-AT", "de", "en-US", "en"]);
        assert_eq!(fallback.chain(&fallback).collect::<Vec<_>>(), ["en-US", "en"]);
    }
}
