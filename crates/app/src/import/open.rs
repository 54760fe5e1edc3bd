//! Opens the run of an import: makes it, or finds the one that was broken off, and takes the right to work on it.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{ImportId, StockLocationId};
use tradepost_store::import_run::{self, Claim, ImportCounts, NewImportRun};
use tradepost_store::{StoreError, channel};

use super::error::ImportError;
use super::format::Format;
use super::record::ReadError;
use super::run::{ImportContext, ImportOptions};
use super::source::ImportSource;

/// How often a run that another process seems to have is asked for: the database lets go of what a process that was
/// killed held within milliseconds.
const CLAIM_TRIES: u32 = 20;
/// Time between two tries.
const CLAIM_PAUSE: Duration = Duration::from_millis(100);

/// A run that is ours to work on.
#[derive(Debug)]
pub(super) struct Opened {
    /// `None` in a dry run that nobody stored a run for.
    pub(super) id: Option<ImportId>,
    /// How far it has come.
    pub(super) counts: ImportCounts,
    pub(super) format: Format,
    pub(super) currency: Currency,
    pub(super) location: Option<StockLocationId>,
    /// Held until it is noted how the run has ended.
    pub(super) claim: Option<Arc<Claim>>,
}

/// Opens the run. Who has claimed it already says so.
pub(super) async fn open(
    context: &ImportContext,
    source: &Arc<dyn ImportSource>,
    options: &ImportOptions,
    claim: Option<Arc<Claim>>,
) -> Result<Opened, ImportError> {
    let format = match options.format {
        Some(format) => format,
        None => Format::detect(source.as_ref())?,
    };
    let location = options.location;
    if options.dry_run && options.run.is_none() {
        let currency = settle_currency(context, options.currency).await?;
        let counts = ImportCounts::default();
        return Ok(Opened { id: None, counts, format, currency, location, claim: None });
    }
    let id = match options.run {
        Some(id) => id,
        None => find_or_make(context, source, options, format).await?,
    };
    let claim = match claim {
        Some(claim) => claim,
        None => Arc::new(claim_patiently(context, id).await?),
    };
    let conn = context.store.worker().conn().await?;
    // Read under the claim: another process may have moved it until then.
    let run = import_run::get(&conn, id).await?.ok_or(ImportError::RunEnded(id))?;
    let currency = match &run.currency {
        Some(code) => code.parse().map_err(|error| StoreError::inconsistent("import_run", error))?,
        None => settle_currency(context, options.currency).await?,
    };
    if !import_run::start(&conn, id, &currency.to_string(), context.clock.now()).await? {
        return Err(ImportError::RunEnded(id));
    }
    let location = run.location_id.or(location);
    Ok(Opened { id: Some(id), counts: run.counts, format, currency, location, claim: Some(claim) })
}

/// The command line's run of a file: one is made unless there is an unfinished one.
async fn find_or_make(
    context: &ImportContext,
    source: &Arc<dyn ImportSource>,
    options: &ImportOptions,
    format: Format,
) -> Result<ImportId, ImportError> {
    let currency = settle_currency(context, options.currency).await?.to_string();
    let hashed = Arc::clone(source);
    let hash = tokio::task::spawn_blocking(move || hash_source(hashed.as_ref())).await;
    let hash = hash.map_err(|_| ImportError::ReaderGone)??;
    let conn = context.store.worker().conn().await?;
    let name = source.name();
    let new = NewImportRun {
        id: context.ids.next(),
        format: format.as_str(),
        file_hash: &hash,
        file_name: &name,
        file_blob: None,
        file_bytes: source.len(),
        dry_run: false,
        currency: Some(&currency),
        location_id: options.location,
    };
    if import_run::insert(&conn, &new, context.clock.now()).await? {
        return Ok(new.id);
    }
    let meaning = (currency.as_str(), options.location);
    let found = import_run::find_unfinished(&conn, (&hash, format.as_str()), meaning).await?;
    // Ended in between: to import it once more is for whoever asks again.
    found.map(|run| run.id).ok_or(ImportError::RunEnded(new.id))
}

async fn claim_patiently(context: &ImportContext, id: ImportId) -> Result<Claim, ImportError> {
    for _ in 0..CLAIM_TRIES {
        if let Some(claim) = import_run::try_claim(context.store.worker(), id).await? {
            return Ok(claim);
        }
        tokio::time::sleep(CLAIM_PAUSE).await;
    }
    Err(ImportError::AlreadyRunning(id))
}

async fn settle_currency(context: &ImportContext, given: Option<Currency>) -> Result<Currency, ImportError> {
    if let Some(currency) = given {
        return Ok(currency);
    }
    let conn = context.store.worker().conn().await?;
    let channels = channel::list(&conn).await?;
    let default = channels.into_iter().find(|channel| channel.is_default);
    default.map(|channel| channel.currency).ok_or(ImportError::NoCurrency)
}

/// SHA-256 of a file, which says whether it is the one that was broken off.
pub fn hash_source(source: &dyn ImportSource) -> Result<Vec<u8>, ReadError> {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
    let mut file = source.open()?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(digest.finish().as_ref().to_vec());
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}
