//! Puts the categories below one in order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::catalog::Issue;
use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use tradepost_domain::kernel::limits::CATEGORY_ORDER_MAX;
use tradepost_store::catalog::category_write::{self, CategoryRecord};
use utoipa::ToSchema;

use super::view::CategoryAdminView;
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// An order of the categories below one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryOrder {
    /// The category that they are below; absent or null for those at the root.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<CategoryId>,
    /// Ids in their new order, each once; those that are not named come behind, in the order that they have.
    #[schema(value_type = Vec<String>, max_items = 1_000)]
    pub category_ids: Vec<CategoryId>,
}

/// The categories below one, in their order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CategoryOrderView {
    /// All of them.
    pub data: Vec<CategoryAdminView>,
}

/// Gives the categories below one their places: 0, 1, 2 and so on. Those whose place is another get a new version.
pub async fn reorder_categories(context: &StaffContext, order: CategoryOrder) -> Result<Answer, WriteError> {
    let CategoryOrder { parent_id, category_ids } = order;
    let mut work = context.begin("reorder_categories").await?;
    // As a move does, so that nothing comes or goes below it meanwhile.
    category_write::lock_tree(&work.tx).await?;
    let children = category_write::children_for_update(&work.tx, parent_id).await?;
    refuse(issues(&category_ids, &children))?;
    let mut changed = Vec::new();
    let mut views = Vec::new();
    for (place, mut record) in in_order(&category_ids, children).into_iter().enumerate() {
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        if record.position != place {
            let (before, after) = (json!({"position": record.position}), json!({"position": place}));
            changed.push((record.id, place));
            record.position = place;
            record.version += 1;
            record.updated_at = work.now;
            let id = record.id.as_uuid();
            work.event(CategoryAdminView::KIND.updated, id, record.version, no_payload());
            work.audit("category.reorder", (CategoryAdminView::KIND.name, id), Some(before), Some(after));
        }
        views.push(CategoryAdminView::of(record)?);
    }
    category_write::set_positions(&work.tx, &changed, work.now).await?;
    work.finish_with(Outcome::Done, &CategoryOrderView { data: views }, None).await
}

/// Those that are named, as they are named, and the others behind.
fn in_order(named: &[CategoryId], mut children: Vec<CategoryRecord>) -> Vec<CategoryRecord> {
    let place = |id| named.iter().position(|one| *one == id).unwrap_or(usize::MAX);
    children.sort_by_cached_key(|record| place(record.id));
    children
}

fn issues(named: &[CategoryId], children: &[CategoryRecord]) -> Vec<Issue> {
    if named.len() > CATEGORY_ORDER_MAX {
        let message = format!("at most {CATEGORY_ORDER_MAX} categories are put in order at once");
        return vec![Issue::new("$.category_ids", "too_many", message)];
    }
    let known: BTreeSet<CategoryId> = children.iter().map(|record| record.id).collect();
    let mut seen = BTreeSet::new();
    let mut issues = Vec::new();
    for (index, id) in named.iter().enumerate() {
        let path = || format!("$.category_ids[{index}]");
        if !known.contains(id) {
            issues.push(Issue::new(
                path(),
                "category_not_found",
                "no category below `parent_id` has this id",
            ));
        } else if !seen.insert(id) {
            issues.push(Issue::new(path(), "duplicate_category", "the category is there twice"));
        }
    }
    issues
}
