//! Which text-search configuration of PostgreSQL serves a language. Fragments and queries must use the same one.

use tradepost_domain::kernel::Locale;

/// A text-search configuration that PostgreSQL brings along: its stemmer and stop words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextSearchConfig {
    /// Words as they are, in lower case: for languages without a stemmer.
    Simple,
    /// Arabic.
    Arabic,
    /// Danish.
    Danish,
    /// Dutch.
    Dutch,
    /// English.
    English,
    /// Finnish.
    Finnish,
    /// French.
    French,
    /// German.
    German,
    /// Greek.
    Greek,
    /// Hungarian.
    Hungarian,
    /// Italian.
    Italian,
    /// Norwegian.
    Norwegian,
    /// Portuguese.
    Portuguese,
    /// Romanian.
    Romanian,
    /// Russian.
    Russian,
    /// Spanish.
    Spanish,
    /// Swedish.
    Swedish,
    /// Turkish.
    Turkish,
}

impl TextSearchConfig {
    /// The configuration for texts and queries of a locale.
    pub fn of(locale: &Locale) -> Self {
        match locale.language() {
            "ar" => Self::Arabic,
            "da" => Self::Danish,
            "nl" => Self::Dutch,
            "en" => Self::English,
            "fi" => Self::Finnish,
            "fr" => Self::French,
            "de" => Self::German,
            "el" => Self::Greek,
            "hu" => Self::Hungarian,
            "it" => Self::Italian,
            "no" | "nb" | "nn" => Self::Norwegian,
            "pt" => Self::Portuguese,
            "ro" => Self::Romanian,
            "ru" => Self::Russian,
            "es" => Self::Spanish,
            "sv" => Self::Swedish,
            "tr" => Self::Turkish,
            _ => Self::Simple,
        }
    }

    /// The name in the database: a parameter that is cast to `regconfig`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "pg_catalog.simple",
            Self::Arabic => "pg_catalog.arabic",
            Self::Danish => "pg_catalog.danish",
            Self::Dutch => "pg_catalog.dutch",
            Self::English => "pg_catalog.english",
            Self::Finnish => "pg_catalog.finnish",
            Self::French => "pg_catalog.french",
            Self::German => "pg_catalog.german",
            Self::Greek => "pg_catalog.greek",
            Self::Hungarian => "pg_catalog.hungarian",
            Self::Italian => "pg_catalog.italian",
            Self::Norwegian => "pg_catalog.norwegian",
            Self::Portuguese => "pg_catalog.portuguese",
            Self::Romanian => "pg_catalog.romanian",
            Self::Russian => "pg_catalog.russian",
            Self::Spanish => "pg_catalog.spanish",
            Self::Swedish => "pg_catalog.swedish",
            Self::Turkish => "pg_catalog.turkish",
        }
    }
}
