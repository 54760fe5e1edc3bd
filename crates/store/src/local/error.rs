//! What can go wrong with the local server, each with what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

/// Why the local PostgreSQL could not be started or stopped. The message is for a person at a terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalServerError {
    /// No usable PostgreSQL on this machine.
    #[error("{}", not_found(found_majors))]
    BinariesNotFound {
        /// Major versions found that are too old.
        found_majors: Vec<u32>,
    },
    /// `PG_BIN_DIR` is set and holds no PostgreSQL that can be run.
    #[error(
        "PG_BIN_DIR is set to {dir}, which has no `postgres` and `initdb` of version {} or newer that can be run; \
         correct or unset it",
        super::binaries::OLDEST_MAJOR
    )]
    BinDirUnusable {
        /// The value of `PG_BIN_DIR`.
        dir: PathBuf,
    },
    /// The cluster was made by a major version whose binaries are not here.
    #[error("{}", major_missing(data, *needed, found_majors))]
    MajorMissing {
        /// The cluster.
        data: PathBuf,
        /// The major version that made it.
        needed: u32,
        /// Major versions that are on this machine.
        found_majors: Vec<u32>,
    },
    /// Another process runs the server of this folder.
    #[error(
        "{dir} is in use by process {}; stop it first, or use another data folder",
        pid.map_or_else(|| "(unknown)".to_owned(), |pid| pid.to_string())
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The process that holds it.
        pid: Option<u32>,
    },
    /// The server of a killed run does not end.
    #[error(
        "the PostgreSQL of an earlier run in {dir} is still shutting down after {waited_seconds} s{}; try again in a \
         moment, or end it with `kill -QUIT`",
        listed_pids(pids)
    )]
    StillStopping {
        /// The folder.
        dir: PathBuf,
        /// How long it was waited for, in seconds.
        waited_seconds: u64,
        /// The processes that are still there, where they could be found out.
        pids: Vec<u32>,
    },
    /// A PostgreSQL that the launcher did not start runs on the cluster.
    #[error(
        "PostgreSQL process {pid} already runs on {data} and was not started by this program; stop it first"
    )]
    ForeignServer {
        /// The cluster.
        data: PathBuf,
        /// One of its processes.
        pid: u32,
    },
    /// `data/` holds something else than a cluster.
    #[error("{data} is no PostgreSQL data folder ({reason}); move it away, or use another data folder")]
    NotACluster {
        /// The folder.
        data: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The cluster belongs to an account that this process cannot act for.
    #[error(
        "{data} belongs to user id {owner_uid}, and this program runs as user id {own_uid}; run it as that user or \
         as root"
    )]
    WrongOwner {
        /// The cluster.
        data: PathBuf,
        /// Who owns it.
        owner_uid: u32,
        /// Who this process is.
        own_uid: u32,
    },
    /// Started as root, and there is no account to run the server as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user `nobody`; add \
         one (`useradd --system postgres`), or run this program as a normal user"
    )]
    NoAccount,
    /// The account of the server cannot get to the data folder, and the system offers no way around it.
    #[error(
        "user `{account}`, which the server runs as, may not enter {blocked}; use a data folder elsewhere, or let it \
         pass (`chmod o+x`)"
    )]
    Unreachable {
        /// The account of the server.
        account: String,
        /// The folder that it cannot enter.
        blocked: PathBuf,
    },
    /// No safe folder for the socket.
    #[error("{dir} cannot hold the socket of the server: {reason}")]
    SocketDir {
        /// The folder that was tried.
        dir: PathBuf,
        /// Why not.
        reason: String,
    },
    /// `initdb` failed.
    #[error("initdb could not make a cluster in {data}:\n{output}")]
    InitFailed {
        /// Where it was to be made.
        data: PathBuf,
        /// What `initdb` said.
        output: String,
    },
    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}); the end of {log}:\n{tail}")]
    EndedAtStart {
        /// How it ended.
        status: ExitStatus,
        /// The log file.
        log: PathBuf,
        /// The last lines of this start.
        tail: String,
    },
    /// The server did not become ready in time.
    #[error("PostgreSQL was not ready after {waited_seconds} s; the end of {log}:\n{tail}")]
    NotReady {
        /// How long it was waited for, in seconds.
        waited_seconds: u64,
        /// The log file.
        log: PathBuf,
        /// The last lines of this start.
        tail: String,
    },
    /// The server had to be killed; the next start recovers what was committed.
    #[error(
        "PostgreSQL (process {pid}) did not shut down in time and was killed; the next start will recover"
    )]
    KilledAtStop {
        /// The postmaster.
        pid: u32,
    },
    /// The server ended, before it was stopped or while it was, without shutting down properly.
    #[error(
        "PostgreSQL (process {pid}) ended without shutting down ({status}); the next start will recover; see {log}"
    )]
    EndedBadly {
        /// The postmaster.
        pid: u32,
        /// How it ended.
        status: ExitStatus,
        /// The log file.
        log: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried: "create", "lock", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
}

impl LocalServerError {
    /// For `map_err`: an [`LocalServerError::Io`] that says what was tried on which path.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

fn not_found(found_majors: &[u32]) -> String {
    let oldest = super::binaries::OLDEST_MAJOR;
    let found = match found_majors {
        [] => String::new(),
        majors => format!(" (found only version {})", listed(majors)),
    };
    format!(
        "no PostgreSQL {oldest} or newer was found on this machine{found}. Install it: `apt-get install postgresql` \
         (Debian 12: postgresql-15), `dnf install postgresql-server` or `brew install postgresql@17`; or name the \
         folder of its binaries in PG_BIN_DIR; or name a running server in DATABASE_URL"
    )
}

fn major_missing(data: &Path, needed: u32, found_majors: &[u32]) -> String {
    let found = match found_majors {
        [] => "no PostgreSQL".to_owned(),
        majors => format!("only version {}", listed(majors)),
    };
    format!(
        "{} was made by PostgreSQL {needed}, and this machine has {found}. Install version {needed} \
         (`apt-get install postgresql-{needed}`, `brew install postgresql@{needed}`) or name the folder of its \
         binaries in PG_BIN_DIR; to move to a newer version use pg_upgrade or pg_dump",
        data.display()
    )
}

fn listed(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn listed_pids(pids: &[u32]) -> String {
    if pids.is_empty() { String::new() } else { format!(" (process {})", listed(pids)) }
}

#[cfg(test)]
mod tests {
    use super::LocalServerError;

    #[test]
    fn a_machine_without_postgresql_is_told_which_package_to_install() {
        let message = LocalServerError::BinariesNotFound { found_majors: vec![13] }.to_string();
        for part in ["apt-get install postgresql", "postgresql-15", "dnf", "brew", "PG_BIN_DIR", "version 13"]
        {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }

    #[test]
    fn a_cluster_of_a_missing_major_version_names_its_package() {
        let error = LocalServerError::MajorMissing {
            data: "/shop/data".into(),
            needed: 17,
            found_majors: vec![15, 16],
        };
        let message = error.to_string();
        for part in ["/shop/data", "PostgreSQL 17", "15, 16", "apt-get install postgresql-17"] {
            assert!(message.contains(part), "{part} is missing in: {message}");
        }
    }
}
