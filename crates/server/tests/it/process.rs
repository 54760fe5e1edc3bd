//! Runs the binary and speaks to it.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

const START_PATIENCE: Duration = Duration::from_mins(1);

/// A folder that the account of PostgreSQL may pass, unlike what `tempfile` makes.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The binary with an environment that holds nothing of ours.
pub fn tradepost(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradepost"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("TRADEPOST_")) {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL").current_dir(std::env::temp_dir()).args(arguments);
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Output {
    tradepost(arguments).output().unwrap()
}

/// A demo that runs.
pub struct Demo {
    child: Child,
    data: PathBuf,
    started: Instant,
}

impl Demo {
    /// Starts a small one on a free port.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &["--products", "20"])
    }

    /// Starts one on a free port.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Self {
        Self::start_configured(data, arguments, &[])
    }

    /// The same with variables of the environment.
    pub fn start_configured(data: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let started = Instant::now();
        let mut command = tradepost(&["demo", "--listen", "127.0.0.1:0", "--data"]);
        let log = fs::File::create(data.with_extension("log")).unwrap();
        command.envs(variables.iter().copied());
        command.arg(data).args(arguments).stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        Self { child: command.spawn().unwrap(), data: data.to_owned(), started }
    }

    /// Waits until it is ready; answers what it wrote.
    pub fn ready(&mut self) -> Value {
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the demo ended ({status}): {}", self.log());
            }
            // The file of an earlier run names a port where nobody answers.
            let answers = |file: &Value| get(file, "/health/ready").is_some_and(|(status, _)| status == 200);
            let file = self.file().filter(answers);
            if let Some(file) = file {
                return file;
            }
            assert!(self.started.elapsed() < START_PATIENCE, "not ready: {}", self.log());
            sleep(Duration::from_millis(20));
        }
    }

    /// What it wrote for programs.
    pub fn file(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.data.join("demo.json")).ok()?).ok()
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }

    /// Since it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "still there: {}", self.log());
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its PostgreSQL ends by the kernel's hand; the folder is removed after it.
        let begun = Instant::now();
        while !postgres_processes(&self.data).is_empty() && begun.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(20));
        }
    }
}

/// PostgreSQL processes that work in the demo's cluster.
pub fn postgres_processes(data: &Path) -> Vec<u32> {
    let Ok(cluster) = fs::metadata(data.join("postgres/data")) else { return Vec::new() };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        fs::metadata(format!("/proc/{pid}/cwd"))
            .is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (cluster.dev(), cluster.ino()))
    })
    .collect()
}

fn address(demo: &Value) -> &str {
    demo["base_url"].as_str().unwrap().strip_prefix("http://").unwrap()
}

/// A GET; status and body, or `None` where nobody answers.
pub fn get(demo: &Value, path: &str) -> Option<(u16, String)> {
    get_with(demo, path, "")
}

/// A GET with further headers, each with its line end.
pub fn get_with(demo: &Value, path: &str, headers: &str) -> Option<(u16, String)> {
    ask(demo, ("GET", path), headers, "")
}

/// A POST of JSON with further headers, each with its line end.
pub fn post_with(demo: &Value, path: &str, headers: &str, body: &Value) -> Option<(u16, String)> {
    let body = body.to_string();
    let headers = format!("{headers}content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    ask(demo, ("POST", path), &headers, &body)
}

fn ask(demo: &Value, (method, path): (&str, &str), headers: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address(demo)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n{headers}\r\n{body}")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())?;
    Some((status, body))
}
