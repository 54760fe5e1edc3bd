//! Reads rules.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::StoreError;
use tradepost_store::pricing::rule;

use super::{RuleFields, RuleView, view_of};
use crate::page::{Page, PageRequest};
use crate::shop::Shop;

/// A page of all rules of a kind, newest first.
pub async fn list_rules<F: RuleFields>(
    shop: &Shop,
    page: &PageRequest<F::Id>,
) -> Result<Page<RuleView<F>>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let rows = rule::list(&conn, F::TABLE, page.after.map(|id| id.as_uuid()), page.rows()).await?;
    let total = if page.count { Some(rule::count(&conn, F::TABLE).await?) } else { None };
    let views = rows.iter().map(view_of::<F>).collect::<Result<Vec<_>, _>>()?;
    Ok(Page::new(page, views, total, |view| view.id))
}

/// The rule with this id or this handle.
pub async fn find_rule<F: RuleFields>(
    shop: &Shop,
    id: Option<F::Id>,
    handle: Option<&Handle>,
) -> Result<Option<RuleView<F>>, StoreError> {
    let conn = shop.store.admin().conn().await?;
    let id = id.map(|id| id.as_uuid());
    let row = rule::find(&conn, F::TABLE, id, handle.map(Handle::as_str)).await?;
    row.as_ref().map(view_of).transpose()
}
