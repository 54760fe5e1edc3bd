//! `tradepost import products`: a catalogue from a file, with every row that was not taken.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use tradepost_app::catalog::{Projected, Projector};
use tradepost_app::import::{
    FileSource, Format, ImportContext, ImportError, ImportOptions, ImportReport, RowError, run_import,
};

use tradepost_domain::kernel::with_causes;

use crate::cli::{CatalogFormat, ImportProducts};
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};
use crate::progress::Progress;

/// Findings that are printed; all are counted.
const ERRORS_SHOWN: usize = 20;

impl From<CatalogFormat> for Format {
    fn from(format: CatalogFormat) -> Self {
        match format {
            CatalogFormat::ShopifyCsv => Self::ShopifyCsv,
            CatalogFormat::Jsonl => Self::JsonLines,
        }
    }
}

/// Imports; exit code 1 when a row was not taken.
pub async fn products(config: &Config, arguments: ImportProducts) -> Result<ExitCode, Failure> {
    let source = open(&arguments.file)?;
    let house = House::open(config, Tenancy::Guest).await?;
    let options = ImportOptions {
        format: arguments.format.map(Format::from),
        dry_run: arguments.dry_run,
        ..ImportOptions::default()
    };
    let outcome = import(&house, source, &options).await;
    let rendered = match &outcome {
        Ok(report) if !arguments.dry_run => render(&house, report).await,
        _ => Ok(()),
    };
    house.close().await?;
    let report = outcome?;
    rendered?;
    print(&report, if arguments.all_findings { usize::MAX } else { ERRORS_SHOWN });
    Ok(if report.counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The file, if it can be read: better told before a database is started.
pub fn open(path: &std::path::Path) -> Result<FileSource, Failure> {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() => Ok(FileSource(path.to_owned())),
        Ok(_) => Err(Failure::new(format!("{} is no file; name a CSV or JSON-lines file", path.display()))),
        Err(error) => Err(Failure::new(format!("cannot read {}: {error}", path.display()))),
    }
}

/// Imports with a bar.
pub async fn import(
    house: &House,
    source: FileSource,
    options: &ImportOptions,
) -> Result<ImportReport, Failure> {
    let context = ImportContext {
        store: house.shop.store.clone(),
        clock: house.shop.clock.clone(),
        ids: house.shop.ids.clone(),
    };
    let name = source.0.clone();
    let bar = Mutex::new(Progress::new("bytes imported"));
    let told = |progress: &tradepost_app::import::Progress| {
        let done = progress.counts.byte_offset;
        bar.lock().unwrap_or_else(PoisonError::into_inner).set(done, progress.bytes_total.unwrap_or(done));
    };
    let outcome = Box::pin(run_import(&context, Arc::new(source), options, &told)).await;
    let mut bar = bar.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Ok(report) = &outcome {
        // Blank lines behind the last product belong to no chunk, and are dealt with all the same.
        bar.set(report.counts.byte_offset, report.counts.byte_offset);
    }
    bar.finish();
    outcome.map_err(|error| {
        if error.is_disk_full() {
            return Failure::of(&error);
        }
        let advice = match error {
            ImportError::Read(_) => "correct the file and import it again",
            _ => "import the same file again: it goes on where it stopped",
        };
        Failure::new(format!("{}: {}; {advice}", name.display(), with_causes(&error)))
    })
}

/// Renders what was imported, so that shoppers see it when the command ends. It takes longer than the import itself,
/// and is told by a bar of its own.
async fn render(house: &House, report: &ImportReport) -> Result<(), Failure> {
    let mut bar = Progress::new("products rendered");
    let written = report.counts.created.saturating_add(report.counts.updated);
    bar.set(0, written);
    let projector = Projector::new(house.shop.clone());
    // Others may wait to be rendered, too, and a shop that runs may render some of them.
    let told = |done: &Projected| {
        let done = u64::try_from(done.products).unwrap_or(u64::MAX);
        bar.set(done, written.max(done));
    };
    Box::pin(projector.drain_telling(told)).await?;
    bar.set(written, written);
    bar.finish();
    Ok(())
}

fn print(report: &ImportReport, most: usize) {
    for RowError { line, column, code, message } in report.errors.iter().take(most) {
        eprintln!("line {line}{}: {message} ({code})", place(column.as_deref()));
    }
    let counts = &report.counts;
    let shown = u64::try_from(report.errors.len().min(most)).unwrap_or(0);
    if counts.errors > shown {
        let further = counts.errors.saturating_sub(shown);
        eprintln!("... and {further} further findings{}", how_to_see(report.errors.len(), most));
    }
    if report.continued_from > 0 {
        println!("went on behind product {} of an import that was broken off", report.continued_from);
    }
    let would = if report.dry_run { "would be " } else { "" };
    println!(
        "{would}{} created, {} updated, {} unchanged, {} not taken",
        counts.created, counts.updated, counts.unchanged, counts.failed
    );
}

/// Where in a line: a column by its name, or a character by its number, of which 0 stands for the whole line.
fn place(column: Option<&str>) -> String {
    match column {
        None | Some("0") => String::new(),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!(", character {number}"),
        Some(name) => format!(", {name}"),
    }
}

/// How to see the findings that were not printed: those that a run keeps.
fn how_to_see(kept: usize, most: usize) -> &'static str {
    if kept > most {
        "; --all-findings prints them, with --dry-run without importing anything"
    } else {
        ": correct those above first"
    }
}
