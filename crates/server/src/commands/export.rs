//! `tradepost export`: the catalogue in the formats that imports read, the log of searches for OpenSearch.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use tradepost_app::export::{ExportFilter, ExportOptions, export_products};
use tradepost_app::import::Format;
use tradepost_app::search::export::{LogExport, export_search_log};

use tradepost_domain::kernel::with_causes;

use crate::cli::{ExportProducts, ExportSearchLog};
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy};

/// Exports to a file or to standard output; a file is there whole or not at all.
pub async fn products(config: &Config, arguments: ExportProducts) -> Result<ExitCode, Failure> {
    let house = House::open(config, Tenancy::Guest).await?;
    let options = ExportOptions {
        format: format(&arguments),
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

fn format(arguments: &ExportProducts) -> Format {
    let by_ending = || {
        let ending = arguments.file.as_ref().and_then(|file| file.extension()?.to_str());
        if ending.is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
            Format::ShopifyCsv
        } else {
            Format::JsonLines
        }
    };
    arguments.format.map_or_else(by_ending, Format::from)
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

async fn write_out<T>(
    file: Option<&Path>,
    write: impl AsyncFnOnce(Out) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(path) = file else { return write(BufWriter::new(Box::new(std::io::stdout()))).await };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".part");
    let created = std::fs::File::create(&temporary);
    let created =
        created.map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    match write(BufWriter::new(Box::new(created))).await {
        Ok(done) => std::fs::rename(&temporary, path).map(|()| done).map_err(Failure::from),
        Err(failure) => {
            let _ = std::fs::remove_file(&temporary);
            Err(failure)
        }
    }
}
