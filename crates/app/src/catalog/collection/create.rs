//! Makes a collection.

use serde::Deserialize;
use tradepost_domain::catalog::{CollectionKind, CollectionRule};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::CollectionId;
use tradepost_store::catalog::collection::{self, CollectionRow};
use utoipa::ToSchema;

use super::view::{self, CollectionKindShape, CollectionView, RuleShape};
use super::{conflict, payload};
use crate::answer::Answer;
use crate::change::{choose_handle, refuse};
use crate::error::WriteError;
use crate::html::Sanitizer;
use crate::work::StaffContext;

/// A collection to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionCreate {
    /// Name as shown.
    #[schema(min_length = 1, max_length = 255)]
    pub title: String,
    /// Name in URLs; made of the title when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub handle: Option<Handle>,
    /// HTML, which is sanitised.
    #[serde(default)]
    pub description: String,
    /// How it gets its products; this stays.
    #[schema(value_type = CollectionKindShape)]
    pub kind: CollectionKind,
    /// The rule of a collection by rule.
    #[serde(default)]
    #[schema(value_type = Option<RuleShape>)]
    pub rule: Option<CollectionRule>,
}

/// Makes a collection. One that is picked by hand begins empty.
pub async fn create_collection(
    context: &StaffContext,
    create: CollectionCreate,
) -> Result<Answer, WriteError> {
    let work = context.begin("create_collection").await?;
    let rule = match (create.kind, &create.rule) {
        (CollectionKind::Manual, None) => None,
        (CollectionKind::Rule, Some(rule)) => Some(view::checked_rule(rule)?),
        (CollectionKind::Manual, Some(_)) => {
            return Err(WriteError::invalid(
                "$.rule",
                "rule_not_allowed",
                "only a collection by rule has one",
            ));
        }
        (CollectionKind::Rule, None) => {
            return Err(WriteError::invalid(
                "$.rule",
                "rule_required",
                "a collection by rule needs its rule",
            ));
        }
    };
    let row = CollectionRow {
        id: work.next_id(),
        handle: choose_handle::<CollectionId>(create.handle, &create.title)?.to_string(),
        title: create.title,
        description: Sanitizer::default().clean(&create.description),
        kind: create.kind.as_str().to_owned(),
        rule,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    refuse(view::issues(&row))?;
    collection::insert(&work.tx, &row).await.map_err(conflict)?;
    work.finish_created(&CollectionView::from(row), payload(&std::collections::BTreeSet::new())).await
}
