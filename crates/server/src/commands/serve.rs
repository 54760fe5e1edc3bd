//! `tradepost serve` and `tradepost worker`.

use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tradepost_app::catalog::Projector;
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_app::export::ExportWorker;
use tradepost_app::import::ImportWorker;
use tradepost_app::mail::MailWorker;
use tradepost_app::order::OrderSweeper;
use tradepost_app::payment::{InboxWorker, Reconciler};
use tradepost_app::search::popular::SearchLogWorker;
use tradepost_app::system::Auditor;
use tradepost_app::webhook::WebhookWorker;
use tradepost_http::browsers::for_browsers;
use tradepost_http::{ApiState, Ops};

use crate::config::{Config, Limits};
use crate::failure::Failure;
use crate::house::{House, Tenancy, base_url};
use crate::memory::keep_small;
use crate::serve::{Listeners, Phase, raise_file_limit, run};
use crate::shutdown::{Signals, close_on_signal};

/// How often figures are put together when nobody reads them, so that they do not grow.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Files that are open beside the connections of clients: those to the database, listeners, pictures being read.
const SPARE_FILES: u64 = 200;
/// How long the background work may take to finish its batch and to give back what it holds.
const WORKERS_PATIENCE: Duration = Duration::from_secs(10);

/// Serves until a signal.
pub async fn serve(mut config: Config) -> Result<ExitCode, Failure> {
    // The signals first: one that comes while the database starts must find somebody who stops it.
    let signals = Signals::new()?;
    let listeners = bind(&config)?;
    // The port may have been any free one.
    config.public_url.get_or_insert_with(|| base_url(listeners.address()));
    let house = House::open(&config, Tenancy::Owner).await?;
    if config.migrate_on_start {
        house.migrate().await?;
    }
    serve_house(house, listeners, signals, &config).await
}

/// Takes the address before anything else is started: a port that is taken is told at once.
pub fn bind(config: &Config) -> Result<Listeners, Failure> {
    let files = raise_file_limit();
    let connections = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    if files.is_some_and(|files| files < connections.saturating_add(SPARE_FILES)) {
        tracing::warn!(files, connections, "this process may open fewer files than limits.connections");
    }
    Listeners::bind(config.listen).map_err(Failure::new)
}

/// Serves a shop until a signal, then takes it apart in order: requests, background work, pools, database.
pub async fn serve_house(
    house: House,
    listeners: Listeners,
    signals: Signals,
    config: &Config,
) -> Result<ExitCode, Failure> {
    let figures = tradepost_http::ops::metrics::install().map_err(Failure::new)?;
    let upkeep = figures.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            upkeep.run_upkeep();
        }
    });
    let tidying = tokio::spawn(keep_small(house.shop.clone()));
    let ops = Ops::new(Some(figures), config.search.shows());
    let (phase, phases) = watch::channel(Phase::Serving);
    let workers = config.workers.then(|| start_workers(&house, config, phases.clone()));
    let key_uses = write_key_uses(&house, phases.clone());
    let search_log = write_search_log(&house, phases.clone());
    // Held until the end: without it the caches would not hear what changes.
    let listener = CatalogListener::spawn(house.shop.catalog.clone());
    let address = listeners.address();
    let state = ApiState::new(house.shop.clone()).with_room(config.pools.storefront);
    let gates = state.gates.clone();
    tokio::spawn(async move { gates.feel().await });
    let router = tradepost_http::router_with(state, ops.clone());
    let router = for_browsers(router, &config.cors_origins, config.https_only());
    tracing::info!(%address, workers = config.workers, private_database = house.is_private, "serving");
    let Limits { shutdown_grace_seconds, .. } = config.limits;
    let serving =
        tokio::spawn(run(listeners, router, (config.limits, config.trusted_proxies.clone()), phases));
    close_on_signal(signals, ops, &phase, Duration::from_secs(shutdown_grace_seconds)).await;
    let drained = serving.await.map_err(Failure::new)??;
    if drained.cut > 0 {
        tracing::warn!(connections = drained.cut, "the drain deadline has passed: connections are cut off");
    }
    let _ = phase.send(Phase::Cut);
    if let Some(workers) = workers {
        stop_workers(workers).await;
    }
    stop_workers(key_uses).await;
    stop_workers(search_log).await;
    drop(listener);
    // It holds the shop.
    tidying.abort();
    let _ = tidying.await;
    house.close().await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Runs the background work alone until a signal.
pub async fn work(config: Config) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let house = House::open(&config, Tenancy::Guest).await?;
    if config.migrate_on_start {
        house.migrate().await?;
    }
    let (phase, phases) = watch::channel(Phase::Serving);
    let workers = start_workers(&house, &config, phases);
    tracing::info!("working");
    signals.next().await;
    signals.next_one_kills();
    let _ = phase.send(Phase::Closing);
    stop_workers(workers).await;
    house.close().await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Starts the background work; it stops when the phase is no longer [`Phase::Serving`].
fn start_workers(house: &House, config: &Config, phases: watch::Receiver<Phase>) -> JoinHandle<()> {
    let shop = house.shop.clone();
    let imports = ImportWorker::new(shop.clone(), config.imports.retention());
    let searches = SearchLogWorker::new(shop.clone(), config.search.log_rules());
    tokio::spawn(async move {
        let over = || async {
            let _ = phases.clone().wait_for(|phase| *phase > Phase::Serving).await;
        };
        let (projector, exports) = (Projector::new(shop.clone()), ExportWorker::new(shop.clone()));
        let (mails, auditor) = (MailWorker::new(shop.clone()), Auditor::new(shop.clone()));
        let (sweeper, inbox) = (OrderSweeper::new(shop.clone()), InboxWorker::new(shop.clone()));
        let (reconciler, webhooks) = (Reconciler::new(shop.clone()), WebhookWorker::new(shop));
        tokio::join!(
            projector.run(over()),
            imports.run(over()),
            exports.run(over()),
            mails.run(over()),
            sweeper.run(over()),
            inbox.run(over()),
            reconciler.run(over()),
            auditor.run(over()),
            webhooks.run(over()),
            searches.run(over()),
        );
    })
}

/// Writes now and then when keys were used; a last time when all requests are answered.
fn write_key_uses(house: &House, mut phases: watch::Receiver<Phase>) -> JoinHandle<()> {
    let shop = house.shop.clone();
    tokio::spawn(async move {
        let shutdown = async move {
            let _ = phases.wait_for(|phase| *phase >= Phase::Cut).await;
        };
        shop.key_uses.run(shop.store.worker(), shutdown).await;
    })
}

/// Writes every few seconds what was searched for in this process; a last time when all requests are answered.
fn write_search_log(house: &House, mut phases: watch::Receiver<Phase>) -> JoinHandle<()> {
    let shop = house.shop.clone();
    tokio::spawn(async move {
        let shutdown = async move {
            let _ = phases.wait_for(|phase| *phase >= Phase::Cut).await;
        };
        shop.search_log.run(&shop, shutdown).await;
    })
}

async fn stop_workers(workers: JoinHandle<()>) {
    // What they had not finished is rolled back, and done at the next start.
    if tokio::time::timeout(WORKERS_PATIENCE, workers).await.is_err() {
        tracing::warn!("the background work did not stop in time");
    }
}
