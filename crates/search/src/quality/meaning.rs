//! Queries whose conditions are known: the ones that are understood must be exactly those.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tradepost_domain::kernel::Locale;
use tradepost_port::search::SearchDocument;

use super::{Bench, Meant, PRICE_EXPONENT};
use crate::knowledge::Knowledge;
use crate::understand::{Dictionary, Meaning, Trait, understand};

const MINOR_UNITS: i64 = 100;

/// How often conditions were understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Understood {
    /// Queries that were asked.
    pub asked: usize,
    /// Those of which exactly what was meant was understood.
    pub exact: usize,
    /// The others.
    pub missed: Vec<String>,
}

/// Understands all queries.
pub fn understood(bench: &Bench, meant: &[Meant]) -> Understood {
    understood_among(&bench.documents, meant)
}

/// The same with what is learnt of these products.
pub fn understood_among(documents: &[SearchDocument], meant: &[Meant]) -> Understood {
    let knowledge = Knowledge::of_all(documents, &Locale::english());
    let mut score = Understood { asked: meant.len(), ..Understood::default() };
    for Meant { query, filters } in meant {
        if conditions(query, &knowledge.dictionary) == *filters {
            score.exact = score.exact.saturating_add(1);
        } else {
            score.missed.push(query.clone());
        }
    }
    score
}

/// The conditions of a query in the words of the data.
fn conditions(query: &str, dictionary: &Dictionary) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for chip in understand(query, dictionary, PRICE_EXPONENT).chips {
        match chip.meaning {
            Meaning::Is(Trait::Brand(name)) => {
                found.insert("brand".to_owned(), json!(name));
            }
            Meaning::Is(Trait::Category(name)) => {
                found.insert("style".to_owned(), json!(name));
            }
            Meaning::Is(Trait::Attribute { name, value }) => {
                found.insert(name.to_lowercase(), json!(value));
            }
            Meaning::Price(bounds) => {
                for (name, price) in [("price_min", bounds.min), ("price_max", bounds.max)] {
                    // The data has whole amounts.
                    let whole = price.and_then(|price| price.checked_div(MINOR_UNITS));
                    found.extend(whole.map(|price| (name.to_owned(), json!(price))));
                }
            }
            Meaning::AnyOf(_) | Meaning::Not(_) => {
                found.insert("other".to_owned(), json!(chip.text));
            }
            Meaning::Cheap | Meaning::Premium => {}
        }
    }
    found
}
