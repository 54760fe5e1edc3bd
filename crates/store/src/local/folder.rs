//! The folder of a local server: its layout, its locks, and what an earlier run may have left in it.
//!
//! Two locks, both `flock`, so the kernel gives them back when their holders are gone, however they went:
//!
//! * `lock` is held by the process that has the server. Busy means: another shop runs here.
//! * `server.lock` is inherited, open, by `initdb`, the postmaster and all their children. Busy while `lock` is free
//!   means: the process was killed and its server is still shutting down; that is waited for. Free means that
//!   nothing of an earlier run is left, which no look at process ids could tell for certain.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{
    error::LocalServerError,
    log::ServerLog,
    process::{self, Signal},
};

/// After so long it is told what is waited for.
const LOCK_SILENCE: Duration = Duration::from_secs(1);
/// How long the server of a killed run may take to shut down.
const SERVER_PATIENCE: Duration = Duration::from_secs(40);
/// After this long a server of a killed run is told to end without a last checkpoint.
const FAST_SHUTDOWN_PATIENCE: Duration = Duration::from_secs(25);
const POLL: Duration = Duration::from_millis(10);

/// The folder of one local server, an absolute path without links.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
}

/// Both locks; held as long as the server runs.
#[derive(Debug)]
pub(super) struct FolderLocks {
    _process: File,
    server: File,
}

impl Folder {
    /// Opens `dir`, making it and its parents when absent.
    pub(super) fn open(dir: &Path) -> Result<Self, LocalServerError> {
        fs::create_dir_all(dir).map_err(LocalServerError::io("create", dir))?;
        let dir = fs::canonicalize(dir).map_err(LocalServerError::io("resolve", dir))?;
        Ok(Self { dir })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cluster.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// A cluster in the making.
    pub(super) fn new_data(&self) -> PathBuf {
        self.dir.join("data.new")
    }

    /// The first choice for the socket.
    pub(super) fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    pub(super) fn server_log(&self) -> ServerLog {
        ServerLog::new(self.dir.join("server.log"))
    }

    /// Takes the folder for this process and waits until nothing of an earlier run is left.
    pub(super) fn lock(&self, patience: Duration) -> Result<FolderLocks, LocalServerError> {
        let process = self.lock_for_process(patience)?;
        let server = self.wait_for_former_server()?;
        Ok(FolderLocks { _process: process, server })
    }

    fn lock_for_process(&self, patience: Duration) -> Result<File, LocalServerError> {
        let path = self.dir.join("lock");
        let mut file = open_lock(&path)?;
        let (begun, mut told) = (Instant::now(), false);
        while !try_lock(&file, &path)? {
            if begun.elapsed() > patience {
                let mut holder = String::new();
                // Who holds it is only for the message.
                let _ = file.read_to_string(&mut holder);
                return Err(LocalServerError::InUse {
                    dir: self.dir.clone(),
                    pid: holder.trim().parse().ok(),
                });
            }
            if !told && begun.elapsed() > LOCK_SILENCE {
                told = true;
                let (folder, seconds) = (self.dir.display(), patience.as_secs());
                tracing::warn!(%folder, "another process has the folder; waiting up to {seconds} s for its end");
            }
            sleep(POLL);
        }
        let note = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        note(&mut file).map_err(LocalServerError::io("write", path))?;
        Ok(file)
    }

    fn wait_for_former_server(&self) -> Result<File, LocalServerError> {
        let path = self.dir.join("server.lock");
        let file = open_lock(&path)?;
        let begun = Instant::now();
        let mut told_to_quit = false;
        while !try_lock(&file, &path)? {
            // The kernel has told it already where it can; telling it again does no harm.
            let signal =
                if begun.elapsed() > FAST_SHUTDOWN_PATIENCE { Signal::Quit } else { Signal::Interrupt };
            if let Some(postmaster) =
                self.postmaster().filter(|_| signal == Signal::Interrupt || !told_to_quit)
            {
                told_to_quit |= signal == Signal::Quit;
                process::send(postmaster, signal);
            }
            if begun.elapsed() > SERVER_PATIENCE {
                return Err(LocalServerError::StillStopping {
                    dir: self.dir.clone(),
                    waited_seconds: SERVER_PATIENCE.as_secs(),
                    pids: [self.data(), self.new_data()].iter().flat_map(|data| processes_in(data)).collect(),
                });
            }
            sleep(POLL);
        }
        Ok(file)
    }

    /// The process that `postmaster.pid` names, if it runs on this cluster.
    fn postmaster(&self) -> Option<u32> {
        let named = PidFile::read(&self.data())?.pid;
        processes_in(&self.data()).into_iter().find(|pid| *pid == named)
    }

    /// The major version that made the cluster; `None` when there is none yet.
    pub(super) fn cluster_major(&self) -> Result<Option<u32>, LocalServerError> {
        let data = self.data();
        let holds_something = match fs::read_dir(&data) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(LocalServerError::io("read", data)(error)),
            Ok(mut entries) => entries.next().is_some(),
        };
        if !holds_something {
            return Ok(None);
        }
        let not_a_cluster = |reason: String| LocalServerError::NotACluster { data: data.clone(), reason };
        let version = fs::read_to_string(data.join("PG_VERSION"))
            .map_err(|error| not_a_cluster(format!("its PG_VERSION cannot be read: {error}")))?;
        let major = version.trim().split('.').next().and_then(|major| major.parse().ok());
        major.map(Some).ok_or_else(|| not_a_cluster(format!("its PG_VERSION says {:?}", version.trim())))
    }

    /// Removes a `postmaster.pid` that would keep PostgreSQL from starting for no reason.
    ///
    /// After a crash of the machine, or in a new container over an old volume, the process id in it may belong to
    /// some other program by now; PostgreSQL then believes that a server is running. The locks say that none of ours
    /// is, so it is only left to see that nobody started one by hand.
    pub(super) fn sweep_stale_pid_file(&self) -> Result<(), LocalServerError> {
        let data = self.data();
        let Some(named) = PidFile::read(&data).map(|file| file.pid).filter(|pid| process::exists(*pid))
        else {
            // PostgreSQL clears up after a process that is gone, its shared memory included.
            return Ok(());
        };
        if !cfg!(target_os = "linux") {
            return Ok(());
        }
        if let Some(pid) = processes_in(&data).first() {
            return Err(LocalServerError::ForeignServer { data, pid: *pid });
        }
        if named == std::process::id() {
            return Ok(());
        }
        let path = PidFile::path(&data);
        fs::remove_file(&path).map_err(LocalServerError::io("remove", path))
    }
}

impl FolderLocks {
    /// A second handle of `server.lock` for a process of the server to inherit.
    pub(super) fn inherited(&self) -> Result<OwnedFd, LocalServerError> {
        self.server.try_clone().map(OwnedFd::from).map_err(LocalServerError::io("share", "server.lock"))
    }
}

/// The parts of `postmaster.pid` that matter here
/// (<https://www.postgresql.org/docs/current/storage-file-layout.html>, `src/include/utils/pidfile.h`).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The postmaster.
    pub(super) pid: u32,
    /// Whether it takes connections.
    pub(super) ready: bool,
}

impl PidFile {
    fn path(data: &Path) -> PathBuf {
        data.join("postmaster.pid")
    }

    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(Self::path(data)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A stand-alone backend writes its id negated.
        let pid = lines.next()?.trim().trim_start_matches('-').parse().ok()?;
        // The eighth line, LOCK_FILE_LINE_PM_STATUS.
        let ready = lines.nth(6).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, ready })
    }
}

fn open_lock(path: &Path) -> Result<File, LocalServerError> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(path)
        .map_err(LocalServerError::io("open", path))
}

fn try_lock(file: &File, path: &Path) -> Result<bool, LocalServerError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(LocalServerError::io("lock", path)(error)),
    }
}

/// PostgreSQL processes that work in `data`: a postmaster and all its children do. Only Linux can tell.
fn processes_in(data: &Path) -> Vec<u32> {
    let Ok(data) = fs::metadata(data) else { return Vec::new() };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let works_there = |pid: &u32| {
        let process = PathBuf::from(format!("/proc/{pid}"));
        fs::metadata(process.join("cwd")).is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (data.dev(), data.ino()))
            && fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim() == "postgres")
    };
    pids.filter(works_there).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_says_who_runs_and_whether_it_is_ready() {
        let starting = "4387\n/shop/data\n1795320322\n5432\n/run/x\n\n 10043394 4\nstarting\n";
        assert_eq!(PidFile::parse(starting), Some(PidFile { pid: 4387, ready: false }));
        let ready = starting.replace("starting", "ready   ");
        assert_eq!(PidFile::parse(&ready), Some(PidFile { pid: 4387, ready: true }));
    }

    #[test]
    fn a_pid_file_that_is_being_written_is_not_ready() {
        assert_eq!(PidFile::parse(""), None);
        assert_eq!(PidFile::parse("4387\n/shop/data\n"), Some(PidFile { pid: 4387, ready: false }));
    }

    #[test]
    fn a_folder_without_a_cluster_has_no_version() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(&temp.path().join("a/b")).unwrap();
        assert_eq!(folder.cluster_major().unwrap(), None);
        fs::create_dir(folder.data()).unwrap();
        assert_eq!(folder.cluster_major().unwrap(), None);
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        fs::create_dir(folder.data()).unwrap();
        fs::write(folder.data().join("holiday.jpg"), "x").unwrap();
        let error = folder.cluster_major().unwrap_err();
        assert!(matches!(error, LocalServerError::NotACluster { .. }), "{error}");
    }
}
