//! The log of the server: one file that is kept small, and its end for error messages.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::error::LocalServerError;

/// Above this size, in bytes, the log is moved aside; so the two files stay below about twice this.
const SIZE_LIMIT: u64 = 8 * 1024 * 1024;
/// How much of the end of the log an error message shows.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 16 * 1024;

/// The log file.
#[derive(Debug, Clone)]
pub(super) struct ServerLog {
    path: PathBuf,
}

impl ServerLog {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the log for a new run: a handle for the server, and where in the file the run begins.
    pub(super) fn open(&self) -> Result<(File, u64), LocalServerError> {
        self.keep_small(SIZE_LIMIT);
        let open = || {
            let file = File::options().append(true).create(true).mode(0o600).open(&self.path)?;
            let begin = file.metadata()?.len();
            Ok((file, begin))
        };
        open().map_err(LocalServerError::io("open", &self.path))
    }

    /// Moves the content aside when the file has grown past the limit. The server keeps writing to the same file,
    /// which works because it appends; what it writes between the two steps is lost.
    pub(super) fn bound(&self) {
        self.keep_small(SIZE_LIMIT);
    }

    fn keep_small(&self, limit: u64) {
        let move_aside = || {
            if fs::metadata(&self.path)?.len() > limit {
                fs::copy(&self.path, self.path.with_extension("log.1"))?;
                File::options().write(true).open(&self.path)?.set_len(0)?;
            }
            io::Result::Ok(())
        };
        // A log that cannot be tidied, or is not there yet, is no reason to stop a shop.
        let _ = move_aside();
    }

    /// The last lines since `begin`.
    pub(super) fn tail(&self, begin: u64) -> String {
        let read = || {
            let mut file = File::open(&self.path)?;
            let length = file.metadata()?.len();
            // Emptied in between: then everything in it is of this run.
            let begin = if begin > length { 0 } else { begin };
            file.seek(SeekFrom::Start(begin.max(length.saturating_sub(TAIL_BYTES))))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            io::Result::Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_else(|error| format!("(the log cannot be read: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_tail_shows_only_the_last_lines_of_this_run() {
        let temp = tempfile::tempdir().unwrap();
        let log = ServerLog::new(temp.path().join("server.log"));
        fs::write(log.path(), "an earlier run\n").unwrap();
        let (mut file, begin) = log.open().unwrap();
        for line in 0..30 {
            writeln!(file, "line {line}").unwrap();
        }
        let tail = log.tail(begin);
        assert!(tail.starts_with("line 10\n") && tail.ends_with("line 29"), "{tail}");
        assert!(!log.tail(begin).contains("earlier"));
    }

    #[test]
    fn a_log_that_has_grown_is_moved_aside_under_the_server() {
        let temp = tempfile::tempdir().unwrap();
        let log = ServerLog::new(temp.path().join("server.log"));
        let (mut file, _) = log.open().unwrap();
        writeln!(file, "old").unwrap();
        log.keep_small(2);
        writeln!(file, "new").unwrap();
        assert_eq!(fs::read_to_string(log.path()).unwrap(), "new\n");
        assert_eq!(fs::read_to_string(temp.path().join("server.log.1")).unwrap(), "old\n");
    }
}
