//! `tradepost lab torture`: fills a shop of its own and hands it to the lab, which starts this same program on it, buys
//! from it and kills it. `tradepost lab fake-stripe`: the stand-in for Stripe by itself.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use tradepost_adapters::SystemClock;
use tradepost_app::api_key::{ApiKeyCreate, KeyGrant, create_api_key};
use tradepost_app::auth::Scope;
use tradepost_app::crash::CrashPoint;
use tradepost_lab::fake_stripe::{self, Seconds, Webhooks};
use tradepost_lab::torture::bed::Ground;
use tradepost_lab::torture::{Grounds, Service, Suite, TorturePlan, run};
use tradepost_port::Clock as _;

use crate::cli::{Demo, LabFakeStripe, LabTorture, TorturePart};
use crate::config::{Config, DEFAULTS};
use crate::demo::fill;
use crate::failure::Failure;
use crate::house::{House, Tenancy};
use crate::progress::Progress;
use crate::shutdown::Signals;

/// Products beside those that are fought for, so that pages have something to show.
const PRODUCTS: u32 = 20;

/// Tortures a shop of its own and reports; exit code 1 when a promise is broken.
pub async fn torture(config: Config, arguments: LabTorture) -> Result<ExitCode, Failure> {
    let plan = plan(&arguments);
    let folder = std::env::temp_dir().join(format!("tradepost-torture-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut signals = Signals::new()?;
    let tortured = tokio::select! {
        tortured = Box::pin(run_in(config, &plan, &folder)) => tortured,
        stop = signals.next() => {
            let _ = std::fs::remove_dir_all(&folder);
            return Ok(ExitCode::from(stop.exit_code()));
        }
    };
    let report = match tortured {
        Ok(report) => report,
        Err(failure) => {
            eprintln!("the torture broke off; what the shop has said is in {}", folder.display());
            return Err(failure);
        }
    };
    println!("{}", report.text());
    if let Some(path) = &arguments.json {
        report.write_json(path)?;
    }
    if let Some(path) = &arguments.report {
        report.write_html(path)?;
    }
    if report.is_clean() {
        let _ = std::fs::remove_dir_all(&folder);
        return Ok(ExitCode::SUCCESS);
    }
    println!("The shop and what it has said are kept in {}", folder.display());
    Ok(ExitCode::FAILURE)
}

async fn run_in(
    config: Config,
    plan: &TorturePlan,
    folder: &Path,
) -> Result<tradepost_lab::torture::TortureReport, Failure> {
    let grounds = fill_shop(config, folder).await?;
    let (mut progress, mut doing) = (Progress::new("torture"), String::new());
    let mut told = |what: &str, done: u64, of: u64| {
        if doing != what {
            what.clone_into(&mut doing);
            progress.say(what);
        }
        progress.set(done, of);
    };
    let report = Box::pin(run(plan, grounds, &mut told)).await?;
    progress.finish();
    Ok(report)
}

/// A shop with rules, a catalogue and a key, in a durable PostgreSQL of its own.
async fn fill_shop(mut config: Config, folder: &Path) -> Result<Grounds, Failure> {
    let ground = Ground::start(&folder.join("postgres")).await?;
    config.database_url = Some(ground.url().to_owned().into());
    config.data_dir = folder.join("shop");
    let house = House::open(&config, Tenancy::Owner).await?;
    house.migrate().await?;
    let demo = Demo {
        listen: None,
        data: config.data_dir.clone(),
        products: Some(PRODUCTS),
        catalog: None,
        fresh: false,
        seed: None,
    };
    Box::pin(fill::fill(&house, &demo)).await?;
    let grant = KeyGrant::Secret(Scope::ALL.to_vec());
    let key = create_api_key(&house.staff(), ApiKeyCreate { name: "Torture".to_owned(), grant }).await?;
    house.close().await?;
    let program = std::env::current_exe()?;
    Ok(Grounds { ground, program, folder: PathBuf::from(folder), admin_key: key.text, clock: clock() })
}

fn plan(arguments: &LabTorture) -> TorturePlan {
    // Nobody chose: the time does, and the report names it.
    let seed = arguments.seed.unwrap_or_else(|| SystemClock.now().as_second().unsigned_abs());
    let wanted = |suite: &Suite| {
        arguments.only.is_empty() || arguments.only.iter().any(|part| suite_of(*part) == *suite)
    };
    let suites: Vec<Suite> = Suite::ALL.into_iter().filter(wanted).collect();
    let wanted = |point: &CrashPoint| arguments.at.is_empty() || arguments.at.contains(point);
    let points = CrashPoint::ALL.into_iter().filter(wanted);
    let at = arguments.at.iter().flat_map(|point| [" --at ", point.as_str()]).collect::<String>();
    let LabTorture { rounds, clients, .. } = arguments;
    let only = arguments.only.iter().flat_map(|part| [" --only ", word(*part)]).collect::<String>();
    TorturePlan {
        rounds: *rounds,
        seed,
        clients: usize::from(*clients),
        suites,
        crash_points: points.map(CrashPoint::as_str).collect(),
        command: format!(
            "tradepost lab torture --rounds {rounds} --seed {seed} --clients {clients}{only}{at}"
        ),
        services: services(),
    }
}

/// The time as Stripe tells it.
fn clock() -> Seconds {
    Arc::new(|| SystemClock.now().as_second())
}

fn suite_of(part: TorturePart) -> Suite {
    match part {
        TorturePart::Races => Suite::Races,
        TorturePart::Faults => Suite::Faults,
        TorturePart::Restart => Suite::Restart,
        TorturePart::Search => Suite::Search,
        TorturePart::Crowd => Suite::Crowd,
        TorturePart::Kills => Suite::Kills,
    }
}

fn word(part: TorturePart) -> &'static str {
    match part {
        TorturePart::Races => "races",
        TorturePart::Faults => "faults",
        TorturePart::Restart => "restart",
        TorturePart::Search => "search",
        TorturePart::Crowd => "crowd",
        TorturePart::Kills => "kills",
    }
}

/// What the shop stands on. What the configuration has no word for cannot be in use, and so cannot be taken away.
fn services() -> Vec<Service> {
    let configurable = |name: &str| DEFAULTS.lines().any(|line| line.starts_with(name));
    let other = |name, key: &str| {
        let state = if configurable(key) {
            "in use, and not taken away by this run"
        } else {
            "not in use: the configuration has no such service"
        };
        Service { name, state: state.to_owned() }
    };
    vec![
        Service { name: "PostgreSQL", state: "private, durable (fsync on); killed with the shop".to_owned() },
        Service { name: "Stripe", state: "a stand-in on this machine with books of its own".to_owned() },
        other("Redis", "redis"),
        Service {
            name: "Search server",
            state: "one that is away, in the part `search`; else the shop searches in its own memory, gone with each kill"
                .to_owned(),
        },
    ]
}

/// Runs the stand-in until a signal.
pub async fn fake_stripe(arguments: LabFakeStripe) -> Result<ExitCode, Failure> {
    let LabFakeStripe { listen, webhook, secret } = arguments;
    let mut signals = Signals::new()?;
    let say = |base: &str| {
        println!(
            "A stand-in for Stripe listens on {base} and tells {webhook} what happens. Start the shop with\n\n  \
             TRADEPOST_STRIPE_API_BASE={base} TRADEPOST_STRIPE_SECRET_KEY=sk_test_demo TRADEPOST_STRIPE_WEBHOOK_SECRET={secret}\n\n\
             It knows Stripe's test cards by name, pm_card_visa for one. Ctrl-C ends it, and it forgets everything."
        );
    };
    let webhooks = Webhooks { url: webhook.clone(), secret: secret.clone() };
    tokio::select! {
        ended = fake_stripe::run(listen, Some(webhooks), (clock(), say)) => ended?,
        _ = signals.next() => {}
    }
    Ok(ExitCode::SUCCESS)
}
