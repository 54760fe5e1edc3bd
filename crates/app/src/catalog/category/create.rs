//! Makes a category.

use serde::Deserialize;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_store::catalog::category_write;
use utoipa::ToSchema;

use super::view::{CategoryAdminView, CategoryTexts, Translations};
use super::{check_place, conflict, lock_tree};
use crate::answer::Answer;
use crate::change::{choose_handle, no_payload, refuse};
use crate::error::WriteError;
use crate::work::StaffContext;

/// A category to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Name in URLs; made of the name when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// The category above it; absent or null puts it at the root.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<CategoryId>,
    /// HTML, which is sanitised.
    #[serde(default)]
    pub description: String,
    /// Place among those of the same parent.
    #[serde(default)]
    #[schema(minimum = 0)]
    pub position: i32,
    /// Texts by locale.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, CategoryTexts>, required = false)]
    pub translations: Translations,
}

/// Makes a category.
pub async fn create_category(context: &StaffContext, create: CategoryCreate) -> Result<Answer, WriteError> {
    let work = context.begin("create_category").await?;
    let mut view = CategoryAdminView {
        id: work.next_id(),
        parent_id: create.parent_id,
        handle: choose_handle::<CategoryId>(create.handle, &create.name)?.to_string(),
        name: create.name,
        description: create.description,
        position: create.position,
        translations: create.translations,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    view.sanitise();
    refuse(view.issues())?;
    if view.parent_id.is_some() {
        check_place(&lock_tree(&work.tx).await?, view.id, view.parent_id)?;
    }
    category_write::insert(&work.tx, &view.record()?).await.map_err(conflict)?;
    work.finish_created(&view, no_payload()).await
}
