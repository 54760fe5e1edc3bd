//! What depends on the language: stems and words that say nothing.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, StopWordFilter, TextAnalyzer};
use tradepost_domain::kernel::Locale;

use super::stem;

/// Stems and stop words of one locale.
#[derive(Clone)]
pub struct Analyzer {
    code: String,
    language: Option<Language>,
    stemmer: Option<TextAnalyzer>,
    stop: Option<TextAnalyzer>,
}

impl Analyzer {
    /// Of the language of a locale; one that has neither stems nor stop words here keeps all words as they are.
    pub fn new(locale: &Locale) -> Self {
        let language = language(locale);
        let stemmer = language.filter(|language| *language != Language::English).map(|language| {
            TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(language)).build()
        });
        let stop = language
            .and_then(StopWordFilter::new)
            .map(|filter| TextAnalyzer::builder(RawTokenizer::default()).filter(filter).build());
        Self { code: locale.language().to_owned(), language, stemmer, stop }
    }

    /// The code of the language, such as `de`.
    pub fn language_code(&self) -> &str {
        &self.code
    }

    /// The stem of a folded word.
    pub fn stem(&self, word: &str) -> String {
        match (&self.stemmer, self.language) {
            (Some(stemmer), _) => first_token(stemmer, word).unwrap_or_else(|| word.to_owned()),
            (None, Some(_)) => stem::english(word),
            (None, None) => word.to_owned(),
        }
    }

    /// Whether a folded word says nothing by itself.
    pub fn is_stop_word(&self, word: &str) -> bool {
        self.stop.as_ref().is_some_and(|stop| first_token(stop, word).is_none())
    }
}

fn first_token(analyzer: &TextAnalyzer, word: &str) -> Option<String> {
    let mut analyzer = analyzer.clone();
    let mut stream = analyzer.token_stream(word);
    stream.advance().then(|| stream.token().text.clone())
}

fn language(locale: &Locale) -> Option<Language> {
    Some(match locale.language() {
        "ar" => Language::Arabic,
        "da" => Language::Danish,
        "nl" => Language::Dutch,
        "en" => Language::English,
        "fi" => Language::Finnish,
        "fr" => Language::French,
        "de" => Language::German,
        "el" => Language::Greek,
        "hu" => Language::Hungarian,
        "it" => Language::Italian,
        "nb" | "nn" | "no" => Language::Norwegian,
        "pt" => Language::Portuguese,
        "ro" => Language::Romanian,
        "ru" => Language::Russian,
        "es" => Language::Spanish,
        "sv" => Language::Swedish,
        "ta" => Language::Tamil,
        "tr" => Language::Turkish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyzer(locale: &str) -> Analyzer {
        Analyzer::new(&locale.parse().unwrap())
    }

    #[test]
    fn each_locale_has_its_own_stems_and_stop_words() {
        assert_eq!(analyzer("en-GB").stem("batteries"), "battery");
        assert_eq!(analyzer("de-DE").stem("lampen"), analyzer("de-DE").stem("lampe"));
        assert!(analyzer("en").is_stop_word("for") && !analyzer("en").is_stop_word("und"));
        assert!(analyzer("de").is_stop_word("und") && !analyzer("de").is_stop_word("for"));
    }

    #[test]
    fn a_language_that_is_not_known_keeps_its_words() {
        assert_eq!(analyzer("ja").stem("カメラ"), "カメラ");
        assert!(!analyzer("ja").is_stop_word("the"));
    }
}
