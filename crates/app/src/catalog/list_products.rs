//! Lists products: a search for ids, and the joining of finished cards.
//!
//! The whole answer is kept by its question for one epoch of the catalogue: a page that somebody has asked for costs the
//! next one a look-up.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use tradepost_domain::catalog::product_query::{AttributeTest, Filter, Position, Sort, SortKey};
use tradepost_domain::kernel::ids::{CategoryId, CollectionId, CustomerGroupId, ProductId, SearchQueryId};
use tradepost_domain::kernel::limits::{PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX};
use tradepost_port::search::{Hit, SearchError};
use tradepost_store::StoreError;
use tradepost_store::catalog::{fragment, redirect};

use super::cache::Stamp;
use super::cursor::{self, KeyKind, Question};
use super::digest::{self, Card};
use super::projection::{CARD_EXPANSIONS, CARD_FIELDS, ObjectWriter};
use super::{Catalog, Document, Reference, Searched, Shopper};
use crate::search::log::Outcome;
use crate::search::personal::Place;
use crate::search::views::StepView;
use crate::search::{Answerer, Asked, FacetChoice, Found, find};

/// Which products, in what order, and how much of each.
#[derive(Debug, Clone, PartialEq)]
pub struct ListProducts {
    /// Words.
    pub text: Option<String>,
    /// In this category or below it.
    pub category: Option<Reference<CategoryId>>,
    /// In this collection.
    pub collection: Option<Reference<CollectionId>>,
    /// Conditions, all of which must hold.
    pub filters: Vec<Filter>,
    /// Order.
    pub sort: Sort,
    /// Cards at most, 1 to 100.
    pub limit: u32,
    /// Where the page before this one ended.
    pub cursor: Option<String>,
    /// Whether to count all products.
    pub count: bool,
    /// What the products are told apart by.
    pub facets: FacetChoice,
    /// Whether conditions are read out of the words, and told.
    pub understand: bool,
    /// Texts that no condition is to be read from.
    pub as_words: Vec<String>,
    /// Groups of customers that the shopper is of, as far as rules of search are for them, in their order.
    pub groups: Vec<CustomerGroupId>,
    /// Only these fields of each card.
    pub fields: Option<Vec<String>>,
    /// These fields of the product's page as well.
    pub expand: Vec<String>,
}

impl Default for ListProducts {
    fn default() -> Self {
        Self {
            text: None,
            category: None,
            collection: None,
            filters: Vec::new(),
            sort: Sort::Relevance,
            limit: PAGE_LIMIT_DEFAULT,
            cursor: None,
            count: false,
            facets: FacetChoice::None,
            understand: false,
            as_words: Vec::new(),
            groups: Vec::new(),
            fields: None,
            expand: Vec::new(),
        }
    }
}

/// Why products could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListProductsError {
    /// A card has no such field.
    #[error("cards have no field `{name}`")]
    UnknownField {
        /// The name.
        name: String,
    },
    /// Cards cannot be widened by it.
    #[error("cards cannot be expanded by `{name}`")]
    UnknownExpansion {
        /// The name.
        name: String,
    },
    /// The cursor is garbage or belongs to another list.
    #[error("the cursor is not one of this list")]
    InvalidCursor,
    /// Facets cannot be counted: the database is the search of the shop.
    #[error("this shop's search counts no facets")]
    FacetsUnavailable,
    /// There is no such category.
    #[error("there is no such category")]
    CategoryNotFound,
    /// There is no such collection.
    #[error("there is no such collection")]
    CollectionNotFound,
    /// The search is away, overloaded or failed.
    #[error("products cannot be listed")]
    Search(#[from] SearchError),
    /// What was found cannot be written as JSON.
    #[error("the list cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists products as `{"data":[card, …],"page":{"next","has_more","limit"}}`, with `total` if it was to be counted, and behind them
/// `facets`, `query` and `degraded` where there are such.
pub async fn list_products(
    catalog: &Catalog,
    shopper: &Shopper,
    mut command: ListProducts,
) -> Result<Document, ListProductsError> {
    expand_fields(&mut command);
    check_shape(&command)?;
    if catalog.shelves.is_none() && command.facets != FacetChoice::None {
        return Err(ListProductsError::FacetsUnavailable);
    }
    let command = canonical(command);
    let list = list_key(shopper, &command);
    let question = question(&list, &command);
    let answer = async |epoch| make(catalog, shopper, (&command, &list), epoch).await;
    let made = catalog.cache.document(&question, answer).await?;
    // Every listing has an answer, if an empty one.
    made.ok_or_else(|| StoreError::inconsistent("product_view", "no answer was made").into())
}

/// The answer of a search: what was found, named by an id of its own.
pub fn with_query_id(document: &Document, id: SearchQueryId) -> Bytes {
    let found = document.body.strip_prefix(b"{").unwrap_or(&document.body);
    [format!("{{\"query_id\":\"{id}\",").as_bytes(), found].concat().into()
}

/// Whoever asks for a field of the page by its name gets it without asking for its expansion too.
fn expand_fields(command: &mut ListProducts) {
    let more = command.fields.iter().flatten().filter(|name| CARD_EXPANSIONS.contains(&name.as_str()));
    let more: Vec<String> = more.cloned().collect();
    command.expand.extend(more);
}

fn check_shape(command: &ListProducts) -> Result<(), ListProductsError> {
    if let Some(name) = command.expand.iter().find(|name| !CARD_EXPANSIONS.contains(&name.as_str())) {
        return Err(ListProductsError::UnknownExpansion { name: name.clone() });
    }
    let known = |name: &String| CARD_FIELDS.contains(&name.as_str()) || command.expand.contains(name);
    match command.fields.iter().flatten().find(|name| !known(name)) {
        Some(name) => Err(ListProductsError::UnknownField { name: name.clone() }),
        None => Ok(()),
    }
}

/// The same question always in the same words.
pub(crate) fn canonical(mut command: ListProducts) -> ListProducts {
    fn tidy(names: &mut Vec<String>) {
        names.sort_unstable();
        names.dedup();
    }
    command.limit = command.limit.clamp(1, PAGE_LIMIT_MAX);
    if command.text.is_none() && command.sort == Sort::Relevance {
        command.sort = Sort::BestSelling;
    }
    for filter in &mut command.filters {
        match filter {
            Filter::Option { values, .. }
            | Filter::Brand(values)
            | Filter::ProductType(values)
            | Filter::Tag(values) => {
                tidy(values);
            }
            Filter::Attribute { test: AttributeTest::AnyOf(values), .. } => {
                values.sort_by_cached_key(ToString::to_string);
                values.dedup();
            }
            Filter::Attribute { .. } | Filter::Price(_) | Filter::InStock(_) | Filter::Rating(_) => {}
        }
    }
    if command.filters.len() > 1 {
        command.filters.sort_by_cached_key(|filter| format!("{filter:?}"));
    }
    tidy(&mut command.as_words);
    command.fields.iter_mut().for_each(tidy);
    tidy(&mut command.expand);
    command
}

/// The list, whatever its page and shape: what a cursor belongs to.
fn list_key(shopper: &Shopper, command: &ListProducts) -> String {
    let mut key = String::with_capacity(256);
    // Texts are quoted and escaped by `Debug`: no two questions have the same key. Writing to a text cannot fail.
    let _ = write!(
        key,
        "products {} {} {:?} {:?} {:?} {:?} {:?} {} {:?}",
        shopper.channel.id,
        shopper.locale,
        command.text,
        command.category,
        command.collection,
        command.filters,
        command.sort,
        command.understand,
        command.as_words
    );
    key
}

fn question(list: &str, command: &ListProducts) -> String {
    let mut key = String::with_capacity(list.len().saturating_add(128));
    key.push_str(list);
    let ListProducts { limit, cursor, count, facets, fields, expand, groups, .. } = command;
    let _ = write!(key, " {limit} {cursor:?} {count} {facets:?} {fields:?} {expand:?}");
    if !groups.is_empty() {
        let _ = write!(key, " {groups:?}");
    }
    key
}

async fn make(
    catalog: &Catalog,
    shopper: &Shopper,
    (command, list): (&ListProducts, &str),
    epoch: i64,
) -> Result<Option<Document>, ListProductsError> {
    let (cursor, pins_shown) = match &command.cursor {
        Some(text) => pins_of(text).map(|(cursor, pins)| (Some(cursor), pins))?,
        None => (None, 0),
    };
    let (after, scored_by) = match cursor {
        Some(text) => place(text, list, command).map(|(after, by)| (Some(after), by))?,
        None => (None, None),
    };
    let (category_id, collection_id) = resolve(catalog, command).await?;
    let now = catalog.clock.now();
    let asked = Asked { command, category_id, collection_id, after, scored_by, pins_shown, now };
    let found = Box::pin(find(catalog, shopper, &asked)).await?;
    let hits = &found.hits;
    let cards = load_cards(catalog, shopper, command, &hits.ids).await?;
    let next = hits.next.as_ref().map(|position| {
        let question = match position.key {
            SortKey::Score(_) => scored(list, found.by),
            _ => Question::of(list),
        };
        let cursor = cursor::encode(&position.into(), question);
        if found.pins > 0 { format!("{cursor}.{}", found.pins) } else { cursor }
    });
    let page = page_json(next.as_deref(), found.limit, hits.total);
    let extras = extras(&found)?;
    let body = join(&cards, &page, &extras);
    // Every search is given an id of its own: its answer is for no cache.
    let is_cached = !command.understand;
    let tag = is_cached.then(|| digest::of_listing(&cards, [&page, &extras]));
    let surrogate_keys = if is_cached { surrogate_keys(&asked, &found).into() } else { Arc::from("") };
    let searched = command.understand.then(|| Searched {
        outcome: Arc::new(outcome(&found)),
        places: places(command, &found, &cards).into(),
    });
    Ok(Some(Document { body, epoch, tag, surrogate_keys, degraded: found.degraded, searched }))
}

/// The places of the first page of a search in its usual order; none where a card has gone meanwhile.
fn places(command: &ListProducts, found: &Found, cards: &[Card]) -> Vec<Place> {
    let is_usual =
        command.sort == Sort::Relevance || (command.text.is_none() && command.sort == Sort::BestSelling);
    if command.cursor.is_some() || !is_usual || cards.len() != found.listed.len() {
        return Vec::new();
    }
    let place = |(hit, card): (&Hit, &Card)| Place {
        id: hit.id,
        score: hit.score,
        step: hit.step,
        pinned: hit.pinned,
        bytes: card.body.len(),
    };
    found.listed.iter().zip(cards).map(place).collect()
}

/// What the log of searches takes of an answer.
fn outcome(found: &Found) -> Outcome {
    let step = found.query.as_ref().map(|query| match query.step {
        StepView::Exact => "exact",
        StepView::Corrected => "corrected",
        StepView::Relaxed => "relaxed",
    });
    Outcome {
        step,
        redirect: found.redirect.clone(),
        banners: i32::try_from(found.banners.len()).unwrap_or(i32::MAX),
        hit_ids: found.hits.ids.clone(),
    }
}

/// A cursor, and behind a dot how many pins the first page showed: these are left out of the pages behind it.
fn pins_of(text: &str) -> Result<(&str, usize), ListProductsError> {
    let Some((cursor, pins)) = text.rsplit_once('.') else { return Ok((text, 0)) };
    let pins = pins.parse().ok().filter(|pins| (1..=PAGE_LIMIT_MAX).contains(pins));
    let pins = pins.and_then(|pins| usize::try_from(pins).ok());
    Ok((cursor, pins.ok_or(ListProductsError::InvalidCursor)?))
}

/// The list as the one who scores it orders it: the scores of another one name no place in it.
fn scored(list: &str, by: Answerer) -> Question {
    Question::of(&format!("{list} {by:?}"))
}

/// Where the page before this one ended, and whose score says so, if it is one.
fn place(
    text: &str,
    list: &str,
    command: &ListProducts,
) -> Result<(Position, Option<Answerer>), ListProductsError> {
    let decode = |question, kind| cursor::decode(text, question, kind).ok().map(Position::from);
    let kind = KeyKind::of(command.sort, command.text.is_some());
    let by = |by| Some((decode(scored(list, by), KeyKind::Score)?, Some(by)));
    let by_number = |kind| Some((decode(Question::of(list), kind)?, None));
    let place = match (kind, command.sort) {
        // Words that all are conditions leave nothing to be ranked: such a list goes by what sells.
        (KeyKind::Score, _) => {
            let by_score = [Answerer::Shelf, Answerer::Database].into_iter().find_map(by);
            by_score.or_else(|| by_number(KeyKind::Integer))
        }
        // Rules of search may raise some of what sells.
        (_, Sort::BestSelling) => by_number(kind).or_else(|| by(Answerer::Shelf)),
        _ => by_number(kind),
    };
    place.ok_or(ListProductsError::InvalidCursor)
}

/// What stands behind the page: each with a comma before it.
fn extras(found: &Found) -> Result<String, ListProductsError> {
    let mut extras = String::new();
    // Writing to a text cannot fail.
    if let Some(facets) = &found.facets {
        let _ = write!(extras, ",\"facets\":{}", serde_json::to_string(facets)?);
    }
    if let Some(query) = &found.query {
        let _ = write!(extras, ",\"query\":{}", serde_json::to_string(query)?);
    }
    if let Some(redirect) = &found.redirect {
        let _ = write!(extras, ",\"redirect\":{}", serde_json::to_string(redirect)?);
    }
    if !found.banners.is_empty() {
        let _ = write!(extras, ",\"banners\":{}", serde_json::to_string(&found.banners)?);
    }
    if found.degraded {
        extras.push_str(",\"degraded\":true");
    }
    Ok(extras)
}

/// What the places of a listing mean.
pub(crate) async fn resolve(
    catalog: &Catalog,
    command: &ListProducts,
) -> Result<(Option<CategoryId>, Option<CollectionId>), ListProductsError> {
    if command.category.is_none() && command.collection.is_none() {
        return Ok((None, None));
    }
    let conn = catalog.store.storefront().conn().await?;
    let found = redirect::resolve(&conn, command.category.as_ref(), command.collection.as_ref()).await?;
    if command.category.is_some() && found.0.is_none() {
        return Err(ListProductsError::CategoryNotFound);
    }
    if command.collection.is_some() && found.1.is_none() {
        return Err(ListProductsError::CollectionNotFound);
    }
    Ok(found)
}

/// The finished cards in the order of the ids: from memory, and the missing ones by one statement. Products that went
/// off the shelf since they were found are left out.
pub(crate) async fn load_cards(
    catalog: &Catalog,
    shopper: &Shopper,
    command: &ListProducts,
    ids: &[ProductId],
) -> Result<Vec<Card>, ListProductsError> {
    let view = shopper.view();
    let cache = &catalog.cache;
    let with_pages = !command.expand.is_empty();
    let mut cards: Vec<Option<Loaded>> = Vec::with_capacity(ids.len());
    let mut missing: HashMap<ProductId, (usize, Stamp)> = HashMap::new();
    for (place, id) in ids.iter().enumerate() {
        let page = if with_pages { cache.kept_page(&view, *id).map(|page| page.body) } else { None };
        let kept = cache.card(&view, *id).filter(|_| page.is_some() == with_pages);
        if kept.is_none() {
            missing.insert(*id, (place, cache.stamp(*id)));
        }
        cards.push(kept.map(|card| (card, page)));
    }
    if !missing.is_empty() {
        let conn = catalog.store.storefront().conn().await?;
        let wanted: Vec<ProductId> = missing.keys().copied().collect();
        let rows = if with_pages {
            fragment::list_cards_and_pages(&conn, &view, &wanted).await?
        } else {
            fragment::list_cards(&conn, &view, &wanted).await?
        };
        for row in rows {
            let Some((place, stamp)) = missing.get(&row.product_id) else { continue };
            let card = Card::new(row.card);
            cache.put_card(&view, row.product_id, (card.clone(), *stamp));
            if let Some(place) = cards.get_mut(*place) {
                *place = Some((card, row.page));
            }
        }
    }
    cards.into_iter().flatten().map(|(card, page)| shape(command, card, page)).collect()
}

/// A card, and the page where that was asked for, too.
type Loaded = (Card, Option<Bytes>);

/// The card as it was asked for.
fn shape(command: &ListProducts, card: Card, page: Option<Bytes>) -> Result<Card, ListProductsError> {
    let wanted =
        |name: &str| command.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field == name));
    if command.fields.is_none() && command.expand.is_empty() {
        return Ok(card);
    }
    let mut writer = ObjectWriter::new();
    writer.take(&card.body, wanted)?;
    if let Some(page) = page {
        writer.take(&page, |name| command.expand.iter().any(|field| field == name) && wanted(name))?;
    }
    Ok(Card::new(writer.finish().into()))
}

/// The list's `page` object.
pub(super) fn page_json(next: Option<&str>, limit: u32, total: Option<u64>) -> String {
    // A cursor is base64: it needs no escaping.
    let (next, has_more) = next.map_or(("null".to_owned(), false), |next| (format!("\"{next}\""), true));
    let total = total.map(|total| format!(",\"total\":{total}")).unwrap_or_default();
    format!("{{\"next\":{next},\"has_more\":{has_more},\"limit\":{limit}{total}}}")
}

fn join(cards: &[Card], page: &str, extras: &str) -> Bytes {
    let length = cards.iter().map(|card| card.body.len() + 1).sum::<usize>() + page.len() + extras.len() + 20;
    let mut body = Vec::with_capacity(length);
    body.extend_from_slice(b"{\"data\":[");
    for (index, card) in cards.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&card.body);
    }
    body.extend_from_slice(b"],\"page\":");
    body.extend_from_slice(page.as_bytes());
    body.extend_from_slice(extras.as_bytes());
    body.push(b'}');
    body.into()
}

/// A product among the surrogate keys: a blank, `prod_` and 26 letters.
const KEY_LEN: usize = 32;

fn surrogate_keys(asked: &Asked<'_>, found: &Found) -> String {
    let ids = &found.hits.ids;
    let mut keys = String::with_capacity(ids.len().saturating_mul(KEY_LEN).saturating_add(80));
    keys.push_str("products");
    // Writing to a text cannot fail.
    if let Some(id) = asked.category_id {
        let _ = write!(keys, " {id}");
    }
    if let Some(id) = asked.collection_id {
        let _ = write!(keys, " {id}");
    }
    for id in ids {
        let _ = write!(keys, " {id}");
    }
    keys
}
