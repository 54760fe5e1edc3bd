//! The binary: reads the configuration, puts the shop together, runs one command.
//!
//! No rule of the shop is here. `config` says what is wanted, `house` builds it, `serve` takes connections, `commands`
//! has a file for each command, `demo` the shop that starts with one command.

mod cli;
mod commands;
mod config;
mod demo;
mod failure;
mod files;
mod house;
mod logging;
mod memory;
mod progress;
mod proxies;
mod serve;
mod shutdown;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, ConfigAction};
use config::{Config, Layers};
use failure::Failure;

/// Keeps the threads' small allocations apart; measured on the read path it is worth some ten percent.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before anything makes a TLS connection; a second provider in the process would be a fault of ours.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("tradepost: {failure}");
            failure.exit_code()
        }
    }
}

/// Runs the command; what needs no configuration does not read one.
async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match &cli.command {
        Command::Version => {
            println!("tradepost {}", env!("CARGO_PKG_VERSION"));
            return Ok(ExitCode::SUCCESS);
        }
        Command::Openapi => return commands::openapi::print(),
        Command::Config { action: ConfigAction::Default } => {
            print!("{}", config::DEFAULTS);
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let layers = Layers::read(&cli.inputs())?;
    if matches!(cli.command, Command::Config { action: ConfigAction::Print }) {
        print!("{}", layers.print());
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::from_layers(&layers)?;
    if matches!(cli.command, Command::Config { .. }) {
        return Ok(commands::config::say_valid(&layers));
    }
    // The torture kills databases: that connections to them end is nothing to tell.
    let tortures = matches!(&cli.command, Command::Lab { what: cli::LabWhat::Torture(_) });
    logging::start(if tortures { "error" } else { &config.log }, config.log_format);
    for name in &layers.unknown_variables {
        tracing::warn!(variable = %name, "this environment variable is none of ours; `tradepost config print` lists the keys");
    }
    match cli.command {
        Command::Demo(arguments) => demo::run(config, arguments).await,
        Command::Serve(_) => commands::serve::serve(config).await,
        Command::Worker(_) => commands::serve::work(config).await,
        Command::Migrate(_) => commands::migrate::migrate(&config).await,
        Command::Keys { action: cli::KeysAction::Create(arguments) } => {
            commands::keys::create(&config, arguments).await
        }
        Command::Import { what: cli::ImportWhat::Products(arguments) } => {
            commands::import::products(&config, arguments).await
        }
        Command::Export { what: cli::ExportWhat::Products(arguments) } => {
            commands::export::products(&config, arguments).await
        }
        Command::Export { what: cli::ExportWhat::SearchLog(arguments) } => {
            commands::export::search_log(&config, arguments).await
        }
        Command::Mail { action: cli::MailAction::Preview(arguments) } => {
            commands::mail::preview(&config, arguments).await
        }
        Command::Mail { action: cli::MailAction::Retry(_) } => commands::mail::retry(&config).await,
        Command::Payments { action: cli::PaymentsAction::Retry(_) } => {
            commands::payments::retry(&config).await
        }
        Command::Rebuild(_) => commands::rebuild::rebuild(&config).await,
        Command::Reindex(_) => commands::reindex::reindex(&config).await,
        Command::Lab { what } => lab(config, what).await,
        Command::Doctor(_) => commands::doctor::examine(&config).await,
        Command::Config { .. } | Command::Openapi | Command::Version => Ok(ExitCode::SUCCESS),
    }
}

/// Runs what measures and tries the shop.
async fn lab(config: Config, what: cli::LabWhat) -> Result<ExitCode, Failure> {
    match what {
        cli::LabWhat::Limits(arguments) => Box::pin(commands::lab::limits(&config, arguments)).await,
        cli::LabWhat::Torture(arguments) => Box::pin(commands::torture::torture(config, arguments)).await,
        cli::LabWhat::FakeStripe(arguments) => commands::torture::fake_stripe(arguments).await,
        cli::LabWhat::SearchQuality(arguments) => commands::lab_search::quality(arguments).await,
        cli::LabWhat::SearchCompare(arguments) => commands::lab_compare::compare(arguments).await,
    }
}
