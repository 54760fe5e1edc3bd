//! A real OpenSearch of our own for as long as somebody compares: a private port, a heap of 1 GB, a temporary folder.
//!
//! It is started by the script that the tests use, and hangs on its standard input: it ends, and its folder vanishes, however this
//! process ends.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Stop;
use crate::LabError;

/// The script, in the program: who has the program need not have the repository.
const SCRIPT: &str = include_str!("../../../../.ci/opensearch");
/// Memory that Java gives to OpenSearch, in MB.
const HEAP_MB: u32 = 1_024;
/// How the script ends where there is nothing that it could start.
const NOT_HERE: i32 = 3;
/// Another one on this machine may take the port first.
const TRIES: usize = 3;
/// How long a start may take on a busy machine.
const START_PATIENCE: Duration = Duration::from_mins(3);
/// How long an end may take before it is insisted on.
const END_PATIENCE: Duration = Duration::from_secs(20);
/// How long a server that died may take to have its folder removed.
const LAST_WORDS_PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether something has happened.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Lines of what it says that are kept.
const LINES_KEPT: usize = 12;

/// What was said last.
type Said = Arc<Mutex<VecDeque<String>>>;

/// The server; it ends when this is dropped.
pub struct OwnServer {
    script: Child,
    stdin: Option<ChildStdin>,
    url: String,
    said: Said,
    /// Ends when all that holds its output has ended, Java included.
    reader: Option<JoinHandle<()>>,
}

/// Keeps the last lines of what is read, and tells the address when it comes by.
fn listen(from: impl Read, said: &Said, tell: &dyn Fn(String)) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        if let Some(address) = address(&line) {
            tell(address);
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= LINES_KEPT {
            said.pop_front();
        }
        said.push_back(line);
    }
}

/// The address that a line of the server's log tells.
fn address(line: &str) -> Option<String> {
    let (_, bound) = line.split_once("HttpServerTransport] publish_address {")?;
    Some(format!("http://{}", bound.split_once('}')?.0))
}

impl OwnServer {
    /// Starts one.
    ///
    /// # Errors
    /// When it was not fetched, says nothing in time, or is not wanted any more.
    pub fn start(stop: &Stop) -> Result<Self, LabError> {
        let mut last = String::new();
        for _ in 0..TRIES {
            match Self::try_start(stop)? {
                Ok(started) => return Ok(started),
                Err(why) => last = why,
            }
        }
        Err(LabError::Preparation(format!("OpenSearch is here and does not start; it said last:\n{last}")))
    }

    /// The server, or what it said before it ended.
    fn try_start(stop: &Stop) -> Result<Result<Self, String>, LabError> {
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "opensearch", "serve"])
            .env("OPENSEARCH_HEAP", format!("{HEAP_MB}m"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (said, (tell, told)) = (Said::default(), mpsc::channel());
        let stdin = script.stdin.take();
        let (output, errors) = (script.stdout.take(), script.stderr.take());
        let heard = said.clone();
        let reader = std::thread::spawn(move || {
            let errors = errors.map(|errors| {
                let heard = heard.clone();
                std::thread::spawn(move || listen(errors, &heard, &|_| ()))
            });
            if let Some(output) = output {
                listen(output, &heard, &|url| drop(tell.send(url)));
            }
            if let Some(errors) = errors {
                let _ = errors.join();
            }
        });
        let mut server = Self { script, stdin, url: String::new(), said, reader: Some(reader) };
        let begun = Instant::now();
        loop {
            stop.look()?;
            match told.recv_timeout(LOOK_EVERY) {
                Ok(url) => {
                    server.url = url;
                    return Ok(Ok(server));
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() < START_PATIENCE && !server.has_ended() => {
                }
                // Nobody will tell an address any more.
                Err(_) => return server.not_started(),
            }
        }
    }

    fn not_started(mut self) -> Result<Result<Self, String>, LabError> {
        let code = self.end();
        let said = self.said();
        if code == Some(NOT_HERE) {
            return Err(LabError::Preparation(format!(
                "there is no OpenSearch to compare with ({said}): run `make opensearch` in the project's folder once, or name a \
                 server with --opensearch URL"
            )));
        }
        Ok(Err(said))
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it is, for people.
    pub fn description() -> String {
        format!("started for this run, heap of {HEAP_MB} MB, temporary folder")
    }

    /// What it said last, if it has ended by itself. Who asks saw a call fail, which comes a little before the end of the script.
    pub fn last_words(&mut self) -> Option<String> {
        let begun = Instant::now();
        while !self.has_ended() {
            if begun.elapsed() > LAST_WORDS_PATIENCE {
                return None;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Some(self.said())
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.script.try_wait(), Ok(Some(_)))
    }

    fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Ends it and waits until nothing of it is left; its exit code.
    fn end(&mut self) -> Option<i32> {
        // The script reads our end of this pipe, and ends the server when it is closed.
        self.stdin = None;
        let begun = Instant::now();
        let mut has_insisted = false;
        let status = loop {
            match self.script.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => break Some(status),
                Err(_) => break None,
            }
            if begun.elapsed() > END_PATIENCE && !has_insisted {
                has_insisted = true;
                if let Some(pid) = i32::try_from(self.script.id()).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::TERM);
                }
            }
            std::thread::sleep(LOOK_EVERY);
        };
        self.reader.take().into_iter().for_each(|reader| drop(reader.join()));
        status.and_then(|status| status.code())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_line_that_has_it() {
        let line = "[INFO ][o.o.h.AbstractHttpServerTransport] publish_address {127.0.0.1:9234}, bound_addresses {[::1]:9234}";
        assert_eq!(address(line).as_deref(), Some("http://127.0.0.1:9234"));
        assert_eq!(address("[INFO ][o.o.t.TransportService] publish_address {127.0.0.1:9334}"), None);
    }

    #[test]
    fn the_last_lines_are_kept_and_no_more() {
        let said = Said::default();
        let numbers: Vec<String> = (0..40).map(|number| number.to_string()).collect();
        let lines = numbers.join("\n");
        listen(lines.as_bytes(), &said, &|_| panic!("there is no address"));
        let said = said.lock().unwrap();
        assert_eq!((said.len(), said.back().map(String::as_str)), (LINES_KEPT, Some("39")));
    }

    #[test]
    fn a_start_that_nobody_wants_any_more_is_none() {
        let stop = Stop::default();
        stop.now();
        assert!(matches!(OwnServer::start(&stop), Err(LabError::Stopped)));
    }
}
