//! What the program takes by itself, as a process of its own beside a database that runs: time to its first answer,
//! memory when idle, and what ten thousand idle connections do to both and to those that work.
#![expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "measurements are floats; no money is near"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tradepost_lab::LabError;
use tradepost_lab::limits::same_path;
use tradepost_lab::load::{LoadPlan, drive};
use tradepost_lab::report::Bound;

use super::lab::{LISTING, fetch};
use crate::serve::raise_file_limit;

/// Connections that ask once and then nothing.
const IDLE_CONNECTIONS: usize = 10_000;
/// How long the program may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Nothing was filled for so long: start-up is over.
const SETTLING: Duration = Duration::from_secs(2);
/// Between two looks whether search is filled.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the filling of search may take.
const FILLING_PATIENCE: Duration = Duration::from_hours(1);
/// Seconds that two cores may take to fill an index of a hundred thousand products.
const FILLING_GOAL: f64 = 60.0;
/// Products of the shop that the goal of memory is about.
const SMALL_SHOP: i64 = 2_000;

/// The program, ended when dropped.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    fn serve(address: SocketAddr, database_url: &SecretString, data: &Path) -> Result<Self, LabError> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--listen").arg(address.to_string());
        command.env("DATABASE_URL", database_url.expose_secret()).env("TRADEPOST_DATA_DIR", data);
        // A lab that waits for ten thousand connections to be made takes longer than a shop lets one be idle.
        command.env("TRADEPOST_LIMITS_KEEP_ALIVE_SECONDS", "600").env("TRADEPOST_LOG", "error");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self(child))
    }

    /// Resident memory in megabytes (10^6 bytes), where the system says it.
    fn memory(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1.024 / 1_000.0)
    }
}

/// Starts the program on a database that runs, and measures it.
pub(super) fn measure_bounds(
    database_url: &SecretString,
    data: &Path,
    plan: LoadPlan,
) -> Result<Vec<Bound>, LabError> {
    raise_file_limit();
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let started = Instant::now();
    let program = Program::serve(address, database_url, data)?;
    while fetch(address, LISTING).is_err() {
        if started.elapsed() > PATIENCE {
            return Err(LabError::Preparation("the program does not answer".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let first_answer_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let search = wait_for_search(address, started)?;
    let idle = program.memory();
    let p99_ms = || -> Result<f64, LabError> {
        let load = drive(address, &same_path(LISTING), plan)?;
        Ok(load.latency_us.value_at_quantile(0.99) as f64 / 1_000.0)
    };
    p99_ms()?;
    let (alone, before) = (p99_ms()?, program.memory());
    let connections: Result<Vec<TcpStream>, LabError> =
        (0..IDLE_CONNECTIONS).map(|_| ask_once(address)).collect();
    let connections = connections?;
    let (crowded, after) = (p99_ms()?, program.memory());
    drop(connections);
    let mut bounds = vec![Bound {
        name: "start to the first answer",
        value: first_answer_ms,
        goal: Some(300.0),
        unit: "ms",
    }];
    let most = FILLING_GOAL * search.in_all as f64 / 100_000.0;
    let name = "start until all of search is filled";
    bounds.push(Bound { name, value: search.filled_after.as_secs_f64(), goal: Some(most), unit: "s" });
    let memory = |name, value: Option<f64>, goal| value.map(|value| Bound { name, value, goal, unit: "MB" });
    bounds.extend(memory("memory, idle", idle, (search.largest <= SMALL_SHOP).then_some(80.0)));
    let taken = before.zip(after).map(|(before, after)| after - before);
    bounds.extend(memory("memory of 10,000 idle connections", taken, Some(400.0)));
    bounds.push(Bound { name: "p99 of a listing, warm", value: alone, goal: Some(10.0), unit: "ms" });
    // Unchanged, but for what the same load varies by from one turn to the next.
    let most = alone * 1.5;
    bounds.push(Bound {
        name: "p99 beside 10,000 idle connections",
        value: crowded,
        goal: Some(most),
        unit: "ms",
    });
    Ok(bounds)
}

/// What search holds, as the program's figures tell it.
#[derive(Default)]
struct Searched {
    /// From the start of the program until nothing was being filled any more.
    filled_after: Duration,
    /// Products of all indexes, and of the largest.
    in_all: i64,
    largest: i64,
    is_filling: bool,
}

/// Waits until every index is filled, and some time more in which nothing is.
fn wait_for_search(address: SocketAddr, started: Instant) -> Result<Searched, LabError> {
    let mut filled_after = started.elapsed();
    loop {
        let searched = searched(&fetch(address, "/metrics")?);
        if searched.is_filling || searched.in_all == 0 {
            filled_after = started.elapsed();
        } else if started.elapsed().saturating_sub(filled_after) >= SETTLING {
            return Ok(Searched { filled_after, ..searched });
        }
        if filled_after > FILLING_PATIENCE {
            return Err(LabError::Preparation("search is not filled after an hour".to_owned()));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn searched(metrics: &[u8]) -> Searched {
    let mut searched = Searched::default();
    for line in String::from_utf8_lossy(metrics).lines() {
        searched.is_filling |= line.starts_with("search_filling_due{");
        let products = line.strip_prefix("search_products{").and_then(|rest| rest.rsplit_once(' '));
        let products = products.and_then(|(_, count)| count.parse().ok()).unwrap_or(0_i64);
        searched.in_all = searched.in_all.saturating_add(products);
        searched.largest = searched.largest.max(products);
    }
    searched
}

/// A connection that was answered once and stays.
fn ask_once(address: SocketAddr) -> Result<TcpStream, LabError> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
    let mut answer = [0; 1_024];
    let read = stream.read(&mut answer)?;
    if answer.get(..read).is_some_and(|answer| answer.starts_with(b"HTTP/1.1 200")) {
        return Ok(stream);
    }
    let status = String::from_utf8_lossy(answer.get(..read).unwrap_or_default()).into_owned();
    Err(LabError::Preparation(format!("an idle connection was not served: {status}")))
}
