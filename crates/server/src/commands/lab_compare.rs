//! `tradepost lab search-compare`: search in memory, search on OpenSearch and OpenSearch without us, side by side in one run.
//!
//! Whatever happens, nothing is left behind: the server of its own ends with this process, and on somebody else's the indexes of the
//! run are deleted.

use std::path::Path;
use std::process::ExitCode;

use tradepost_adapters::SystemClock;
use tradepost_domain::kernel::with_causes;
use tradepost_lab::LabError;
use tradepost_lab::search::{
    ADDRESS_VARIABLE, OwnServer, SearchPlan, SearchReport, SideKind, Stop, check_data, compare as measure,
    resident_of_side, sweep,
};
use tradepost_port::Clock as _;

use crate::cli::{LabSearchCompare, ResidentOf};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::shutdown::Signals;

/// Compares and reports.
pub async fn compare(arguments: LabSearchCompare) -> Result<ExitCode, Failure> {
    if let (Some(side), Some(prefix)) = (arguments.resident_of, arguments.prefix.clone()) {
        let told = tokio::task::spawn_blocking(move || resident(side, &arguments.data, &prefix)).await;
        println!("{}", told.map_err(Failure::new)??);
        return Ok(ExitCode::SUCCESS);
    }
    for path in [&arguments.json, &arguments.html].into_iter().flatten() {
        can_be_written(path)?;
    }
    let (json, html) = (arguments.json.clone(), arguments.html.clone());
    let (stop, mut signals) = (Stop::default(), Signals::new()?);
    let wish = stop.clone();
    let mut work = tokio::task::spawn_blocking(move || run(&arguments, &wish));
    let report = tokio::select! {
        report = &mut work => report.map_err(Failure::new)??,
        signal = signals.next() => {
            eprintln!("stopping: the server and its folder go first");
            stop.now();
            signals.next_one_kills();
            // What became of it does not matter any more, but that it is over.
            let _ = work.await;
            return Ok(ExitCode::from(signal.exit_code()));
        }
    };
    print!("{report}");
    if let Some(path) = json {
        report.write_json(&path)?;
    }
    if let Some(path) = html {
        report.write_html(&path)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a report could be written there: told before the minutes that it takes, not after.
fn can_be_written(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() && !path.is_dir() {
        return Ok(());
    }
    let why = if path.is_dir() {
        "it is a folder".to_owned()
    } else {
        format!("there is no folder `{}`", folder.display())
    };
    Err(Failure::new(format!("`{}` cannot be written: {why}", path.display())))
}

/// Compares over the server that was named, or over one of its own.
fn run(arguments: &LabSearchCompare, stop: &Stop) -> Result<SearchReport, Failure> {
    check_data(&arguments.data, arguments.every).map_err(|error| failure(&error))?;
    let prefix = format!("tradepost-compare-{}", std::process::id());
    let mut progress = Progress::new("compare");
    if let Some(address) = &arguments.opensearch {
        let plan = plan(arguments, (address, "named by --opensearch"), prefix, stop)?;
        let compared = with_progress(&plan, progress);
        let swept = sweep(address, &plan.prefix);
        let report = compared.map_err(|error| failure(&error))?;
        swept.map_err(|error| failure(&error))?;
        return Ok(report);
    }
    progress.say("starting OpenSearch");
    let mut server = OwnServer::start(stop).map_err(|error| failure(&error))?;
    let address = server.url().to_owned();
    let plan = plan(arguments, (&address, &OwnServer::description()), prefix, stop)?;
    with_progress(&plan, progress).map_err(|error| match server.last_words() {
        Some(said) => Failure::new(format!(
            "the OpenSearch that was started for this ended by itself ({}); it said last:\n{said}",
            with_causes(&error)
        )),
        None => failure(&error),
    })
}

fn with_progress(plan: &SearchPlan, mut progress: Progress) -> Result<SearchReport, LabError> {
    let mut doing = String::new();
    let compared = measure(plan, &mut |what, done, of| {
        if doing != what {
            what.clone_into(&mut doing);
            progress.say(what);
        }
        progress.set(done, of);
    });
    progress.finish();
    compared
}

fn plan(
    arguments: &LabSearchCompare,
    (address, server): (&str, &str),
    prefix: String,
    stop: &Stop,
) -> Result<SearchPlan, Failure> {
    let LabSearchCompare { data, rounds, every, changes, opensearch, .. } = arguments;
    // It may have a password in it, and a report is shown around.
    let named = if opensearch.is_some() { " --opensearch URL" } else { "" };
    Ok(SearchPlan {
        data: data.clone(),
        address: address.to_owned(),
        prefix,
        server: server.to_owned(),
        rounds: usize::from(*rounds),
        every: *every,
        changes: usize::from(*changes),
        program: std::env::current_exe()?,
        command: format!(
            "tradepost lab search-compare --data {} --rounds {rounds} --every {every} --changes {changes}{named}",
            data.display()
        ),
        begun_at: SystemClock.now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
        stop: stop.clone(),
    })
}

/// What one side takes of this process, as JSON.
fn resident(side: ResidentOf, data: &Path, prefix: &str) -> Result<String, Failure> {
    let address = std::env::var(ADDRESS_VARIABLE).unwrap_or_default();
    let kind = match side {
        ResidentOf::Embedded => SideKind::Embedded,
        ResidentOf::Shared => SideKind::Shared,
    };
    let taken = resident_of_side(kind, data, (&address, prefix)).map_err(|error| failure(&error))?;
    Ok(serde_json::to_string(&taken)?)
}

fn failure(error: &LabError) -> Failure {
    Failure::new(with_causes(error))
}
