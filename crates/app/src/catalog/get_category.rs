//! One category with its path and what lies below it, or the way to where it has moved.

use serde::Serialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_store::StoreError;
use tradepost_store::catalog::redirect;

use super::list_categories::{CategoryNode, Tree, text};
use super::{Catalog, Document, Reference, Shopper};

/// A step of the path to a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CategoryStep {
    /// Id, `cat_…`.
    #[schema(value_type = String)]
    pub id: CategoryId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CategoryView {
    /// Id, `cat_…`.
    #[schema(value_type = String)]
    pub id: CategoryId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Text as shown, or empty.
    pub description: String,
    /// From the top down to this category, itself included.
    pub path: Vec<CategoryStep>,
    /// The categories below it, with all below them.
    pub children: Vec<CategoryNode>,
}

/// What became of the question.
#[derive(Debug, Clone, PartialEq)]
pub enum CategoryAnswer {
    /// The category, a [`CategoryView`] as JSON.
    Found(Document),
    /// The category has another handle now.
    Moved {
        /// The present handle.
        handle: String,
    },
    /// There is no such category.
    NotFound,
}

/// Why a category could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GetCategoryError {
    /// The category cannot be written as JSON.
    #[error("the category cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The category that a path names: an id where it reads as one, else a handle; `None` for what can be neither.
pub fn category_reference(text: &str) -> Option<Reference<CategoryId>> {
    match text.parse() {
        Ok(id) => Some(Reference::Id(id)),
        Err(_) => text.parse::<Handle>().ok().map(|handle| Reference::Handle(handle.as_str().to_owned())),
    }
}

/// Reads a category.
pub async fn get_category(
    catalog: &Catalog,
    shopper: &Shopper,
    category: &Reference<CategoryId>,
) -> Result<CategoryAnswer, GetCategoryError> {
    let question = format!("category {} {} {category:?}", shopper.channel.id, shopper.locale);
    let cache = &catalog.cache;
    let find_moved = async || {
        let Reference::Handle(handle) = category else { return Ok::<_, GetCategoryError>(None) };
        let conn = catalog.store.storefront().conn().await?;
        Ok(redirect::find_moved_category(&conn, handle).await?)
    };
    let write = async |epoch| {
        let find = async {
            let tree = Tree::load(catalog).await?;
            let Some(view) = view(&tree, shopper, category) else { return Ok(None) };
            let surrogate_keys = format!("categories {}", view.id).into();
            let body = serde_json::to_vec(&view)?.into();
            Ok(Some(Document { body, epoch, surrogate_keys, tag: None, degraded: false, searched: None }))
        };
        cache.present(&question, find, find_moved()).await
    };
    if let Some(document) = cache.document(&question, write).await? {
        return Ok(CategoryAnswer::Found(document));
    }
    let moved = match cache.missing(&question) {
        Some(missing) => missing.moved_to,
        None => Box::pin(find_moved()).await?,
    };
    Ok(moved.map_or(CategoryAnswer::NotFound, |handle| CategoryAnswer::Moved { handle }))
}

fn view(tree: &Tree, shopper: &Shopper, category: &Reference<CategoryId>) -> Option<CategoryView> {
    let row = tree.find(|row| match category {
        Reference::Id(id) => row.id == *id,
        Reference::Handle(handle) => row.handle == *handle,
    })?;
    let path = tree.path(row);
    let depth = path.len();
    let step = |row: &tradepost_store::catalog::category::CategoryRow| CategoryStep {
        id: row.id,
        handle: row.handle.clone(),
        name: text(row, "name", &row.name, shopper),
    };
    Some(CategoryView {
        id: row.id,
        handle: row.handle.clone(),
        name: text(row, "name", &row.name, shopper),
        description: text(row, "description", &row.description, shopper),
        path: path.into_iter().map(step).collect(),
        children: tree.children(Some(row.id), shopper, depth),
    })
}
