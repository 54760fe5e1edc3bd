//! Orders the first page of a search for one shopper, who agreed to it, by what that shopper did lately.
//!
//! It works above every engine and behind everything that is kept: the answer that all are given is made, kept and given as ever,
//! and its cards change places on their way to the one.

mod affinity;
mod rerank;

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tradepost_domain::kernel::ids::{CustomerId, ProductId};
use tradepost_port::search::SearchDocument;
use tradepost_port::search::plan::StepKind;
use tradepost_store::catalog::fragment::View;
use tradepost_store::catalog::indexing;
use tradepost_store::db::Client;
use tradepost_store::{StoreError, search_personal};
use uuid::Uuid;

use self::affinity::{Deed, Taste, weight};
use self::rerank::{Ranked, rerank};
use super::document;
use crate::catalog::{Document, Shopper};
use crate::error::WriteError;
use crate::shop::Shop;

/// What was done longer ago counts nothing.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 60);
/// Deeds that are looked at, the last ones.
const DEEDS_MAX: i64 = 50;

/// A card of an answer, and why it stands where it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Whose card it is.
    pub id: ProductId,
    /// Its score.
    pub score: f32,
    /// The step that found it.
    pub step: StepKind,
    /// Whether a pin stands here.
    pub pinned: bool,
    /// How long the card is.
    pub bytes: usize,
}

/// Who agreed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Person {
    /// The browser.
    pub client_id: Option<Uuid>,
    /// The customer who is signed in.
    pub customer: Option<CustomerId>,
}

/// The answer in the order for one person, and whether anything was known to order it by.
pub async fn personalise(
    shop: &Shop,
    shopper: &Shopper,
    person: Person,
    document: &Document,
) -> Result<Document, StoreError> {
    let places = document.searched.as_ref().map(|searched| &*searched.places).unwrap_or_default();
    let order = if places.is_empty() || (person.client_id.is_none() && person.customer.is_none()) {
        None
    } else {
        order(shop, &shopper.view(), person, places).await?
    };
    let body = arrange(&document.body, places, order.as_deref());
    Ok(Document { body, ..document.clone() })
}

async fn order(
    shop: &Shop,
    view: &View,
    person: Person,
    places: &[Place],
) -> Result<Option<Vec<usize>>, StoreError> {
    let now = shop.clock.now();
    let conn = shop.store.storefront().conn().await?;
    let browser = match person.client_id {
        Some(id) => Some(shop.search_log.browser(shop, &conn, id).await?),
        None => None,
    };
    let since = now.saturating_sub(LOOK_BACK).unwrap_or(Timestamp::MIN);
    let rows = search_personal::deeds(&conn, (browser, person.customer), since, DEEDS_MAX).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let deeds: Vec<Deed> = rows
        .iter()
        .map(|row| Deed { product_id: row.product_id, weight: weight(&row.action), at: row.at })
        .collect();
    let known = documents(&conn, view, deeds.iter().map(|deed| deed.product_id), places).await?;
    let taste = Taste::of(&deeds, &known, now);
    Ok((!taste.is_empty()).then(|| rerank(&ranked(places, &taste, &known))))
}

/// The products of deeds and places as they are shown.
async fn documents(
    conn: &Client,
    view: &View,
    liked: impl Iterator<Item = ProductId>,
    places: &[Place],
) -> Result<HashMap<ProductId, SearchDocument>, StoreError> {
    let ids: HashSet<ProductId> = liked.chain(places.iter().map(|place| place.id)).collect();
    let ids: Vec<ProductId> = ids.into_iter().collect();
    let rows = indexing::find_rows(conn, &ids, Some(view)).await?;
    // One that cannot be read suits nobody.
    let read = rows.into_iter().filter_map(|row| document::document(row).ok());
    Ok(read.map(|document| (document.id, document)).collect())
}

fn ranked(places: &[Place], taste: &Taste, known: &HashMap<ProductId, SearchDocument>) -> Vec<Ranked> {
    let ranked = |place: &Place| Ranked {
        score: f64::from(place.score),
        step: place.step,
        pinned: place.pinned,
        affinity: known.get(&place.id).map_or(0.0, |document| taste.affinity(document)),
    };
    places.iter().map(ranked).collect()
}

/// The place in a new order, from 1, and how near it is, for each place of a page, had a shopper just looked at some products.
pub(crate) async fn look_ahead(
    conn: &Client,
    view: &View,
    (seen, now): (&[ProductId], Timestamp),
    places: &[Place],
) -> Result<HashMap<ProductId, (usize, f64)>, StoreError> {
    let known = documents(conn, view, seen.iter().copied(), places).await?;
    let deeds: Vec<Deed> =
        seen.iter().map(|id| Deed { product_id: *id, weight: weight("click"), at: now }).collect();
    let ranked = ranked(places, &Taste::of(&deeds, &known, now), &known);
    let told = rerank(&ranked).into_iter().enumerate().filter_map(|(place, from)| {
        Some((places.get(from)?.id, (place.saturating_add(1), ranked.get(from)?.affinity)))
    });
    Ok(told.collect())
}

/// Forgets what a browser did.
pub async fn forget(shop: &Shop, client_id: Uuid, ip: Option<&str>) -> Result<(), WriteError> {
    shop.throttle.search_event(ip)?;
    shop.search_log.forget(client_id);
    let conn = shop.store.storefront().conn().await?;
    let browser = shop.search_log.browser(shop, &conn, client_id).await?;
    Ok(search_personal::forget(&conn, browser).await?)
}

/// What stands before the cards of a list.
const BEFORE: &[u8] = b"{\"data\":[";

/// The body with its cards in another order, which says whether it has one.
fn arrange(body: &Bytes, places: &[Place], order: Option<&[usize]>) -> Bytes {
    let said = format!("{{\"personalised\":{},", order.is_some());
    let rest = |from: usize| body.get(from..).unwrap_or_default();
    let Some(order) = order else { return [said.as_bytes(), rest(1)].concat().into() };
    let mut cards = Vec::with_capacity(places.len());
    let mut at = BEFORE.len();
    for place in places {
        let end = at.saturating_add(place.bytes);
        cards.push(body.get(at..end).unwrap_or_default());
        at = end.saturating_add(1);
    }
    let arranged: Vec<&[u8]> = order.iter().filter_map(|index| cards.get(*index).copied()).collect();
    let before = BEFORE.get(1..).unwrap_or_default();
    [said.as_bytes(), before, &arranged.join(&b','), rest(at.saturating_sub(1))].concat().into()
}
