//! Suggests how to go on from what was typed.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{SearchError, Suggestion, SuggestionKind};
use tradepost_store::StoreError;

use super::fill::aside;
use super::steer::course::{Course, Occasion};
use super::views::{SuggestionList, SuggestionView};
use crate::catalog::digest::Card;
use crate::catalog::list_categories::Tree;
use crate::catalog::list_products::{ListProducts, ListProductsError, load_cards};
use crate::catalog::{Catalog, Shopper};

/// Why nothing could be suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The engine failed.
    #[error("nothing can be suggested")]
    Search(#[from] SearchError),
    /// The cards of products could not be had.
    #[error(transparent)]
    Cards(#[from] ListProductsError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Up to `limit` ways to go on, the best first; none where the shelf is not ready.
pub async fn suggest(
    catalog: &Catalog,
    shopper: &Shopper,
    typed: String,
    limit: usize,
) -> Result<SuggestionList, SuggestError> {
    let shelves = catalog.shelves.as_ref();
    let standing = shelves.and_then(|shelves| Some((shelves, shelves.get(&shopper.view())?)));
    let Some((shelves, standing)) = standing else {
        return Ok(SuggestionList { suggestions: Vec::new(), degraded: Some(true) });
    };
    let (place, now) = (shelves.place().await?, catalog.clock.now());
    let work = move || {
        let _place = place;
        let mut found = standing.shelf.suggest(&typed, limit);
        // What rules hide wherever it is searched for.
        let course =
            Course::of(&standing.rules(), &[], &Occasion { category: None, now, groups: Vec::new() });
        found.retain(|found| {
            found.kind != SuggestionKind::Product || id_of(found).is_none_or(|id| !course.hides(id))
        });
        Ok(found)
    };
    let found = aside(work).await?;
    let is_category = |found: &Suggestion| found.kind == SuggestionKind::Category;
    let tree = if found.iter().any(is_category) { Some(Tree::load(catalog).await?) } else { None };
    let products: Vec<ProductId> =
        found.iter().filter(|found| found.kind == SuggestionKind::Product).filter_map(id_of).collect();
    let cards = if products.is_empty() { HashMap::new() } else { cards(catalog, shopper, &products).await? };
    let suggestions = found.into_iter().filter_map(|found| view(found, tree.as_ref(), &cards)).collect();
    Ok(SuggestionList { suggestions, degraded: None })
}

fn id_of(found: &Suggestion) -> Option<ProductId> {
    found.reference.as_deref().and_then(|id| id.parse().ok())
}

/// A card with what leads to its product.
#[derive(Deserialize)]
struct Named {
    id: ProductId,
    handle: String,
}

/// The cards of products with their handles: from memory, and by one statement where that is not enough.
async fn cards(
    catalog: &Catalog,
    shopper: &Shopper,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, (String, Box<RawValue>)>, SuggestError> {
    let cards = load_cards(catalog, shopper, &ListProducts::default(), ids).await?;
    let named = |card: &Card| {
        let Named { id, handle } = serde_json::from_slice(&card.body)?;
        Ok((id, (handle, serde_json::from_slice(&card.body)?)))
    };
    let named: Result<_, serde_json::Error> = cards.iter().map(named).collect();
    Ok(named.map_err(ListProductsError::from)?)
}

/// The suggestion as it is shown; nothing of a category or product that there is no more.
fn view(
    found: Suggestion,
    tree: Option<&Tree>,
    cards: &HashMap<ProductId, (String, Box<RawValue>)>,
) -> Option<SuggestionView> {
    let product_id = id_of(&found);
    let Suggestion { text, kind, reference } = found;
    let mut product = None;
    let (id, handle) = match kind {
        SuggestionKind::Query => (None, None),
        SuggestionKind::Brand => (None, reference),
        SuggestionKind::Product => {
            let (handle, card) = cards.get(&product_id?)?.clone();
            product = Some(card);
            (reference, Some(handle))
        }
        SuggestionKind::Category => {
            let handle = tree?.find(|row| Some(row.id.to_string()) == reference)?.handle.clone();
            (reference, Some(handle))
        }
    };
    Some(SuggestionView { text, kind: kind.into(), id, handle, product })
}
