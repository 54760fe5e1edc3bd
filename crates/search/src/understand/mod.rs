//! Understands what a query asks for beside its words: "red running shoes under 50" is a colour, a category and a price.
//!
//! Deterministic and explainable: spans of the query that are in dictionaries mined from the catalogue, and a small
//! grammar of prices. What is not surely a condition stays a word.

mod colours;
pub(crate) mod cues;
mod dictionary;
mod lexer;
mod price;

pub use dictionary::{Dictionary, Trait};
use lexer::Token;

/// Bounds of a price in minor units, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PriceBounds {
    /// At least.
    pub min: Option<i64>,
    /// At most.
    pub max: Option<i64>,
}

/// What a span of the query means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A brand, a category or a value of an attribute, as the catalogue writes it.
    Is(Trait),
    /// One of several values of an attribute: the members of a family of colours.
    AnyOf(Vec<Trait>),
    /// Anything but this.
    Not(Trait),
    /// A price.
    Price(PriceBounds),
    /// Rather the cheap end of what is found, or the dear one: never a filter.
    Cheap,
    /// The opposite of cheap.
    Premium,
}

/// A condition that was found in the query. A shop shows it as a chip that can be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// The words that it was read from.
    pub text: String,
    /// Its place among all that was read.
    pub place: usize,
    /// What they mean.
    pub meaning: Meaning,
    /// How sure it is, 0 to 100: the weakest is dropped first when nothing is found.
    pub strength: u8,
}

/// A query that is understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Understanding {
    /// Conditions in the order of the query.
    pub chips: Vec<Chip>,
    /// Words that are left.
    pub words: Vec<Spoken>,
}

/// A word that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The word.
    pub text: String,
    /// Its place among all that was read.
    pub place: usize,
}

/// Understands a query with the dictionary of a catalogue whose prices have `exponent` decimal places.
pub fn understand(query: &str, dictionary: &Dictionary, exponent: u32) -> Understanding {
    let tokens = lexer::tokens(query);
    let mut understood = Understanding::default();
    let mut rest = tokens.as_slice();
    let mut place = 0_usize;
    while let [first, after_first @ ..] = rest {
        let (taken, chip) = next(rest, dictionary, exponent, &understood);
        if let Some(meaning) = chip {
            let (span, after) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
            let text = span.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ");
            understood.chips.push(Chip { text, place, strength: strength(&meaning), meaning });
            rest = after;
        } else {
            let word = || Spoken { text: first.text.clone(), place };
            understood.words.extend((!first.is_sign()).then(word));
            rest = after_first;
        }
        place = place.saturating_add(1);
    }
    one_category(&mut understood);
    if !understood.chips.is_empty() {
        understood.words.retain(|word| !dictionary.says(|cues| cues.joints, &word.text));
        understood.words.sort_by_key(|word| word.place);
    }
    understood
}

/// What the rest of a query begins with, and how many tokens that is.
fn next(
    rest: &[Token],
    dictionary: &Dictionary,
    exponent: u32,
    understood: &Understanding,
) -> (usize, Option<Meaning>) {
    let [first, after_first @ ..] = rest else { return (0, None) };
    // Brands before operators: "under armour" is one.
    if let Some((taken, brand)) = dictionary.brand(rest) {
        return (taken, Some(Meaning::Is(brand)));
    }
    if let Some((taken, bounds)) = price::read(rest, exponent, dictionary.cues()) {
        return (taken, Some(Meaning::Price(bounds)));
    }
    if dictionary.says(|cues| cues.negations, &first.text) || first.negated {
        let spoken = usize::from(!first.negated);
        let denied = if first.negated { rest } else { after_first };
        // Only what a product has can be denied; a brand or a category is a word like others here.
        if let Some((taken, found)) = dictionary.trait_of(denied).filter(|(_, found)| found.is_attribute()) {
            return (taken.saturating_add(spoken), Some(Meaning::Not(found)));
        }
        return (0, None);
    }
    if let Some((taken, found)) = dictionary.trait_of(rest) {
        let known = understood.chips.iter().any(|chip| chip.meaning == Meaning::Is(found.clone()));
        return (taken, (!known).then_some(Meaning::Is(found)));
    }
    if let Some((taken, family)) = dictionary.colour_family(rest) {
        return (taken, Some(Meaning::AnyOf(family)));
    }
    let word = first.text.as_str();
    let tone = dictionary.says(|cues| cues.cheap, word).then_some(Meaning::Cheap);
    let tone = tone.or_else(|| dictionary.says(|cues| cues.premium, word).then_some(Meaning::Premium));
    (1, tone)
}

fn strength(meaning: &Meaning) -> u8 {
    match meaning {
        Meaning::Price(_) => 90,
        Meaning::Is(Trait::Brand(_)) => 80,
        Meaning::Is(Trait::Category(_)) => 70,
        Meaning::Not(_) => 60,
        Meaning::Is(Trait::Attribute { .. }) => 50,
        Meaning::AnyOf(_) => 40,
        Meaning::Cheap | Meaning::Premium => 10,
    }
}

/// Of several categories the last one is meant, since it is the noun: in "kitchen knife" the other one is a word again.
fn one_category(understood: &mut Understanding) {
    let is_category = |chip: &Chip| matches!(chip.meaning, Meaning::Is(Trait::Category(_)));
    let count = understood.chips.iter().filter(|chip| is_category(chip)).count();
    let mut left = count.saturating_sub(1);
    let words = &mut understood.words;
    understood.chips.retain(|chip| {
        let dropped = left > 0 && is_category(chip);
        if dropped {
            left = left.saturating_sub(1);
            words.push(Spoken { text: chip.text.clone(), place: chip.place });
        }
        !dropped
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::product;

    fn dictionary() -> Dictionary {
        dictionary_in("en")
    }

    fn dictionary_in(locale: &str) -> Dictionary {
        let products = [
            product("Under Armour", "shirt", &[("Colour", "red"), ("Size", "M"), ("Gender", "women")]),
            product("Petal & Stem", "bouquet", &[("Colour", "burgundy"), ("Material", "rattan")]),
            product("Green Acre", "vegetables", &[("Colour", "green")]),
            product("Kitcraft", "kitchen", &[("Colour", "black"), ("Gender", "men")]),
            product("Kitcraft", "knife", &[("Colour", "grey")]),
        ];
        let mut dictionary = Dictionary::new(&crate::text::Analyzer::new(&locale.parse().unwrap()));
        for product in &products {
            dictionary.learn(product, true);
        }
        dictionary
    }

    fn read(query: &str) -> (Vec<String>, String) {
        read_in("en", query)
    }

    fn read_in(locale: &str, query: &str) -> (Vec<String>, String) {
        let understood = understand(query, &dictionary_in(locale), 2);
        let chips = understood.chips.iter().map(|chip| match &chip.meaning {
            Meaning::Is(found) => found.value().to_owned(),
            Meaning::Not(found) => format!("not {}", found.value()),
            Meaning::AnyOf(all) => all.iter().map(Trait::value).collect::<Vec<_>>().join("|"),
            Meaning::Price(bounds) => format!("{:?}..{:?}", bounds.min, bounds.max),
            Meaning::Cheap => "cheap".to_owned(),
            Meaning::Premium => "premium".to_owned(),
        });
        let words: Vec<&str> = understood.words.iter().map(|word| word.text.as_str()).collect();
        (chips.collect(), words.join(" "))
    }

    fn chips(query: &str) -> Vec<String> {
        read(query).0
    }

    #[test]
    fn brands_categories_colours_and_prices_are_found() {
        assert_eq!(
            chips("red shirts from petal & stem under $50"),
            ["red", "shirt", "Petal & Stem", "None..Some(5000)"]
        );
        assert_eq!(chips("women's shirt size m"), ["women", "shirt", "M"]);
        assert_eq!(chips("petal and stem bouquet"), ["Petal & Stem", "bouquet"]);
    }

    #[test]
    fn every_way_to_say_a_price_is_read() {
        for (said, bounds) in [
            ("below 90", "None..Some(9000)"),
            ("less than 60 dollars", "None..Some(6000)"),
            ("max 1,299.50 eur", "None..Some(129950)"),
            ("up to 2k", "None..Some(200000)"),
            ("<30", "None..Some(3000)"),
            ("over 62", "Some(6200)..None"),
            ("at least €5", "Some(500)..None"),
            ("between 9 and 20", "Some(900)..Some(2000)"),
            ("$10-$20", "Some(1000)..Some(2000)"),
            ("10 to 20 euros", "Some(1000)..Some(2000)"),
            ("around 100", "Some(8500)..Some(11500)"),
        ] {
            assert_eq!(chips(&format!("shirt {said}")), ["shirt", bounds], "{said}");
        }
    }

    #[test]
    fn prices_and_colours_are_said_in_the_language_of_the_shop() {
        for (locale, said, wanted) in [
            ("de", "unter 50 euro", "None..Some(5000)"),
            ("de", "bis 50", "None..Some(5000)"),
            ("de", "unter 50 €", "None..Some(5000)"),
            ("de", "höchstens 1.299,50 €", "None..Some(129950)"),
            ("de", "über 100 euro", "Some(10000)..None"),
            ("de", "ab 100", "Some(10000)..None"),
            ("de", "zwischen 50 und 100 euro", "Some(5000)..Some(10000)"),
            ("de", "von 50 bis 100", "Some(5000)..Some(10000)"),
            ("de", "under 50", "None..Some(5000)"),
            ("de", "rotes", "red"),
            ("de", "schwarze", "black"),
            ("fr-FR", "moins de 50", "None..Some(5000)"),
            ("fr", "jusqu'à 50 €", "None..Some(5000)"),
            ("fr", "à partir de 20", "Some(2000)..None"),
            ("fr", "entre 10 et 20", "Some(1000)..Some(2000)"),
            ("es", "más de 30", "Some(3000)..None"),
            ("es", "negra", "black"),
            ("it", "fino a 30", "None..Some(3000)"),
            ("nl", "minder dan 30", "None..Some(3000)"),
        ] {
            assert_eq!(read_in(locale, &format!("shirt {said}")).0, ["shirt", wanted], "{locale} {said}");
        }
        for (locale, said) in [
            ("en", "shirt unter 50"),
            ("de", "shirt ab 3 jahren"),
            ("de", "shirt bis zu 4 personen"),
            ("en", "rot shirt"),
        ] {
            assert_eq!(read_in(locale, said).0, ["shirt"], "{locale} {said}");
        }
        assert_eq!(read_in("de", "bouquet ohne rattan").0, ["bouquet", "not rattan"]);
        assert_eq!(read_in("de", "günstiges shirt").0, ["cheap", "shirt"]);
    }

    #[test]
    fn what_only_looks_like_a_condition_stays_a_word() {
        assert_eq!(chips("under armour shirt"), ["Under Armour", "shirt"]);
        assert_eq!(read("size 50 frame"), (vec![], "size 50 frame".to_owned()));
        assert_eq!(read("50 shades"), (vec![], "50 shades".to_owned()));
        assert_eq!(read("the north face"), (vec![], "the north face".to_owned()));
        assert_eq!(read("monitor over 27 inch").0, [""; 0]);
        assert_eq!(read("lamp under table").1, "lamp under table");
        assert_eq!(read("10-20 pack").0, [""; 0]);
    }

    #[test]
    fn a_brand_that_begins_with_a_colour_is_a_brand() {
        assert_eq!(chips("green acre vegetables"), ["Green Acre", "vegetables"]);
    }

    #[test]
    fn the_last_of_two_categories_is_meant() {
        assert_eq!(read("kitchen knife"), (vec!["knife".to_owned()], "kitchen".to_owned()));
    }

    #[test]
    fn what_a_product_has_can_be_denied_and_families_of_colours_are_known() {
        assert_eq!(chips("bouquet without rattan"), ["bouquet", "not rattan"]);
        assert_eq!(chips("shirt -red"), ["shirt", "not red"]);
        assert_eq!(chips("crimson shirt"), ["red", "shirt"]);
        assert_eq!(chips("cheap shirt"), ["cheap", "shirt"]);
    }

    #[test]
    fn errors_in_words_of_the_dictionary_are_forgiven() {
        assert_eq!(chips("burgandy bouqet"), ["burgundy", "bouquet"]);
    }

    #[test]
    fn nothing_breaks_it() {
        for query in [
            "",
            "-",
            "$",
            "under",
            "between 1 and",
            "< >",
            "$ $ $",
            "--red",
            "99999999999999999999 k",
            "under -5",
            "to to",
        ] {
            let _ = understand(query, &dictionary(), 2);
        }
    }
}
