//! `tradepost demo`: a shop with one command, and the same shop when it is run again.
//!
//! | in its folder | what |
//! |---|---|
//! | `.tradepost-demo` | says that this is a demo's folder; locked by the process that runs it |
//! | `postgres/` | the private PostgreSQL |
//! | `media/` | pictures |
//! | `demo.json` | where the shop is and the keys to it, readable by its owner only |
//!
//! Whether the shop is full stands in its database, in the same transactions that fill it: a process that is killed at
//! any moment leaves a shop that the next one fills to its end before it serves it.

mod catalog;
pub mod fill;
mod folder;
mod keys;
mod people;
mod rules;
mod summary;

use std::process::ExitCode;
use std::time::Instant;

use crate::cli::Demo;
use crate::commands::serve::{bind, serve_house};
use crate::config::Config;
use crate::failure::Failure;
use crate::house::{House, Tenancy, base_url};
use crate::shutdown::Signals;

/// Starts the shop, fills it once, serves it until a signal.
pub async fn run(mut config: Config, arguments: Demo) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    // Before anything is made, or with --fresh thrown away; a shop that is there does not need the file any more.
    let is_new = arguments.fresh || !config.data_dir.join(keys::FILE).exists();
    if let Some(file) = &arguments.catalog
        && is_new
        && let Err(error) = std::fs::File::open(file)
    {
        return Err(Failure::usage(format!("--catalog {}: {error}", file.display())));
    }
    let mut signals = Signals::new()?;
    // A demo is one process for one person: nobody has to notice that it goes.
    config.limits.shutdown_grace_seconds = 0;
    config.workers = true;
    // What it tells, it may tell to a program beside it.
    config.webhooks.allow_private_addresses = true;
    config.search.public_analytics = true;
    let folder = folder::DemoFolder::open(&config.data_dir)?;
    let listeners = bind(&config)?;
    let base_url = config.public_url.get_or_insert_with(|| base_url(listeners.address())).clone();
    if arguments.fresh {
        if config.database_url.is_some() {
            return Err(Failure::usage(
                "--fresh throws the private database away and DATABASE_URL names another one: leave one of them out",
            ));
        }
        folder.wipe()?;
    }
    let house = House::open(&config, Tenancy::Owner).await?;
    if !house.is_private {
        house.migrate().await?;
    }
    let filled = tokio::select! {
        filled = fill::fill(&house, &arguments) => filled?,
        stop = signals.next() => {
            // What was being written is rolled back; the next run goes on there.
            house.close().await?;
            eprintln!("tradepost: stopped while the shop was being filled; run the same command again to go on");
            return Ok(ExitCode::from(stop.exit_code()));
        }
    };
    let keys = keys::ensure(&house, &folder).await?;
    let customer = people::ensure_customer(&house, &folder).await?;
    let written = keys::DemoFile::new(base_url, keys, customer, &house);
    written.write(&folder)?;
    summary::print(&written, &folder, begun.elapsed());
    if let fill::Filled::Before(Some(note)) = filled {
        println!("Note: {note}.\n");
    }
    serve_house(house, listeners, signals, &config).await
}
