//! Changes a category, and moves it with all that is below it.

use std::collections::BTreeMap;

use serde::Deserialize;
use tradepost_domain::kernel::ids::{CategoryId, EntityId};
use tradepost_domain::kernel::{Handle, Locale};
use tradepost_store::catalog::category_write;
use tradepost_store::catalog::handle_history::{self, Moved};
use utoipa::ToSchema;

use super::view::{CategoryAdminView, CategoryTexts};
use super::{check_place, conflict, lock_tree};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, no_payload, refuse};
use crate::error::WriteError;
use crate::patch::{Patch, present, set};
use crate::work::StaffContext;

/// What to change of a category; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryPatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Name in URLs; the former one leads to it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
    /// The category above it; null moves it to the root.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent_id: Patch<CategoryId>,
    /// HTML, which is sanitised; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// Place among those of the same parent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = i32, required = false, minimum = 0)]
    pub position: Option<i32>,
    /// Texts by locale: those given take the place of those there, null takes a locale out, and null for all clears.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, CategoryTexts>>)]
    pub translations: Patch<BTreeMap<Locale, Option<CategoryTexts>>>,
}

impl CategoryPatch {
    fn apply(self, view: &mut CategoryAdminView) -> Result<(), WriteError> {
        set(&mut view.name, self.name);
        set(&mut view.position, self.position);
        self.parent_id.apply(&mut view.parent_id);
        let mut description = Some(std::mem::take(&mut view.description));
        self.description.apply(&mut description);
        view.description = description.unwrap_or_default();
        match self.translations {
            Patch::Absent => {}
            Patch::Null => view.translations.clear(),
            Patch::Value(given) => {
                for (locale, texts) in given {
                    match texts {
                        Some(texts) => view.translations.insert(locale, texts),
                        None => view.translations.remove(&locale),
                    };
                }
            }
        }
        if let Some(handle) = self.handle {
            check_handle::<CategoryId>(&handle)?;
            handle.as_str().clone_into(&mut view.handle);
        }
        Ok(())
    }
}

/// Changes the category if it still has the version that was read.
pub async fn patch_category(
    context: &StaffContext,
    wanted: &Reference<CategoryId>,
    version: Option<Versions>,
    patch: CategoryPatch,
) -> Result<Answer, WriteError> {
    let work = context.begin("patch_category").await?;
    let parent = patch.parent_id.value().copied();
    // Before the category itself is locked, so that two moves never wait for each other.
    let tree = if parent.is_some() { Some(lock_tree(&work.tx).await?) } else { None };
    let record =
        category_write::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<CategoryAdminView>)?;
    let before = CategoryAdminView::of(record)?;
    if let Some(tree) = tree {
        check_place(&tree, before.id, parent)?;
    }
    check_version(version, before.version)?;
    let mut after = before.clone();
    patch.apply(&mut after)?;
    after.sanitise();
    refuse(after.issues())?;
    if after == before {
        return work.finish_unchanged(&before).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    category_write::update(&work.tx, &after.record()?).await.map_err(conflict)?;
    let moved = Moved { kind: "category", id: before.id.as_uuid(), from: &before.handle, to: &after.handle };
    handle_history::remember(&work.tx, moved, work.now).await?;
    work.finish_updated(&before, &after, no_payload()).await
}
