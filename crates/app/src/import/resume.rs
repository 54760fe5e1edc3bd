//! Resumes an import that failed: it waits for the worker again, which goes on where it stopped.

use tradepost_domain::kernel::ids::ImportId;
use tradepost_store::import_run;

use super::cancel::finish;
use super::view::ImportView;
use crate::answer::Answer;
use crate::change::missing;
use crate::error::WriteError;
use crate::work::StaffContext;

/// Resumes an import that failed and whose uploaded file is still there.
pub async fn resume_import(context: &StaffContext, id: ImportId) -> Result<Answer, WriteError> {
    let work = context.begin("resume_import").await?;
    let run = import_run::get_for_update(&work.tx, id).await?.ok_or_else(missing::<ImportView>)?;
    if !import_run::resume(&work.tx, id).await? {
        let param = Some("import");
        let refused = if run.status != "failed" {
            let detail = "only an import that failed can be resumed";
            WriteError::conflict("import_not_failed", detail, param)
        } else if run.origin == "command" {
            let detail = "run the command again with the same file: it goes on where it stopped";
            WriteError::conflict("import_by_command", detail, param)
        } else {
            let detail = "the uploaded file is kept no longer: upload it again";
            WriteError::conflict("import_file_gone", detail, param)
        };
        return Err(refused.with_fact("import_status", run.status));
    }
    finish(work, run, "import.resume").await
}
