//! `tradepost export products`: the catalogue in the formats that imports read.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use tradepost_app::export::{ExportFilter, ExportOptions, ExportReport, export_products};
use tradepost_app::import::Format;

use crate::cli::ExportProducts;
use crate::config::Config;
use crate::failure::{Failure, chain};
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
    let outcome = match &arguments.file {
        None => export(&house, &options, std::io::stdout()).await,
        Some(path) => {
            let mut temporary = path.as_os_str().to_owned();
            temporary.push(".part");
            let written = match std::fs::File::create(&temporary) {
                Ok(file) => export(&house, &options, file).await,
                Err(error) => Err(Failure::new(format!("cannot write {}: {error}", path.display()))),
            };
            match written {
                Ok(report) => std::fs::rename(&temporary, path).map(|()| report).map_err(Failure::from),
                Err(failure) => {
                    let _ = std::fs::remove_file(&temporary);
                    Err(failure)
                }
            }
        }
    };
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

async fn export(
    house: &House,
    options: &ExportOptions,
    out: impl Write + Send,
) -> Result<ExportReport, Failure> {
    let mut out = BufWriter::new(out);
    let report = Box::pin(export_products(&house.shop.store, options, &mut out)).await;
    let report = report.map_err(|error| Failure::new(chain(&error)))?;
    out.flush()?;
    Ok(report)
}
