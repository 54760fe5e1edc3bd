//! One real server for all tests of this binary, where its jars are in the cache (`make opensearch` puts them there).
//!
//! It hangs on the standard input of its script, which ends with this process however that ends.

mod way;

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tradepost_port::search::ShelfMaker;
use tradepost_search::opensearch::OpenSearchShelves;
pub use tradepost_search::opensearch::Settings;

pub use self::way::{State, Way};

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
///
/// # Panics
/// When the server is here and does not start.
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

/// What makes shelves on the server, below names that no other shop of this binary has.
///
/// # Panics
/// When the settings are not right.
pub fn shelves(settings: &Settings) -> Arc<dyn ShelfMaker> {
    Arc::new(OpenSearchShelves::new(settings.clone(), 32).unwrap())
}

/// The settings of a shop of its own on the server, or nothing with a message.
pub fn shop_settings() -> Option<Settings> {
    static SHOPS: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("shop{}", SHOPS.fetch_add(1, Ordering::Relaxed));
    // Two indexes are made for every shop, and fewer copies are made sooner.
    Some(Settings { prefix, replicas: "false".to_owned(), ..settings()? })
}

/// Asks the server something directly; the whole answer.
///
/// # Panics
/// When the server does not answer well.
pub async fn ask(settings: &Settings, method: &str, path: &str) -> String {
    let address = settings.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}
