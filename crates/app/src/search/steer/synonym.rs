//! Synonyms: words that mean the same to whoever searches in a language.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tradepost_domain::kernel::ids::SearchSynonymId;
use tradepost_domain::kernel::issue::check_line;
use tradepost_domain::kernel::{Handle, Issue, Locale};
use tradepost_port::search::{SYNONYM_WORDS_MAX, Synonym};
use tradepost_store::pricing::rule::{RuleTable, SEARCH_SYNONYM};
use utoipa::ToSchema;

use crate::change::Kind;
use crate::pricing::common_issues;
use crate::pricing::rule::{PatchOf, RuleFields, RuleView, rule_kind};

/// Synonyms of a shop: every shelf holds those of its locale.
const SYNONYMS_MAX: i64 = 5_000;
/// Texts of one synonym.
const TEXTS_MAX: usize = 20;
/// Characters of a text.
const TEXT_LEN_MAX: usize = 100;

/// A synonym of search to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchSynonymCreate {
    /// Name as staff see it.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in configuration; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// Language in which it holds: `en` holds for `en-GB` as well.
    #[schema(value_type = String, example = "en")]
    pub locale: Locale,
    /// What is searched for: one-way, this also finds `texts`, but they do not find this. When absent, each of `texts` finds
    /// all others.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "phone")]
    pub from: Option<String>,
    /// Texts of one to four words. Two at least where `from` is absent.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 20, example = json!(["sofa", "couch"]))]
    pub texts: Vec<String>,
}

/// A synonym of search as staff see it.
pub type SearchSynonymView = RuleView<SearchSynonymCreate>;
/// What to change of a synonym of search.
pub type SearchSynonymPatch = PatchOf<SearchSynonymCreate>;

impl SearchSynonymCreate {
    /// As search takes it, if it holds in a locale.
    pub(super) fn for_locale(&self, locale: &Locale) -> Option<Synonym> {
        let holds = self.locale == *locale || self.locale.as_str() == locale.language();
        holds.then(|| match &self.from {
            Some(from) => Synonym::OneWay { from: from.clone(), to: self.texts.clone() },
            None => Synonym::TwoWay(self.texts.clone()),
        })
    }
}

/// Checks what is said or meant: some words in one line.
pub(super) fn text_issue(path: &str, text: &str, words_max: usize) -> Option<Issue> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).count();
    check_line(path, text, TEXT_LEN_MAX, true).or_else(|| {
        let fits = (1..=words_max).contains(&words);
        (!fits).then(|| Issue::new(path, "invalid_words", format!("a text has one to {words_max} words")))
    })
}

impl RuleFields for SearchSynonymCreate {
    type Id = SearchSynonymId;
    const TABLE: RuleTable = SEARCH_SYNONYM;
    const KIND: Kind = rule_kind!("search_synonym", "/api/admin/search/synonyms");
    const COUNT_MAX: Option<i64> = Some(SYNONYMS_MAX);

    fn name(&self) -> &str {
        &self.name
    }

    fn handle_mut(&mut self) -> &mut Option<Handle> {
        &mut self.handle
    }

    fn least() -> Value {
        json!({"name": "x", "locale": "en", "texts": ["x", "y"]})
    }

    fn issues(&self) -> Vec<Issue> {
        let mut issues = common_issues(&self.name, None, None);
        let least = if self.from.is_some() { 1 } else { 2 };
        if !(least..=TEXTS_MAX).contains(&self.texts.len()) {
            let words = format!("a synonym has {least} to {TEXTS_MAX} texts");
            issues.push(Issue::new("$.texts", "invalid_count", words));
        }
        issues.extend(self.from.as_ref().and_then(|from| text_issue("$.from", from, SYNONYM_WORDS_MAX)));
        for (index, text) in self.texts.iter().enumerate() {
            issues.extend(text_issue(&format!("$.texts[{index}]"), text, SYNONYM_WORDS_MAX));
            let said = |other: &String| other.trim().to_lowercase() == text.trim().to_lowercase();
            if self.texts.iter().take(index).chain(&self.from).any(said) {
                issues.push(Issue::new(
                    format!("$.texts[{index}]"),
                    "duplicate_value",
                    "this text is there twice",
                ));
            }
        }
        issues
    }
}
