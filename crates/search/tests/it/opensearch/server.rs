//! One real server for all tests of this binary, where its jars are in the cache (`make opensearch` puts them there).
//!
//! It hangs on the standard input of its script, which ends with this process however that ends.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use tokio::runtime::Runtime;
use tradepost_search::opensearch::{OpenSearch, Settings};

/// The server, and what keeps it up.
struct Server {
    url: String,
    _script: (Child, ChildStdin),
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();

fn address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    lines.map_while(Result::ok).find_map(|line| {
        let (_, bound) = line.split_once("HttpServerTransport] publish_address {")?;
        Some(format!("http://{}", bound.split_once('}')?.0))
    })
}

/// How the script ends where there is nothing that it could start.
const NOT_HERE: i32 = 3;

/// Tries to start the server: another one on this machine may take its port first.
const TRIES: usize = 3;

fn start() -> Option<Server> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.ci/opensearch");
    for _ in 0..TRIES {
        let script = Command::new(&path).arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut script = script.unwrap();
        let stdin = script.stdin.take().unwrap();
        let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
        if let Some(url) = address(&mut lines) {
            // Somebody must read what it says, or it would wait for that.
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Some(Server { url, _script: (script, stdin) });
        }
        if script.wait().unwrap().code() == Some(NOT_HERE) {
            return None;
        }
    }
    panic!("OpenSearch is here and does not start");
}

/// The settings of the server, or nothing with a message.
pub fn settings() -> Option<Settings> {
    let Some(server) = SERVER.get_or_init(start) else {
        println!(
            "skipped: there is no OpenSearch here (make opensearch fetches one, where Java and Maven are)"
        );
        return None;
    };
    // No test is about how fast a busy machine is.
    Some(Settings { search_timeout_ms: 60_000, ..Settings::at(&server.url) })
}

/// A runtime of a test's own.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// An index of a name that no other test has.
pub async fn open(settings: &Settings, name: &str) -> OpenSearch {
    OpenSearch::open(settings.clone(), name).await.unwrap()
}
