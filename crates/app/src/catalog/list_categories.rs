//! Lists the categories as a tree.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_domain::kernel::limits::CATEGORY_DEPTH_MAX;
use tradepost_store::StoreError;
use tradepost_store::catalog::category::{self, CategoryRow};

use super::{Catalog, Document, Shopper};
use crate::page::{Page, PageInfo};

/// A category with those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CategoryNode {
    /// Id, `cat_…`.
    #[schema(value_type = String)]
    pub id: CategoryId,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Text as shown, or empty.
    pub description: String,
    /// The categories below it, in order.
    #[schema(no_recursion)]
    pub children: Vec<Self>,
}

/// Why categories could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListCategoriesError {
    /// The tree cannot be written as JSON.
    #[error("the categories cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lists all categories in the shopper's locale: a [`Page`] of [`CategoryNode`]s that is the only one.
pub async fn list_categories(catalog: &Catalog, shopper: &Shopper) -> Result<Document, ListCategoriesError> {
    let question = format!("categories {} {}", shopper.channel.id, shopper.locale);
    let write = async |epoch| {
        let tree = Tree::load(catalog).await?;
        let data = tree.children(None, shopper, 0);
        let limit = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let page = PageInfo { next: None, has_more: false, limit, total: None };
        let body = serde_json::to_vec(&Page { data, page })?.into();
        Ok::<_, ListCategoriesError>(Some(Document {
            body,
            epoch,
            surrogate_keys: "categories".into(),
            tag: None,
            degraded: false,
            searched: None,
        }))
    };
    let made = catalog.cache.document(&question, write).await?;
    made.ok_or_else(|| StoreError::inconsistent("category", "no answer was made").into())
}

/// The categories, ready to be walked.
pub(crate) struct Tree {
    rows: std::sync::Arc<Vec<CategoryRow>>,
}

impl Tree {
    pub(crate) async fn load(catalog: &Catalog) -> Result<Self, StoreError> {
        let load = async || {
            let conn = catalog.store.storefront().conn().await?;
            category::list(&conn).await
        };
        Ok(Self { rows: catalog.cache.categories(load).await? })
    }

    pub(crate) fn find(&self, wanted: impl Fn(&CategoryRow) -> bool) -> Option<&CategoryRow> {
        self.rows.iter().find(|row| wanted(row))
    }

    /// The categories from the top down to this one, itself included.
    pub(super) fn path<'a>(&'a self, row: &'a CategoryRow) -> Vec<&'a CategoryRow> {
        let mut path = vec![row];
        let mut parent = row.parent_id;
        while let Some(id) = parent
            && path.len() <= CATEGORY_DEPTH_MAX
        {
            let Some(above) = self.find(|row| row.id == id) else { break };
            path.push(above);
            parent = above.parent_id;
        }
        path.reverse();
        path
    }

    /// The nodes below a category, or the topmost ones.
    pub(super) fn children(
        &self,
        parent: Option<CategoryId>,
        shopper: &Shopper,
        depth: usize,
    ) -> Vec<CategoryNode> {
        let mut below: HashMap<Option<CategoryId>, Vec<&CategoryRow>> = HashMap::new();
        for row in self.rows.iter() {
            below.entry(row.parent_id).or_default().push(row);
        }
        nodes(&below, parent, shopper, depth)
    }
}

fn nodes(
    below: &HashMap<Option<CategoryId>, Vec<&CategoryRow>>,
    parent: Option<CategoryId>,
    shopper: &Shopper,
    depth: usize,
) -> Vec<CategoryNode> {
    // The rules of the tree keep it shallow; a broken one must not take the stack.
    if depth > CATEGORY_DEPTH_MAX {
        return Vec::new();
    }
    let node = |row: &&CategoryRow| CategoryNode {
        id: row.id,
        handle: row.handle.clone(),
        name: text(row, "name", &row.name, shopper),
        description: text(row, "description", &row.description, shopper),
        children: nodes(below, Some(row.id), shopper, depth + 1),
    };
    below.get(&parent).map(|rows| rows.iter().map(node).collect()).unwrap_or_default()
}

/// A text in the shopper's locale, or in the channel's, or as it was written.
pub(super) fn text(row: &CategoryRow, field: &str, written: &str, shopper: &Shopper) -> String {
    let mut locales = shopper.locale.chain(&shopper.channel.default_locale);
    let translated =
        locales.find_map(|locale| row.translations.get(locale)?.get(field).and_then(Value::as_str));
    translated.unwrap_or(written).to_owned()
}
