//! Makes, changes and deletes rules.

use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::EntityId;
use tradepost_store::StoreError;
use tradepost_store::pricing::rule::{self, RuleRow, Spoken};

use super::{Named, PatchOf, RuleFields, RuleView, SpokenOf, view_of};
use crate::answer::Answer;
use crate::catalog::Reference;
use crate::change::{Versions, check_version, choose_handle, missing, refuse};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Everything of the catalogue that rules may speak of.
const SPOKEN: [Spoken; 5] =
    [Spoken::Products, Spoken::Categories, Spoken::Collections, Spoken::Brands, Spoken::ProductTypes];

/// Makes a rule.
pub async fn create_rule<F: RuleFields>(context: &StaffContext, fields: F) -> Result<Answer, WriteError> {
    let work = context.begin(F::KIND.created).await?;
    let (row, _) = checked(&work, fields, None, |handle| RuleRow {
        id: work.next_id::<F::Id>().as_uuid(),
        handle: handle.to_string(),
        name: String::new(),
        definition: serde_json::Value::Null,
        used: 0,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    })
    .await?;
    if let Some(most) = F::COUNT_MAX {
        rule::lock_for_count(&work.tx, F::TABLE).await?;
        if rule::count(&work.tx, F::TABLE).await? >= most {
            let detail = format!("there are {most} already: delete some that are not needed");
            return Err(WriteError::conflict("too_many", detail, None));
        }
    }
    rule::insert(&work.tx, F::TABLE, &row).await.map_err(conflict)?;
    let view: RuleView<F> = view_of(&row)?;
    let told = F::told(None, Some(&view.fields), work.now);
    work.finish_created(&view, told).await
}

/// Changes the rule if it still has the version that was read.
pub async fn patch_rule<F: RuleFields>(
    context: &StaffContext,
    wanted: &Reference<F::Id>,
    version: Option<Versions>,
    patch: PatchOf<F>,
) -> Result<Answer, WriteError> {
    let work = context.begin(F::KIND.updated).await?;
    let row = rule::get_for_update(&work.tx, F::TABLE, wanted).await?;
    let row = row.ok_or_else(missing::<RuleView<F>>)?;
    check_version(version, row.version)?;
    let before: RuleView<F> = view_of(&row)?;
    let fields = patch.apply(&before.fields)?;
    let (mut changed, after) = checked(&work, fields, Some(&before.fields), |_| row.clone()).await?;
    if after == before.fields {
        return work.finish_unchanged(&before).await;
    }
    after.check_uses(row.used)?;
    changed.version = row.version.saturating_add(1);
    changed.updated_at = work.now;
    rule::update(&work.tx, F::TABLE, &changed).await.map_err(conflict)?;
    let after: RuleView<F> = view_of(&changed)?;
    let told = F::told(Some(&before.fields), Some(&after.fields), work.now);
    work.finish_updated(&before, &after, told).await
}

/// Deletes a rule that no other rule names and no order used.
pub async fn delete_rule<F: RuleFields>(
    context: &StaffContext,
    wanted: &Reference<F::Id>,
    version: Option<Versions>,
) -> Result<Answer, WriteError> {
    let work = context.begin(F::KIND.deleted).await?;
    let row = rule::get_for_update(&work.tx, F::TABLE, wanted).await?;
    let row = row.ok_or_else(missing::<RuleView<F>>)?;
    check_version(version, row.version)?;
    if rule::is_named(&work.tx, &F::Id::from_uuid(row.id).to_string()).await? {
        let detail = "other rules name this: take it out of them first";
        return Err(WriteError::conflict("in_use", detail, None));
    }
    let view: RuleView<F> = view_of(&row)?;
    view.fields.leave(&work, view.id).await?;
    rule::delete(&work.tx, F::TABLE, row.id).await.map_err(conflict)?;
    let told = F::told(Some(&view.fields), None, work.now);
    work.finish_deleted(&view, told).await
}

/// The row with the fields, once nothing is wrong with them and all that they name is there to stay. What they named `before` is
/// not asked for again: it may be gone by now.
async fn checked<F: RuleFields>(
    work: &Work<'_>,
    mut fields: F,
    before: Option<&F>,
    row: impl FnOnce(&Handle) -> RuleRow,
) -> Result<(RuleRow, F), WriteError> {
    refuse(fields.issues())?;
    let given = fields.handle_mut().take();
    let handle = choose_handle::<F::Id>(given, fields.name())?;
    *fields.handle_mut() = Some(handle.clone());
    let unknown = |param: &str| {
        WriteError::invalid(param, "unknown_reference", "this names something that is not there")
    };
    let known = before.map(RuleFields::named).unwrap_or_default();
    let is_known =
        |named: &Named| known.iter().any(|known| known.param == named.param && known.ids == named.ids);
    for named in fields.named().into_iter().filter(|named| !named.ids.is_empty() && !is_known(named)) {
        let found = rule::lock(&work.tx, named.table, &named.ids).await?;
        if named.ids.iter().any(|id| !found.contains(id)) {
            return Err(unknown(named.param));
        }
    }
    let known = before.map(RuleFields::spoken_of).unwrap_or_default();
    let spoken_of: Vec<SpokenOf> =
        fields.spoken_of().into_iter().filter(|spoken| !known.contains(spoken)).collect();
    for what in SPOKEN {
        let of_kind = || spoken_of.iter().filter(|spoken| spoken.what == what);
        let keys: Vec<&str> = of_kind().flat_map(|spoken| &spoken.keys).map(String::as_str).collect();
        let found = if keys.is_empty() { Vec::new() } else { rule::known(&work.tx, what, &keys).await? };
        if let Some(missing) = of_kind().find(|spoken| spoken.keys.iter().any(|key| !found.contains(key))) {
            return Err(unknown(&missing.param));
        }
    }
    let mut row = row(&handle);
    row.handle = handle.to_string();
    fields.name().clone_into(&mut row.name);
    row.definition = serde_json::to_value(&fields)?;
    Ok((row, fields))
}

/// What a refused write means.
fn conflict(error: StoreError) -> WriteError {
    match error.violated_constraint() {
        Some(constraint) if constraint.ends_with("_handle_key") => {
            WriteError::conflict("handle_taken", "another one has this handle", Some("$.handle"))
        }
        Some(constraint) if constraint.starts_with("redemption_") => {
            let detail = "orders used this promotion: set `active` to false instead";
            WriteError::conflict("promotion_was_used", detail, None)
        }
        _ => WriteError::Store(error),
    }
}
