//! `tradepost lab limits`: our read paths and the import beside their limits, measured in turns in this one run.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tradepost_app::Shop;
use tradepost_app::catalog::listener::CatalogListener;
use tradepost_app::export::{ExportFilter, ExportOptions, export_products};
use tradepost_app::import::{FileSource, Format, ImportContext, ImportOptions, run_import};
use tradepost_http::ApiState;
use tradepost_lab::limits::{http_side, same_path, spread_paths, static_router};
use tradepost_lab::load::LoadPlan;
use tradepost_lab::report::{Bound, Report};
use tradepost_lab::{Comparison, LabError, Ratio, Requests, copy, per_second};

use super::lab_bounds::measure_bounds;
use crate::cli::{Demo, LabLimits};
use crate::config::Config;
use crate::demo::fill;
use crate::failure::Failure;
use crate::house::{House, Tenancy};
use crate::serve::{Listeners, Phase, run};

/// How often it is looked whether the search index is filled.
const SHELVES_LOOK_EVERY: Duration = Duration::from_millis(100);

/// Products of the import at least: a smaller file is one or two chunks, and measures how an import begins and ends.
const IMPORT_PRODUCTS_MIN: u64 = 20_000;

/// A listing as shops show it first.
pub(super) const LISTING: &str = "/api/products?limit=20";

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        Self::new(error)
    }
}

/// Measures and prints; exit code 1 when a goal is not reached.
pub async fn limits(config: &Config, arguments: LabLimits) -> Result<ExitCode, Failure> {
    let own = arguments.data.is_none();
    let folder = arguments.data.clone();
    let folder =
        folder.unwrap_or_else(|| std::env::temp_dir().join(format!("tradepost-lab-{}", std::process::id())));
    let outcome = Box::pin(measure(config, &arguments, &folder)).await;
    if own {
        let _ = std::fs::remove_dir_all(&folder);
    }
    let report = outcome?;
    println!("{}", report.table());
    if let Some(path) = &arguments.json {
        report.write_json(path)?;
    }
    let reached = report.ratios.iter().all(Ratio::reached) && report.bounds.iter().all(Bound::reached);
    Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a side is measured by.
pub(super) struct Bench {
    pub(super) plan: LoadPlan,
    pub(super) rounds: usize,
    phases: watch::Receiver<Phase>,
    config: Config,
}

async fn measure(config: &Config, arguments: &LabLimits, folder: &Path) -> Result<Report, Failure> {
    let (phase, phases) = watch::channel(Phase::Serving);
    let plan = LoadPlan {
        connections: arguments.connections,
        duration: Duration::from_millis(arguments.milliseconds),
        bears_refusals: false,
    };
    let mut bench = Bench { plan, rounds: arguments.rounds, phases, config: config.clone() };
    bench.config.database_url = None;
    bench.config.data_dir = folder.join("shop");
    let house = House::open(&bench.config, Tenancy::Owner).await?;
    let demo = Demo {
        listen: None,
        data: folder.join("shop"),
        products: Some(arguments.products),
        catalog: None,
        fresh: false,
        seed: None,
    };
    Box::pin(fill::fill(&house, &demo)).await?;
    let mut bounds = Vec::new();
    let mut ratios = Vec::new();
    if !arguments.skip_reads {
        let (url, data, plan) = (house.database_url.clone(), bench.config.data_dir.clone(), bench.plan);
        eprintln!("measuring: the program by itself");
        bounds = blocking(move || measure_bounds(&url, &data, plan)).await?;
        ratios.extend(bench.reads(&house).await?);
    }
    if !arguments.skip_search {
        let (compared, taken) = bench.finds(&house, folder).await?;
        ratios.extend(compared);
        bounds.extend(taken);
    }
    if !arguments.skip_orders {
        ratios.extend(bench.checkout(&house).await?);
    }
    if !arguments.skip_import {
        ratios.extend(bench.import(u64::from(arguments.products), folder).await?);
    }
    let _ = phase.send(Phase::Cut);
    house.close().await?;
    let LabLimits { products, rounds, connections, milliseconds, .. } = arguments;
    Ok(Report {
        command: format!(
            "tradepost lab limits --products {products} --rounds {rounds} --connections {connections} --milliseconds {milliseconds}{}",
            skipped(arguments)
        ),
        products: u64::from(*products),
        rounds: *rounds,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        ratios,
        bounds,
    })
}

/// What was left out, as flags.
fn skipped(arguments: &LabLimits) -> String {
    let flags = [
        (arguments.skip_reads, " --skip-reads"),
        (arguments.skip_search, " --skip-search"),
        (arguments.skip_orders, " --skip-orders"),
        (arguments.skip_import, " --skip-import"),
    ];
    flags.iter().filter(|(is_skipped, _)| *is_skipped).map(|(_, flag)| *flag).collect()
}

impl Bench {
    /// Serves a router on a port of its own until the end.
    pub(super) fn serve(&self, router: Router) -> Result<SocketAddr, Failure> {
        let listeners = Listeners::bind(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(Failure::new)?;
        let address = listeners.address();
        let parts = (self.config.limits, self.config.trusted_proxies.clone());
        tokio::spawn(run(listeners, router, parts, self.phases.clone()));
        Ok(address)
    }

    /// Follows the catalogue for as long as what it answers lives; the search index is filled then.
    pub(super) async fn follow(&self, house: &House) -> Result<CatalogListener, Failure> {
        let listener = CatalogListener::spawn(house.shop.catalog.clone());
        if let Some(shelves) = &house.shop.catalog.shelves {
            // The listener has them filled.
            while !shelves.are_ready().await.map_err(Failure::new)? {
                tokio::time::sleep(SHELVES_LOOK_EVERY).await;
            }
        }
        Ok(listener)
    }

    async fn reads(&self, house: &House) -> Result<Vec<Ratio>, Failure> {
        let _listener = self.follow(house).await?;
        let ours = self.serve(tradepost_http::router(ApiState::new(house.shop.clone())))?;
        let (listing, handles) = blocking(move || sample(ours)).await?;
        let first = format!("/api/products/{}", handles.first().cloned().unwrap_or_default());
        let product = blocking(move || fetch(ours, &first)).await?;
        let paths: Vec<String> = handles.iter().map(|handle| format!("/api/products/{handle}")).collect();
        let listing_limit = self.serve(static_router(listing))?;
        let product_limit = self.serve(static_router(product))?;
        let cases: [(&'static str, Requests, SocketAddr, f64); 3] = [
            ("listing, warm", same_path(LISTING), listing_limit, 0.85),
            ("listing, never asked", never_asked(), listing_limit, 0.35),
            ("product, random", spread_paths(&paths)?, product_limit, 0.70),
        ];
        let mut ratios = Vec::with_capacity(cases.len());
        for (name, requests, limit, goal) in cases {
            let (plan, rounds) = (self.plan, self.rounds);
            let compare = move || {
                let comparison = Comparison {
                    name,
                    limit_name: "a handler with the same bytes in memory",
                    unit: "requests",
                    goal: Some(goal),
                    ours: http_side(ours, requests, plan),
                    limit: http_side(limit, same_path("/"), plan),
                };
                comparison.run(rounds)
            };
            eprintln!("measuring: {name}");
            ratios.push(blocking(compare).await?);
        }
        Ok(ratios)
    }

    async fn import(&self, products: u64, folder: &Path) -> Result<Vec<Ratio>, Failure> {
        let file = folder.join("catalog.jsonl");
        let mut config = self.config.clone();
        // One of its own each time, also where the other shop is kept.
        config.data_dir = folder.join(format!("import-{}", std::process::id()));
        let house = House::open(&config, Tenancy::Owner).await?;
        fill::fill_unread(&house, products.max(IMPORT_PRODUCTS_MIN)).await?;
        let options = ExportOptions {
            format: Format::JsonLines,
            filter: ExportFilter::default(),
            currency: None,
            media_base_url: None,
        };
        let mut out = std::io::BufWriter::new(std::fs::File::create(&file)?);
        let exported = export_products(&house.shop.store, &options, &mut out).await.map_err(Failure::new)?;
        out.flush()?;
        let shop = house.shop.clone();
        let (products, rounds, runtime) = (exported.products, self.rounds, Handle::current());
        eprintln!("measuring: import of {products} products");
        let ratios = blocking(move || compare_imports(&shop, &file, (products, rounds), &runtime)).await?;
        house.close().await?;
        std::fs::remove_dir_all(&config.data_dir)?;
        Ok(ratios)
    }
}

fn compare_imports(
    shop: &Arc<Shop>,
    file: &Path,
    (products, rounds): (u64, usize),
    runtime: &Handle,
) -> Result<Vec<Ratio>, LabError> {
    let rate = |took: Duration| per_second(products, took);
    let import = || {
        runtime.block_on(copy::forget_catalog(&shop.store))?;
        let started = Instant::now();
        runtime.block_on(Box::pin(import_once(shop, file.to_owned())))?;
        Ok(rate(started.elapsed()))
    };
    let bytes = || {
        let started = Instant::now();
        runtime.block_on(copy::copy_lines(&shop.store, file))?;
        Ok(rate(started.elapsed()))
    };
    let rows = || Ok(rate(runtime.block_on(copy::copy_rows(&shop.store))?));
    let of_bytes = Comparison {
        name: "import / file's bytes",
        limit_name: "plain COPY of the file's bytes into one column, no keys, no indexes",
        unit: "products",
        goal: Some(0.25),
        ours: Box::new(import),
        limit: Box::new(bytes),
    };
    let of_rows = Comparison {
        name: "import / its rows",
        limit_name: "plain COPY of the rows that it writes, into the same tables",
        unit: "products",
        goal: Some(0.25),
        ours: Box::new(import),
        limit: Box::new(rows),
    };
    Ok(vec![of_bytes.run(rounds)?, of_rows.run(rounds)?])
}

async fn import_once(shop: &Arc<Shop>, file: PathBuf) -> Result<(), LabError> {
    let context =
        ImportContext { store: shop.store.clone(), clock: shop.clock.clone(), ids: shop.ids.clone() };
    let options = ImportOptions { format: Some(Format::JsonLines), ..ImportOptions::default() };
    let report = run_import(&context, Arc::new(FileSource(file)), &options, &|_| ()).await;
    let report = report.map_err(|error| LabError::Preparation(error.to_string()))?;
    if report.counts.failed > 0 {
        return Err(LabError::Preparation(format!("{} rows could not be imported", report.counts.failed)));
    }
    Ok(())
}

/// Runs what blocks on a thread of its own: the runtime is left to the server under load.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LabError> + Send + 'static,
) -> Result<T, Failure> {
    Ok(tokio::task::spawn_blocking(work).await.map_err(Failure::new)??)
}

/// The first listing's bytes, and the handles of up to 20,000 products.
fn sample(address: SocketAddr) -> Result<(Bytes, Vec<String>), LabError> {
    let listing = fetch(address, LISTING)?;
    let mut handles = Vec::new();
    let mut path = "/api/products?limit=100&sort=newest&fields=handle".to_owned();
    loop {
        let page: serde_json::Value =
            serde_json::from_slice(&fetch(address, &path)?).map_err(std::io::Error::from)?;
        let items = page.get("data").and_then(serde_json::Value::as_array).into_iter().flatten();
        handles.extend(items.filter_map(|item| Some(item.get("handle")?.as_str()?.to_owned())));
        match page.pointer("/page/next").and_then(serde_json::Value::as_str) {
            Some(next) if handles.len() < 20_000 => {
                path = format!("/api/products?limit=100&sort=newest&fields=handle&cursor={next}");
            }
            _ => return Ok((listing, handles)),
        }
    }
}

/// Listings of which each is asked for once: prices from an ever other cent on. The count goes on from one round to the next: what
/// was asked in the round before would be answered from memory.
fn never_asked() -> Requests {
    let asked = AtomicU64::new(0);
    Arc::new(move |_| {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        let (from, sort) =
            (number % 20_000, if (number / 20_000).is_multiple_of(2) { "price" } else { "newest" });
        let cap = 1_000_000 + number / 40_000;
        let query =
            format!("limit=20&sort={sort}&filter%5Bprice%5D%5Bgte%5D={from}&filter%5Bprice%5D%5Blt%5D={cap}");
        tradepost_lab::load::get(&format!("/api/products?{query}"))
    })
}

/// The body of one answer.
pub(super) fn fetch(address: SocketAddr, path: &str) -> Result<Bytes, LabError> {
    ask(address, &tradepost_lab::load::get(path))
}

/// The body of the answer to one request.
pub(super) fn ask(address: SocketAddr, request: &str) -> Result<Bytes, LabError> {
    use std::io::Read as _;
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(request.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n");
    match head {
        Some(end) if answer.starts_with(b"HTTP/1.1 20") => Ok(Bytes::from(answer.split_off(end + 4))),
        _ => Err(LabError::UnexpectedAnswer {
            what: "sample".to_owned(),
            status: String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned(),
            request: request.lines().next().unwrap_or_default().to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_was_asked_in_a_round_is_not_asked_in_the_next() {
        let requests = never_asked();
        let mut asked = BTreeSet::new();
        for _ in 0..3 {
            // A round counts its requests from nought.
            assert!((0..50_000).all(|number| asked.insert(requests(number))));
        }
    }
}
