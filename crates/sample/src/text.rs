//! Titles and descriptions in English and German. Sentences are written for their type in the vocabulary; here
//! they are chosen, filled and put into paragraphs, so that no sentence is built from parts that might not agree.

use crate::attribute::{Drawn, Language, ProductFacts};
use crate::generate::Draft;
use crate::model::AttributeValue;
use crate::rng::Rng;
use crate::template::{applicable, capital, escape, fill};
use crate::vocabulary::VOCABULARY;

/// The sentences and features of a product in both languages.
#[derive(Debug, Default)]
pub(crate) struct Paragraphs {
    pub(crate) english: Vec<String>,
    pub(crate) german: Vec<String>,
    pub(crate) features: Vec<String>,
    pub(crate) features_de: Vec<String>,
}

fn facts(draft: &Draft, language: Language) -> ProductFacts<'_> {
    let Draft { kind, brand, model, drawn, .. } = draft;
    ProductFacts { kind, brand: &brand.name, model, drawn, language }
}

/// The words in front of the noun: at most two, in the order of the schema.
fn title_words(draft: &Draft) -> Vec<&(String, String)> {
    let keep = usize::try_from(draft.stream("title").between(1, 2)).unwrap_or(1);
    draft.drawn.iter().filter_map(|drawn| drawn.title.as_ref()).take(keep).collect()
}

/// `Nordvik Ridge 2 Waterproof Hiking Boot`.
pub(crate) fn title(draft: &Draft) -> String {
    if let Some(form) = &draft.kind.title {
        return undoubled(&fill(form, &facts(draft, Language::English)));
    }
    let mut words = vec![draft.brand.name.as_str(), &draft.model];
    words.extend(title_words(draft).iter().map(|words| words.0.as_str()));
    words.push(&draft.kind.noun);
    undoubled(&words.join(" "))
}

/// `Nordvik Ridge 2 Wanderschuh, wasserdicht`: German puts the words behind, where they are not inflected.
pub(crate) fn title_de(draft: &Draft) -> String {
    if let Some(form) = &draft.kind.title_de {
        return undoubled(&fill(form, &facts(draft, Language::German)));
    }
    let mut words = vec![format!("{} {} {}", draft.brand.name, draft.model, draft.kind.noun_de)];
    words.extend(title_words(draft).iter().map(|words| words.1.clone()));
    undoubled(&words.join(", "))
}

/// The text without a word that stands there twice in a row, since a model may be called what the noun begins with
/// (`Trail Trail Running Shoe`). The second one stays, with the sign behind it.
fn undoubled(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_word = |word: &str| word.chars().next().is_some_and(char::is_alphabetic);
    let bare = |word: &str| word.trim_end_matches([',', ';', ':', '.']).to_lowercase();
    let doubled = |(place, word): (usize, &&str)| {
        let next = words.get(place.saturating_add(1));
        is_word(word) && next.is_some_and(|next| bare(next) == word.to_lowercase())
    };
    let kept = words.iter().enumerate().filter(|place| !doubled(*place)).map(|(_, word)| *word);
    kept.collect::<Vec<_>>().join(" ")
}

/// One of the sentences that hold for the product.
fn choose(sentences: &[String], facts: &ProductFacts<'_>, rng: &mut Rng) -> Option<String> {
    let holding: Vec<&str> = sentences.iter().filter_map(|sentence| applicable(sentence, facts)).collect();
    rng.pick(&holding).map(|sentence| format!("{} ", fill(sentence, facts)))
}

/// Two to four sentences, and the features, in English and German.
pub(crate) fn description(draft: &Draft) -> Paragraphs {
    let mut rng = draft.stream("description");
    let style = VOCABULARY.styles.get(&draft.brand.style);
    let (with_use, with_style) = (rng.chance(70), rng.chance(45));
    let english = facts(draft, Language::English);
    let german = facts(draft, Language::German);
    let kind = draft.kind;
    let mut paragraphs = Paragraphs::default();
    paragraphs.english.extend(choose(&kind.open, &english, &mut rng));
    paragraphs.english.extend(choose(&kind.detail, &english, &mut rng));
    if with_use {
        paragraphs.english.extend(choose(&kind.usage, &english, &mut rng));
    }
    paragraphs.german.extend(choose(&kind.open_de, &german, &mut rng));
    paragraphs.german.extend(choose(&kind.detail_de, &german, &mut rng));
    if let Some(style) = style.filter(|_| with_style) {
        paragraphs.english.extend(choose(&style.en, &english, &mut rng));
        paragraphs.german.extend(choose(&style.de, &german, &mut rng));
    }
    paragraphs.features = draft.drawn.iter().filter_map(|drawn| feature(drawn, Language::English)).collect();
    paragraphs.features_de =
        draft.drawn.iter().filter_map(|drawn| feature(drawn, Language::German)).collect();
    paragraphs.features.push(format!("Model: {}", draft.number));
    paragraphs.features_de.push(format!("Modell: {}", draft.number));
    paragraphs
}

/// `Upper material: suede`, `Waterproof`; nothing for what a product does not have.
fn feature(drawn: &Drawn, language: Language) -> Option<String> {
    let label = language.of(&drawn.label);
    match drawn.value {
        AttributeValue::Boolean(holds) => holds.then(|| label.to_owned()),
        _ => Some(format!("{label}: {}", language.of(&drawn.words))),
    }
}

/// The sentences in one or two paragraphs (never one that stands alone after three), then the list.
pub(crate) fn html(sentences: &[String], features: &[String]) -> String {
    let split = if sentences.len() > 3 { 2 } else { sentences.len() };
    let (first, second) = sentences.split_at_checked(split).unwrap_or((sentences, &[]));
    let mut html = String::new();
    for part in [first, second] {
        if !part.is_empty() {
            html.extend(["<p>", &escape(part.concat().trim_end()), "</p>"]);
        }
    }
    html.push_str("<ul>");
    for item in features {
        html.extend(["<li>", &escape(&capital(item)), "</li>"]);
    }
    html.push_str("</ul>");
    html
}

/// The title, with the name of the type behind it if there is room in 70 characters.
pub(crate) fn seo_title(draft: &Draft, title: &str) -> String {
    let long = format!("{title} – {}", draft.kind.name);
    if long.chars().count() <= 70 { long } else { cut(title, 70) }
}

/// The text up to its last whole sentence, or else its last whole word, within so many characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let text = text.trim_end();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most).collect();
    if let Some((sentences, _)) = head.rsplit_once(". ").filter(|(sentences, _)| sentences.len() * 2 > most) {
        return format!("{sentences}.");
    }
    let room: String = head.chars().take(most.saturating_sub(1)).collect();
    let words = room.rsplit_once(' ').map_or(room.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_twice_in_a_row_stands_once() {
        assert_eq!(undoubled("Interval Trail Trail Running Shoe"), "Interval Trail Running Shoe");
        assert_eq!(undoubled("Oliveto Nove nove, No. 7"), "Oliveto nove, No. 7");
        assert_eq!(undoubled("Fell 2 2 Person Tent"), "Fell 2 2 Person Tent");
    }

    #[test]
    fn cut_ends_with_a_sentence_or_a_word_and_never_exceeds_the_limit() {
        assert_eq!(cut("One two. Three four five", 13), "One two.");
        assert_eq!(cut("Onetwothree four five", 18), "Onetwothree four…");
        assert_eq!(cut("Short.", 10), "Short.");
    }
}
