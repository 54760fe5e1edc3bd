//! What searching takes of memory: a process that does nothing else, and the server's Java.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tradepost_search::opensearch::{Server, Settings};
use tradepost_search::quality::JUDGED_HITS;

use super::material::Material;
use super::side::{Ground, Question, SideKind};
use super::{SearchPlan, Stop, machine};
use crate::LabError;

/// Of the queries, every so many-th: enough for what is kept of questions to be there.
const EVERY: u32 = 4;
/// The environment variable by which the process is told the address of the server.
pub const ADDRESS_VARIABLE: &str = "TRADEPOST_LAB_OPENSEARCH";
/// How often it is looked whether the process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What becomes free is given back by then.
const SETTLING: Duration = Duration::from_secs(1);

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// Resident when it had answered.
    pub bytes: u64,
    /// The most that ever was: while it learnt and indexed.
    pub peak_bytes: u64,
}

impl Resident {
    /// Of a process of this machine.
    pub fn of(process: u32) -> Option<Self> {
        machine::resident(process).map(|(bytes, peak_bytes)| Self { bytes, peak_bytes })
    }
}

/// Fills both catalogues in this process, asks them, and looks how much memory it has then: for a process that does nothing else.
pub fn resident_of_side(
    kind: SideKind,
    data: &Path,
    (address, prefix): (&str, &str),
) -> Result<Resident, LabError> {
    let ground = Ground::new(address, prefix)?;
    let Material { electronics, retail, electronics_items, retail_items, .. } = Material::read(data, EVERY)?;
    let mut sides = Vec::new();
    for (catalogue, items) in [(electronics, electronics_items), (retail, retail_items)] {
        sides.push((ground.fill(kind, &catalogue)?, items));
    }
    for (side, items) in &sides {
        for item in items {
            let question = Question { text: item.typed.clone(), limit: JUDGED_HITS, with_facets: false };
            ground.runtime.block_on(side.ask(&question))?;
        }
    }
    std::thread::sleep(SETTLING);
    Resident::of(std::process::id()).ok_or_else(|| {
        LabError::Preparation("this system does not tell how much memory is resident".to_owned())
    })
}

/// A process that is ended when nobody waits for it any more.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The memory of a process of its own.
pub fn in_own_process(plan: &SearchPlan, kind: SideKind) -> Result<Resident, LabError> {
    let mut command = Command::new(&plan.program);
    command.args(["lab", "search-compare", "--resident-of", kind.word(), "--prefix", &plan.prefix]);
    // It may have a password in it: others can read arguments, and not the environment.
    command.arg("--data").arg(&plan.data).env(ADDRESS_VARIABLE, &plan.address);
    // As a shop has it while its index is filled (`keep_small`): what becomes free is given back at once.
    command.env("MIMALLOC_PURGE_DELAY", "0").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut program = Program(command.spawn()?);
    let said = wait(&mut program, &plan.stop)?;
    serde_json::from_str(&said).map_err(|_| {
        LabError::Preparation(format!("a process of this program did not tell its memory: {said}"))
    })
}

/// Waits for its end; what it said.
fn wait(program: &mut Program, stop: &Stop) -> Result<String, LabError> {
    use std::io::Read as _;
    let status = loop {
        stop.look()?;
        if let Some(status) = program.0.try_wait()? {
            break status;
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let mut said = String::new();
    if let Some(mut output) = program.0.stdout.take() {
        output.read_to_string(&mut said)?;
    }
    if status.success() {
        return Ok(said);
    }
    Err(LabError::Preparation(
        "a process that was to tell its memory failed; what it said is above".to_owned(),
    ))
}

/// The memory of the server, where it is a Java of this machine that we may look at.
pub async fn of_server(server: &Server, settings: &Settings) -> Option<Resident> {
    let is_here =
        ["://127.0.0.1", "://localhost", "://[::1]"].iter().any(|place| settings.url.contains(place));
    let answer = server.bare(Method::GET, "_nodes/_local/process").await.ok()?;
    let answer: Value = serde_json::from_slice(&answer).ok()?;
    let node = answer.get("nodes")?.as_object()?.values().next()?;
    let process = u32::try_from(node.pointer("/process/id")?.as_u64()?).ok()?;
    if is_here && machine::name(process) == "java" { Resident::of(process) } else { None }
}

/// Bytes of an index, or of all below a pattern, on the server's disk.
pub async fn on_disk(server: &Server, pattern: &str) -> Option<u64> {
    let answer = server.bare(Method::GET, &format!("{pattern}/_stats/store")).await.ok()?;
    let answer: Value = serde_json::from_slice(&answer).ok()?;
    answer.pointer("/_all/total/store/size_in_bytes")?.as_u64()
}
