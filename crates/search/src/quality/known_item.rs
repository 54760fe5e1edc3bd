//! Queries whose words are known: a hit is right when it holds every word that was meant, and named right when its title and
//! brand alone do.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Bench, JUDGED_HITS, KnownItem, QualityError};
use tradepost_port::search::SearchDocument;

use crate::document::{attributes, types};
use crate::text;

/// How often hits were right, for one kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KindScore {
    /// Queries that were asked.
    pub asked: usize,
    /// Those whose first hit was right.
    pub right_at_1: usize,
    /// Those whose first hit was named right.
    pub named_at_1: usize,
    /// Those with a right hit among the first ten.
    pub right_at_10: usize,
}

/// The words of a product.
struct Words {
    name: HashSet<String>,
    all: HashSet<String>,
}

impl Words {
    fn of(document: &SearchDocument) -> Self {
        let brand = document.brand.iter().map(|brand| brand.name.as_str());
        let name: HashSet<String> = brand.chain([document.title.as_str()]).flat_map(plain_words).collect();
        let mut all = name.clone();
        all.extend(types(document).chain([document.description.as_str()]).flat_map(plain_words));
        all.extend(attributes(document).iter().flat_map(|attribute| plain_words(&attribute.value)));
        Self { name, all }
    }
}

/// What every product of a catalogue holds, to tell right hits by.
pub struct AnswerKey<'a>(HashMap<&'a str, Words>);

impl<'a> AnswerKey<'a> {
    /// Of products with the ids that the data gives them.
    pub fn of(documents: impl IntoIterator<Item = (&'a str, &'a SearchDocument)>) -> Self {
        Self(documents.into_iter().map(|(id, document)| (id, Words::of(document))).collect())
    }

    /// How a query was answered by these hits: the score of one that was asked once.
    pub fn mark<Id: AsRef<str>>(&self, item: &KnownItem, hits: &[Id]) -> KindScore {
        let meant: Vec<String> = plain_words(&item.meant).collect();
        let hits: Vec<&Words> = hits.iter().filter_map(|id| self.0.get(id.as_ref())).collect();
        let place = hits.iter().position(|hit| meant.iter().all(|word| hit.all.contains(word)));
        let named = hits.first().is_some_and(|hit| meant.iter().all(|word| hit.name.contains(word)));
        KindScore {
            asked: 1,
            right_at_1: usize::from(place == Some(0)),
            named_at_1: usize::from(named),
            right_at_10: usize::from(place.is_some()),
        }
    }
}

impl KindScore {
    /// Adds others to it.
    pub fn add(&mut self, other: &Self) {
        self.asked = self.asked.saturating_add(other.asked);
        self.right_at_1 = self.right_at_1.saturating_add(other.right_at_1);
        self.named_at_1 = self.named_at_1.saturating_add(other.named_at_1);
        self.right_at_10 = self.right_at_10.saturating_add(other.right_at_10);
    }
}

/// Asks queries for known products.
pub fn known_item(bench: &Bench, items: &[KnownItem]) -> Result<BTreeMap<String, KindScore>, QualityError> {
    let key = AnswerKey::of(bench.documents());
    let mut scores: BTreeMap<String, KindScore> = BTreeMap::new();
    for item in items {
        let mark = key.mark(item, &bench.ask(&item.typed, JUDGED_HITS)?);
        scores.entry(item.kind.clone()).or_default().add(&mark);
    }
    Ok(scores)
}

/// Runs of letters and digits: the measure's own idea of a word, which knows nothing of the one that is measured.
fn plain_words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(text::fold)
}
