//! Suggestions while somebody types: searches that others made, categories, brands and products.
//!
//! What was there when they were last built is found by a map; what came since lies beside it and is looked through, so that a
//! product is suggested as soon as it is found.

mod built;

use std::collections::{HashMap, HashSet};

use tradepost_domain::kernel::ids::{CategoryId, ProductId};
use tradepost_port::search::{Change, ChangeKind, PopularQuery, SearchDocument, Suggestion, SuggestionKind};

use built::{Built, Entry, KINDS, Near, normal, starts};

/// Suggestions that are enough: with fewer, one letter may be wrong.
const ENOUGH: usize = 5;

/// Products that are suggested at most, the best selling ones.
const PRODUCTS_MAX: usize = 200_000;

/// Products that came or went since the last build, from which on it is made anew: at least so many, and a part of all.
const FRESH_MIN: usize = 2_000;
const FRESH_PART: usize = 16;

/// Characters that are looked at.
const TYPED_CHARS_MAX: usize = 60;

/// Everything that is suggested, and what it is made of.
#[derive(Default)]
pub struct Suggestions {
    products: HashMap<ProductId, (String, u64)>,
    brands: HashMap<String, (String, u64)>,
    categories: HashMap<CategoryId, (String, u64)>,
    queries: Vec<PopularQuery>,
    /// Brands and categories as they are compared.
    names: HashSet<String>,
    built: Option<Built>,
    /// The searches: they change by themselves, and are few.
    asked: Option<Built>,
    /// Counts what came and went.
    clock: u64,
    /// What came since the last build.
    fresh: Vec<Fresh>,
    /// References of products that went or changed since, with when that was.
    stale: HashMap<String, u64>,
}

/// A suggestion that came since the last build.
struct Fresh {
    /// When it came.
    at: u64,
    /// The beginnings of its words.
    starts: Vec<String>,
    entry: Entry,
}

/// Everything that is to be suggested, to be built while suggestions go on.
pub struct Draft {
    at: u64,
    entries: Vec<Entry>,
    names: HashSet<String>,
}

impl Draft {
    /// Builds it.
    pub fn build(self) -> Result<Ready, fst::Error> {
        Ok(Ready { at: self.at, built: Built::new(self.entries)?, names: self.names })
    }
}

/// Suggestions that are built.
pub struct Ready {
    at: u64,
    built: Built,
    names: HashSet<String>,
}

/// Entries of searches; one for a brand or a category by its name is suggested as that.
fn asked(queries: &[PopularQuery], names: &HashSet<String>) -> Vec<Entry> {
    let others = queries.iter().filter(|query| !names.contains(&normal(&query.text)));
    others.map(|query| entry_of(&query.text, SuggestionKind::Query, None, query.count)).collect()
}

impl Suggestions {
    /// Takes changes, which are suggested at once.
    pub fn take(&mut self, changes: &[Change]) {
        for change in changes {
            match &change.kind {
                ChangeKind::Upsert(document) => {
                    let known = self.products.contains_key(&document.id);
                    let fresh = self.note(document);
                    if known && !fresh.is_empty() {
                        self.forget(document.id);
                    }
                    let at = self.tick();
                    self.fresh.extend(fresh.into_iter().map(|entry| Fresh {
                        at,
                        starts: starts(&entry.suggestion.text),
                        entry,
                    }));
                }
                ChangeKind::Delete => {
                    if self.products.remove(&change.id).is_some() {
                        self.forget(change.id);
                    }
                }
                ChangeKind::Live(_) => {}
            }
        }
    }

    /// Takes a product, which is suggested from the next [`Self::build`] on; gives what it brought.
    pub fn note(&mut self, document: &SearchDocument) -> Vec<Entry> {
        let score = u64::try_from(document.popularity).unwrap_or_default();
        let known = self.products.insert(document.id, (document.title.clone(), score));
        if known.as_ref().is_some_and(|(title, known)| *title == document.title && *known == score) {
            return Vec::new();
        }
        let mut brought = vec![product(document.id, &document.title, score)];
        if known.is_some() {
            return brought;
        }
        // A brand and a category are worth what their products are.
        let worth = score.saturating_add(1);
        if let Some(brand) = &document.brand {
            let known = self.brands.contains_key(&brand.handle);
            count(self.brands.entry(brand.handle.clone()).or_default(), &brand.name, worth);
            let reference = Some(brand.handle.clone());
            brought.extend((!known).then(|| entry_of(&brand.name, SuggestionKind::Brand, reference, worth)));
        }
        for category in &document.categories {
            let known = self.categories.contains_key(&category.id);
            count(self.categories.entry(category.id).or_default(), &category.name, worth);
            let reference = Some(category.id.to_string());
            brought.extend(
                (!known).then(|| entry_of(&category.name, SuggestionKind::Category, reference, worth)),
            );
        }
        brought
    }

    /// Whether so much changed that all is to be built anew.
    pub fn is_to_be_built(&self) -> bool {
        let built = self.built.as_ref().map_or(0, Built::len);
        self.fresh.len().max(self.stale.len()) > FRESH_MIN.max(built / FRESH_PART)
    }

    /// Takes the searches that are suggested from now on.
    pub fn take_queries(&mut self, queries: Vec<PopularQuery>) -> Result<(), fst::Error> {
        self.asked = Some(Built::new(asked(&queries, &self.names))?);
        self.queries = queries;
        Ok(())
    }

    fn tick(&mut self) -> u64 {
        self.clock = self.clock.saturating_add(1);
        self.clock
    }

    /// What was said of a product holds no more.
    fn forget(&mut self, id: ProductId) {
        let reference = id.to_string();
        self.fresh.retain(|fresh| fresh.entry.suggestion.reference.as_ref() != Some(&reference));
        let at = self.tick();
        self.stale.insert(reference, at);
    }

    /// What the next build is made of.
    pub fn draft(&self) -> Draft {
        let mut products: Vec<(&ProductId, &(String, u64))> = self.products.iter().collect();
        if products.len() > PRODUCTS_MAX {
            products.select_nth_unstable_by_key(PRODUCTS_MAX, |(id, (_, score))| {
                (std::cmp::Reverse(*score), **id)
            });
            products.truncate(PRODUCTS_MAX);
        }
        let products = products.into_iter().map(|(id, (title, score))| product(*id, title, *score));
        let brands = self.brands.iter().map(|(handle, (name, score))| {
            entry_of(name, SuggestionKind::Brand, Some(handle.clone()), *score)
        });
        let categories = self.categories.iter().map(|(id, (name, score))| {
            entry_of(name, SuggestionKind::Category, Some(id.to_string()), *score)
        });
        let mut entries: Vec<Entry> = brands.chain(categories).collect();
        let names: HashSet<String> = entries.iter().map(|entry| normal(&entry.suggestion.text)).collect();
        entries.extend(products);
        Draft { at: self.clock, entries, names }
    }

    /// Suggests what was built; what came or went since its draft lies beside it still.
    pub fn install(&mut self, ready: Ready) -> Result<(), fst::Error> {
        self.fresh.retain(|fresh| fresh.at > ready.at);
        self.stale.retain(|_, at| *at > ready.at);
        self.built = Some(ready.built);
        self.names = ready.names;
        let queries = std::mem::take(&mut self.queries);
        self.take_queries(queries)
    }

    /// Ways to go on from what was typed, the best first.
    pub fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        let typed: String = typed.chars().take(TYPED_CHARS_MAX).collect();
        let typed = normal(&typed);
        if typed.is_empty() {
            return Vec::new();
        }
        let mut found = Found::default();
        let fresh =
            self.fresh.iter().filter(|fresh| fresh.starts.iter().any(|start| start.starts_with(&typed)));
        found.extend(fresh.map(|fresh| &fresh.entry));
        let built = || self.asked.iter().chain(&self.built);
        for built in built() {
            found.extend(self.still(built.beginning_with(&typed)));
        }
        if found.count() < ENOUGH.min(limit)
            && let Some(near) = Near::of(&typed)
        {
            found.nearer_end();
            for built in built() {
                found.extend(self.still(built.beginning_near(&near)));
            }
        }
        found.best(limit)
    }

    /// Without those that were built of what is no more.
    fn still<'a>(&'a self, entries: Vec<&'a Entry>) -> impl Iterator<Item = &'a Entry> {
        entries.into_iter().filter(|entry| {
            entry.suggestion.kind != SuggestionKind::Product
                || entry
                    .suggestion
                    .reference
                    .as_ref()
                    .is_none_or(|reference| !self.stale.contains_key(reference))
        })
    }
}

fn count((known, sum): &mut (String, u64), name: &str, worth: u64) {
    if known != name {
        name.clone_into(known);
    }
    *sum = sum.saturating_add(worth);
}

fn product(id: ProductId, title: &str, score: u64) -> Entry {
    entry_of(title, SuggestionKind::Product, Some(id.to_string()), score)
}

fn entry_of(text: &str, kind: SuggestionKind, reference: Option<String>, score: u64) -> Entry {
    Entry { suggestion: Suggestion { text: text.to_owned(), kind, reference }, score }
}

/// What was found, as it was typed and with an error.
#[derive(Default)]
struct Found<'a> {
    /// Each with whether it was found with an error.
    entries: Vec<(bool, &'a Entry)>,
    near: bool,
    texts: HashSet<(SuggestionKind, &'a str)>,
}

impl<'a> Found<'a> {
    fn extend(&mut self, entries: impl Iterator<Item = &'a Entry>) {
        for entry in entries {
            if self.texts.insert((entry.suggestion.kind, entry.suggestion.text.as_str())) {
                self.entries.push((self.near, entry));
            }
        }
    }

    /// What comes from here on has an error.
    fn nearer_end(&mut self) {
        self.near = true;
    }

    fn count(&self) -> usize {
        self.entries.len()
    }

    /// The best ones: half of them searches, then some of each kind as long as there are; those without an error first.
    fn best(mut self, limit: usize) -> Vec<Suggestion> {
        self.entries.sort_by(|(first_near, first), (second_near, second)| {
            let kind = |entry: &Entry| KINDS.iter().position(|kind| *kind == entry.suggestion.kind);
            (first_near, kind(first), second.score, &first.suggestion.text).cmp(&(
                second_near,
                kind(second),
                first.score,
                &second.suggestion.text,
            ))
        });
        let share = |kind: SuggestionKind| match kind {
            SuggestionKind::Query => limit.div_ceil(2),
            SuggestionKind::Category | SuggestionKind::Brand => limit.div_ceil(5),
            SuggestionKind::Product => limit,
        };
        let mut counts: HashMap<SuggestionKind, usize> = HashMap::new();
        let (within, beyond): (Vec<_>, Vec<_>) = self.entries.into_iter().partition(|(_, entry)| {
            let count = counts.entry(entry.suggestion.kind).or_default();
            *count = count.saturating_add(1);
            *count <= share(entry.suggestion.kind)
        });
        // What is beyond the share of its kind fills what is left.
        let mut shown: Vec<(bool, &Entry)> = within.into_iter().chain(beyond).take(limit).collect();
        shown.sort_by_key(|(near, _)| *near);
        shown.into_iter().map(|(_, entry)| entry.suggestion.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn build(suggestions: &mut Suggestions) {
        let ready = suggestions.draft().build().unwrap();
        suggestions.install(ready).unwrap();
    }

    fn upsert(document: SearchDocument) -> Change {
        Change { sequence: 1, id: document.id, kind: ChangeKind::Upsert(Box::new(document)) }
    }

    fn sold(title: &str, popularity: i64) -> SearchDocument {
        SearchDocument { popularity, ..samples::titled(title) }
    }

    fn texts(suggestions: &Suggestions, typed: &str) -> Vec<String> {
        suggestions.suggest(typed, 10).into_iter().map(|suggestion| suggestion.text).collect()
    }

    #[test]
    fn what_was_built_and_what_came_since_is_found_at_any_word_and_with_an_error() {
        let mut suggestions = Suggestions::default();
        suggestions.take(&[upsert(sold("Acme Espresso Machine", 5)), upsert(sold("Espresso Cups", 9))]);
        assert_eq!(texts(&suggestions, "espr"), ["Espresso Cups", "Acme Espresso Machine"]);
        build(&mut suggestions);
        assert_eq!(texts(&suggestions, "ESPR"), ["Espresso Cups", "Acme Espresso Machine"]);
        assert_eq!(texts(&suggestions, "espreso mach"), ["Acme Espresso Machine"]);
        suggestions.take(&[upsert(sold("Espresso Spoon", 7))]);
        assert_eq!(
            texts(&suggestions, "espresso"),
            ["Espresso Cups", "Espresso Spoon", "Acme Espresso Machine"]
        );
        let gone = samples::titled("Espresso Cups").id;
        suggestions.take(&[Change { sequence: 2, id: gone, kind: ChangeKind::Delete }]);
        assert_eq!(texts(&suggestions, "espresso"), ["Espresso Spoon", "Acme Espresso Machine"]);
        build(&mut suggestions);
        assert_eq!(texts(&suggestions, "espresso"), ["Espresso Spoon", "Acme Espresso Machine"]);
    }

    #[test]
    fn every_kind_is_shown_and_a_search_for_a_brand_is_the_brand() {
        let mut suggestions = Suggestions::default();
        let products = (0..20).map(|number| {
            let mut product = samples::product("Canon", "cameras", &[]);
            product.title = format!("Canon camera {number}");
            product.id = sold(&product.title, 0).id;
            upsert(product)
        });
        suggestions.take(&products.collect::<Vec<_>>());
        let query = |text: &str, count| PopularQuery { text: text.to_owned(), count };
        let queries = (0..20).map(|number| query(&format!("canon lens {number}"), number));
        suggestions.take_queries(queries.chain([query("canon", 900)]).collect()).unwrap();
        build(&mut suggestions);
        let found = suggestions.suggest("c", 10);
        let count = |kind| found.iter().filter(|suggestion| suggestion.kind == kind).count();
        assert_eq!(KINDS.map(count), [5, 1, 1, 3]);
        assert_eq!(found[0].text, "canon lens 19");
        assert!(!found.iter().any(|suggestion| suggestion.text == "canon"));
        // Searches come and go without a build of all the rest.
        suggestions.take_queries(vec![query("canon", 9), query("canon printer ink", 5)]).unwrap();
        let found = suggestions.suggest("c", 10);
        assert_eq!(found[0].text, "canon printer ink");
        assert_eq!(found.iter().filter(|suggestion| suggestion.kind == SuggestionKind::Query).count(), 1);
        assert_eq!(suggestions.suggest("pritner", 10)[0].text, "canon printer ink");
    }

    #[test]
    fn what_comes_and_goes_during_a_build_is_not_lost() {
        let mut suggestions = Suggestions::default();
        suggestions.take(&[upsert(sold("Tea Pot", 5)), upsert(sold("Tea Cup", 4))]);
        let ready = suggestions.draft().build().unwrap();
        let gone = samples::titled("Tea Pot").id;
        suggestions.take(&[
            upsert(sold("Tea Spoon", 1)),
            Change { sequence: 2, id: gone, kind: ChangeKind::Delete },
        ]);
        suggestions.install(ready).unwrap();
        assert_eq!(texts(&suggestions, "tea"), ["Tea Cup", "Tea Spoon"]);
    }

    #[test]
    fn nothing_breaks_it() {
        let mut suggestions = Suggestions::default();
        build(&mut suggestions);
        suggestions.take(&[upsert(sold("日本語 カメラ \u{0} 🎧", 1)), upsert(sold("", 1))]);
        for typed in ["", " ", "日本", "\u{0}", "🎧", "\u{ff}", "-"] {
            let _ = suggestions.suggest(typed, 5);
        }
        build(&mut suggestions);
        assert_eq!(texts(&suggestions, "カメ").len(), 1);
        assert!(suggestions.suggest("日", 0).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// The best suggestion of those that begin with what was typed comes first, however many there are.
        #[test]
        fn the_best_comes_first(
            products in proptest::collection::hash_map("[ab]{1,3}( [ab]{1,3}){0,2}", 0_i64..1_000, 1..1_200),
            typed in "[ab]{1,4}",
        ) {
            let mut suggestions = Suggestions::default();
            let changes: Vec<Change> =
                products.iter().map(|(title, popularity)| upsert(sold(title, *popularity))).collect();
            suggestions.take(&changes);
            build(&mut suggestions);
            let begins = |title: &str| title.split(' ').any(|word| word.starts_with(&typed));
            let best = products.iter().filter(|(title, _)| begins(title)).map(|(_, popularity)| *popularity).max();
            if let Some(best) = best {
                let first = suggestions.suggest(&typed, 5).remove(0);
                prop_assert_eq!(products[&first.text], best);
            }
        }
    }
}
