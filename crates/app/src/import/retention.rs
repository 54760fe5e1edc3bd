//! What imports leave behind, and how long it is kept: runs with their row errors, and uploaded files.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use tradepost_store::{StoreError, import_run};

use crate::shop::Shop;

/// Time between two clearings.
pub(super) const SWEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Runs deleted by one statement: each may have ten thousand row errors.
const RUNS_MAX: i64 = 20;
/// Files looked at by one statement.
const FILES_MAX: usize = 500;

/// How long imports are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportRetention {
    /// A run and its row errors, from its end.
    pub runs: SignedDuration,
    /// An uploaded file that no import needs that waits or runs: of one that failed, or given up half way.
    pub uploads: SignedDuration,
}

impl Default for ImportRetention {
    fn default() -> Self {
        Self { runs: SignedDuration::from_hours(24 * 90), uploads: SignedDuration::from_hours(24 * 7) }
    }
}

/// Removes what is older.
pub(super) async fn sweep(shop: &Shop, retention: ImportRetention) -> Result<(), StoreError> {
    let now = shop.clock.now();
    let before = |age| now.saturating_sub(age).unwrap_or(Timestamp::MIN);
    let conn = shop.store.worker().conn().await?;
    let oldest = before(retention.runs);
    while import_run::delete_old(&conn, oldest, RUNS_MAX).await? > 0 {}
    let old = old_files(shop, before(retention.uploads)).await;
    for files in old.chunks(FILES_MAX) {
        let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        let needed = import_run::release_files(&conn, &names).await?;
        for (name, path) in files {
            if !needed.contains(name) {
                // Tried again the next time.
                let _ = tokio::fs::remove_file(path).await;
            }
        }
    }
    Ok(())
}

/// Files in the folder of uploads that were written to before a moment: name and path.
async fn old_files(shop: &Shop, before: Timestamp) -> Vec<(String, PathBuf)> {
    let mut old = Vec::new();
    let Ok(mut folder) = tokio::fs::read_dir(&shop.uploads).await else { return old };
    while let Ok(Some(entry)) = folder.next_entry().await {
        let Ok(metadata) = entry.metadata().await else { continue };
        let written = metadata.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
        if metadata.is_file() && written.is_some_and(|at| at < before) {
            old.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    old
}
