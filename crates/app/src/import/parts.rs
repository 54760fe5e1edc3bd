//! Writes a chunk that the database refuses as a whole: in halves, and halves of these, until what it refuses is alone.
//! That product gets a row error; all others are imported, in the same single transaction.

use tradepost_domain::kernel::ids::ImportId;
use tradepost_domain::kernel::with_causes;
use tradepost_store::StoreError;

use super::chunk::Chunk;
use super::draft::Draft;
use super::error::ImportError;
use super::record::RowError;
use super::run::{ATTEMPTS, Run};
use super::write::{Tally, Writer};

impl Run<'_> {
    /// Writes what can be written of a chunk; `false` when the shop changed under it.
    pub(super) async fn write_in_parts(
        &mut self,
        writer: &mut Writer,
        id: ImportId,
        chunk: &mut Chunk,
    ) -> Result<bool, ImportError> {
        let now = self.context.clock.now();
        let tx = self.context.store.worker().begin("import_parts").await?;
        // Before the first part: what makes the tables must not be rolled back with it.
        Writer::prepare(&tx).await?;
        let mut tally = Tally::default();
        let mut tries = 0;
        let mut waiting = Vec::new();
        waiting.push(0..chunk.drafts.len());
        while let Some(range) = waiting.pop() {
            let drafts = chunk.drafts.get_mut(range.clone()).unwrap_or_default();
            tx.begin_part().await?;
            let error = match writer.decide_and_write(&tx, (drafts, chunk.labels.as_ref()), now).await {
                Ok(Some(part)) => {
                    tx.keep_part().await?;
                    tally.add(part);
                    continue;
                }
                Ok(None) => return Ok(false),
                Err(error) if error.is_about_data() && !range.is_empty() => error,
                Err(error) => return Err(error.into()),
            };
            tx.roll_back_part().await?;
            writer.forget(self.location);
            let drafts = chunk.drafts.get(range.clone()).unwrap_or_default();
            match drafts {
                // Somebody else may have been quicker with a key: looked at again, it is seen.
                [_] if error.violated_constraint().is_some() && tries < ATTEMPTS => {
                    tries = tries.saturating_add(1);
                    waiting.push(range);
                }
                [draft] => {
                    tries = 0;
                    tally.refuse(refusal(id, draft, &error));
                }
                _ => {
                    let middle = range.start.midpoint(range.end);
                    waiting.extend([middle..range.end, range.start..middle]);
                }
            }
        }
        self.commit((tx, id), chunk, tally).await?;
        Ok(true)
    }
}

/// The row error of a product that the database does not take; the details go to the log.
fn refusal(id: ImportId, draft: &Draft, error: &StoreError) -> RowError {
    let reason = with_causes(error);
    tracing::warn!(import.id = %id, line = draft.line, reason, "a product of an import cannot be stored");
    let fault = error.data_fault().unwrap_or("the product cannot be stored as it is");
    RowError::new(draft.line, None, "not_storable", fault)
}
