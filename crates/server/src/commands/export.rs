//! `tradepost export`: the catalogue in the formats that imports read, the log of searches for OpenSearch.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use tradepost_app::export::{ExportFilter, ExportOptions, export_products};
use tradepost_app::import::Format;
use tradepost_app::search::export::{LogExport, export_search_log};

use tradepost_domain::kernel::with_causes;

use crate::cli::{CatalogFormat, ExportProducts, ExportSearchLog};
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Exports to a file or to standard output; a file is there whole or not at all.
pub async fn products(config: &Config, arguments: ExportProducts) -> Result<ExitCode, Failure> {
    let format = format_of(arguments.file.as_deref(), arguments.format)?;
    let house = House::open(config, Tenancy::Guest).await?;
    let options = ExportOptions {
        format,
        filter: ExportFilter::default(),
        currency: None,
        media_base_url: config.public_url.as_ref().map(|url| format!("{url}/media/")),
    };
    let store = &house.shop.store;
    let outcome = write_out(arguments.file.as_deref(), async |mut out| {
        let report = Box::pin(export_products(store, &options, &mut out)).await;
        let report = report.map_err(|error| Failure::new(with_causes(&error)))?;
        out.flush()?;
        Ok(report)
    })
    .await;
    house.close().await?;
    let report = outcome?;
    for handle in &report.left_out {
        eprintln!("left out: {handle} has more options than the format can hold");
    }
    let told = u64::try_from(report.left_out.len()).unwrap_or(u64::MAX);
    if report.products_left_out > told {
        eprintln!("left out: {} more", report.products_left_out.saturating_sub(told));
    }
    eprintln!("{} products exported", report.products);
    Ok(ExitCode::SUCCESS)
}

/// What is asked for, else what the file's ending says; a file without an ending holds JSON lines.
fn format_of(file: Option<&Path>, asked: Option<CatalogFormat>) -> Result<Format, Failure> {
    if let Some(format) = asked {
        return Ok(Format::from(format));
    }
    let ending = file.and_then(Path::extension).map(|ending| ending.to_string_lossy());
    match ending.map(|ending| ending.to_lowercase()).as_deref() {
        Some("csv") => Ok(Format::ShopifyCsv),
        None | Some("jsonl" | "ndjson" | "json") => Ok(Format::JsonLines),
        Some(ending) => Err(Failure::new(format!(
            "no format goes by the ending `.{ending}`: name the file `.csv` or `.jsonl`, or say `--format shopify-csv` \
             or `--format jsonl`"
        ))),
    }
}

/// Exports the log of searches to a file or to standard output; a file is there whole or not at all.
pub async fn search_log(config: &Config, arguments: ExportSearchLog) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let now = house.shop.clock.now();
    let since = |days: i64| now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
    let since = arguments.days.map_or(Timestamp::UNIX_EPOCH, since);
    let store = &house.shop.store;
    let outcome = write_out(arguments.file.as_deref(), async |mut out| {
        let written = Box::pin(export_search_log(store, since, &mut out)).await;
        let written = written.map_err(|error| Failure::new(with_causes(&error)))?;
        out.flush()?;
        Ok(written)
    })
    .await;
    house.close().await?;
    let LogExport { queries, events } = outcome?;
    eprintln!("{queries} searches and {events} events exported");
    Ok(ExitCode::SUCCESS)
}

type Out = BufWriter<Box<dyn Write + Send>>;

/// A regular file is replaced when all is written, through links that lead to it; anything else (a device, a pipe) is
/// written into, since a name that is put in its place would be no device any more.
async fn write_out<T>(
    file: Option<&Path>,
    write: impl AsyncFnOnce(Out) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(path) = file else { return write(BufWriter::new(Box::new(std::io::stdout()))).await };
    let refused = |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
    let Some(target) = replaceable(path).map_err(refused)? else {
        let opened = std::fs::OpenOptions::new().append(true).open(path).map_err(refused)?;
        return write(BufWriter::new(Box::new(opened))).await;
    };
    let mut temporary = target.as_os_str().to_owned();
    temporary.push(".part");
    let created = std::fs::File::create(&temporary).map_err(refused)?;
    match write(BufWriter::new(Box::new(created))).await {
        Ok(done) => std::fs::rename(&temporary, &target).map(|()| done).map_err(refused),
        Err(failure) => {
            let _ = std::fs::remove_file(&temporary);
            Err(failure)
        }
    }
}

/// The regular file, there or not there yet, that a path leads to; nothing for what cannot be replaced.
///
/// What an open file is called by (`/dev/stdout`, `/proc/self/fd/3`) is its owner's to replace, also when it is a regular one.
fn replaceable(path: &Path) -> std::io::Result<Option<PathBuf>> {
    if ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|open| path.starts_with(open)) {
        return Ok(None);
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => std::fs::canonicalize(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Some(missing_target(path))),
        Err(error) => Err(error),
    }
}

/// What a path leads to where nothing is: itself, or what a link names that is not there yet.
fn missing_target(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    // Links that lead to each other are refused by `metadata`, so this ends.
    while let Ok(named) = std::fs::read_link(&target) {
        target = target.parent().map_or_else(|| named.clone(), |folder| folder.join(&named));
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    async fn put(path: &Path, text: &str) -> Result<(), Failure> {
        write_out(Some(path), async |mut out| {
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_file_is_replaced_through_the_links_that_lead_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("inner")).unwrap();
        std::fs::write(at("inner/real"), "old").unwrap();
        symlink("inner/real", at("link")).unwrap();
        symlink("inner/new", at("early")).unwrap();
        for (link, real) in [("link", "inner/real"), ("early", "inner/new")] {
            put(&at(link), "new").await.unwrap();
            assert!(std::fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link}");
            assert_eq!(std::fs::read_to_string(at(real)).unwrap(), "new", "{link}");
        }
        let failed = write_out(Some(&at("link")), async |_| Err::<(), _>(Failure::new("broken"))).await;
        assert!(failed.is_err());
        assert_eq!(std::fs::read_to_string(at("inner/real")).unwrap(), "new", "whole or not at all");
        assert_eq!(std::fs::read_dir(at("inner")).unwrap().count(), 2, "nothing is left behind");
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_written_into() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
        };
        put(&pipe, "through").await.unwrap();
        assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(reader.join().unwrap(), "through");
        // A device of the machine by a link of ours: were it replaced, the link would be.
        let full = folder.path().join("full");
        symlink("/dev/full", &full).unwrap();
        assert!(put(&full, "x").await.is_err());
        assert!(std::fs::symlink_metadata(&full).unwrap().is_symlink());
        assert!(put(folder.path(), "x").await.is_err(), "a folder");
    }

    #[test]
    fn an_ending_that_is_no_format_is_refused_with_the_formats() {
        let of = |file: &str, format| {
            format_of(Some(Path::new(file)), format).map_err(|failure| failure.to_string())
        };
        assert_eq!(of("a.CSV", None), Ok(Format::ShopifyCsv));
        assert_eq!(of("a.ndjson", None), Ok(Format::JsonLines));
        assert_eq!(of("/dev/null", None), Ok(Format::JsonLines));
        assert_eq!(of("a.xml", Some(CatalogFormat::ShopifyCsv)), Ok(Format::ShopifyCsv));
        let refused = of("a.xml", None).unwrap_err();
        assert!(refused.contains("shopify-csv") && refused.contains("jsonl"), "{refused}");
    }
}
