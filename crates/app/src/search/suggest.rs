//! Suggests how to go on from what was typed.

use tradepost_domain::kernel::ids::ProductId;
use tradepost_port::search::{SearchError, Suggestion, SuggestionKind};
use tradepost_store::StoreError;

use super::fill::aside;
use super::steer::course::{Course, Occasion};
use super::views::{SuggestionList, SuggestionView};
use crate::catalog::list_categories::Tree;
use crate::catalog::{Catalog, Shopper};

/// Why nothing could be suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The engine failed.
    #[error("nothing can be suggested")]
    Search(#[from] SearchError),
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
        let id = |found: &Suggestion| found.reference.as_deref().and_then(|id| id.parse::<ProductId>().ok());
        found.retain(|found| {
            found.kind != SuggestionKind::Product || id(found).is_none_or(|id| !course.hides(id))
        });
        Ok(found)
    };
    let found = aside(work).await?;
    let is_category = |found: &Suggestion| found.kind == SuggestionKind::Category;
    let tree = if found.iter().any(is_category) { Some(Tree::load(catalog).await?) } else { None };
    let suggestions = found.into_iter().filter_map(|found| view(found, tree.as_ref())).collect();
    Ok(SuggestionList { suggestions, degraded: None })
}

/// The suggestion as it is shown; nothing of a category that there is no more.
fn view(found: Suggestion, tree: Option<&Tree>) -> Option<SuggestionView> {
    let Suggestion { text, kind, reference } = found;
    let (id, handle) = match kind {
        SuggestionKind::Query => (None, None),
        SuggestionKind::Brand => (None, reference),
        SuggestionKind::Product => (reference, None),
        SuggestionKind::Category => {
            let handle = tree?.find(|row| Some(row.id.to_string()) == reference)?.handle.clone();
            (reference, Some(handle))
        }
    };
    Some(SuggestionView { text, kind: kind.into(), id, handle })
}
