//! Changes a collection.

use serde::Deserialize;
use tradepost_domain::catalog::CollectionRule;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{CollectionId, EntityId};
use tradepost_store::catalog::collection::{self, CollectionRow};
use tradepost_store::catalog::handle_history::{self, Moved};
use utoipa::ToSchema;

use super::view::{self, CollectionView, RuleShape};
use super::{conflict, is_manual, payload, picked};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_handle, check_version, missing, refuse};
use crate::error::WriteError;
use crate::html::Sanitizer;
use crate::patch::{Patch, present, set};
use crate::work::StaffContext;

/// What to change of a collection; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionPatch {
    /// Name as shown.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    pub title: Option<String>,
    /// Name in URLs; the former one leads to it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = String, required = false)]
    pub handle: Option<Handle>,
    /// HTML, which is sanitised; null clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// The rule of a collection by rule.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = RuleShape, required = false)]
    pub rule: Option<CollectionRule>,
}

impl CollectionPatch {
    fn apply(self, row: &mut CollectionRow) -> Result<(), WriteError> {
        if let Some(rule) = &self.rule {
            if is_manual(row) {
                let message = "only a collection by rule has one";
                return Err(WriteError::invalid("$.rule", "rule_not_allowed", message));
            }
            row.rule = Some(view::checked_rule(rule)?);
        }
        set(&mut row.title, self.title);
        let mut description = Some(std::mem::take(&mut row.description));
        self.description.apply(&mut description);
        row.description = Sanitizer::default().clean(&description.unwrap_or_default());
        if let Some(handle) = self.handle {
            check_handle::<CollectionId>(&handle)?;
            handle.as_str().clone_into(&mut row.handle);
        }
        Ok(())
    }
}

/// Changes the collection if it still has the version that was read.
pub async fn patch_collection(
    context: &StaffContext,
    wanted: &Reference<CollectionId>,
    version: Option<Versions>,
    patch: CollectionPatch,
) -> Result<Answer, WriteError> {
    let work = context.begin("patch_collection").await?;
    let before = collection::get_for_update(&work.tx, wanted).await?.ok_or_else(missing::<CollectionView>)?;
    check_version(version, before.version)?;
    let mut after = before.clone();
    patch.apply(&mut after)?;
    refuse(view::issues(&after))?;
    if after == before {
        return work.finish_unchanged(&CollectionView::from(before)).await;
    }
    after.version += 1;
    after.updated_at = work.now;
    collection::update(&work.tx, &after).await.map_err(conflict)?;
    let moved =
        Moved { kind: "collection", id: before.id.as_uuid(), from: &before.handle, to: &after.handle };
    handle_history::remember(&work.tx, moved, work.now).await?;
    let payload = payload(&picked(&work.tx, &after).await?);
    work.finish_updated(&CollectionView::from(before), &CollectionView::from(after), payload).await
}
