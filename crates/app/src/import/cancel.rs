//! Cancels an import: nothing more of it is written, and what was stays.

use tradepost_domain::kernel::ids::{EntityId, ImportId};
use tradepost_store::import_run::{self, Ending, ImportRun};

use super::upload::upload_path;
use super::view::ImportView;
use crate::answer::{Answer, Outcome};
use crate::change::{Resource, difference, missing, no_payload};
use crate::error::WriteError;
use crate::work::{StaffContext, Work};

/// Cancels an import that waits or runs. The chunk in hand, if there is one, is given up: after the answer no product is
/// written any more. The uploaded file is removed.
pub async fn cancel_import(context: &StaffContext, id: ImportId) -> Result<Answer, WriteError> {
    let work = context.begin("cancel_import").await?;
    let run = import_run::get_for_update(&work.tx, id).await?.ok_or_else(missing::<ImportView>)?;
    if !matches!(run.status.as_str(), "pending" | "running") {
        let detail = "the import has ended: there is nothing to cancel";
        return Err(WriteError::conflict("import_ended", detail, Some("import"))
            .with_fact("import_status", run.status));
    }
    let file = run.file_blob.as_deref().map(|blob| upload_path(&context.shop, blob));
    let ending = Ending { status: "canceled", error: None, keeps_file: false };
    import_run::finish(&work.tx, id, ending, work.now).await?;
    let answer = finish(work, run, "import.cancel").await?;
    if let Some(file) = file {
        // It may be gone already; what stays behind is swept.
        let _ = tokio::fs::remove_file(file).await;
    }
    Ok(answer)
}

/// Tells of a change of a run's state and commits it.
pub(super) async fn finish(
    mut work: Work<'_>,
    before: ImportRun,
    action: &str,
) -> Result<Answer, WriteError> {
    let after = import_run::get(&work.tx, before.id).await?.ok_or_else(missing::<ImportView>)?;
    let (before, after) = (ImportView::from(before), ImportView::from(after));
    let id = after.id.as_uuid();
    let (old, new) = difference(&before, &after)?.unzip();
    work.event(ImportView::KIND.updated, id, after.version, no_payload());
    work.audit(action, (ImportView::KIND.name, id), old, new);
    work.finish_with(Outcome::Done, &after, Some(after.version)).await
}
