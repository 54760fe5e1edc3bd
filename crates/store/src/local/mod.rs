//! The managed local PostgreSQL: a private server that starts with the shop and ends with it.
//!
//! `demo`, `serve` without a `DATABASE_URL`, and the tests need a PostgreSQL that nobody has to set up. This launcher
//! takes the binaries found on the machine and keeps a server of its own under one folder:
//!
//! | in the folder | what |
//! |---|---|
//! | `data/` | the cluster, 0700, of the account that the server runs as |
//! | `data.new/` | a cluster that is still being made; renamed to `data/` when whole, swept away otherwise |
//! | `run/` | the Unix socket, where the path is short enough and can be reached (see [`socket`]) |
//! | `server.log`, `server.log.1` | what the server says, bounded in size |
//! | `lock` | held by the process that has the server |
//! | `server.lock` | held by every process of the server itself (see [`folder`]) |
//!
//! Three facts make `kill -9` at any moment harmless. The kernel tells the server to shut down when the thread that
//! spawned it ends ([`process`]). The server's processes inherit the open `server.lock`, so that the next start
//! knows for certain when the last of them is gone, and waits. And a cluster only gets its name when it is complete.

mod account;
mod binaries;
mod cluster;
mod error;
mod folder;
mod log;
mod process;
mod server;
mod settings;
mod socket;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use error::LocalServerError;

use account::Account;
use binaries::Binaries;
use folder::{Folder, FolderLocks};
use server::{Launch, Warden};
use socket::SocketDir;

/// The superuser of the cluster; its socket is open to the account of the server and to root only.
const SUPERUSER: &str = "postgres";

/// Whether what was committed must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// For a shop: `fsync` on, data checksums on.
    Durable,
    /// For tests: `fsync`, `synchronous_commit` and `full_page_writes` off. A crash of the machine may ruin the
    /// cluster; a crash of a process does not.
    Disposable,
}

/// How long a folder that another process has is waited for, where nothing else is said.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// What to start and where.
#[derive(Debug, Clone)]
pub struct LocalServerConfig {
    /// The folder that holds the cluster; made when absent. One server at a time can have it.
    pub dir: PathBuf,
    /// Whether commits survive a crash of the machine. May differ from start to start.
    pub durability: Durability,
    /// Connections that the server accepts, those reserved for the superuser included.
    pub max_connections: u32,
    /// Further server settings, name and value; they win over the launcher's own.
    pub settings: Vec<(String, String)>,
    /// How long a folder that another process has is waited for: one that was just killed may hold it for seconds,
    /// until the kernel has given back its memory.
    pub lock_patience: Duration,
}

impl LocalServerConfig {
    /// A server under `dir` with the launcher's settings and 100 connections.
    pub fn new(dir: impl Into<PathBuf>, durability: Durability) -> Self {
        Self {
            dir: dir.into(),
            durability,
            max_connections: 100,
            settings: Vec::new(),
            lock_patience: LOCK_PATIENCE,
        }
    }
}

/// A running private PostgreSQL. Dropping it stops the server (fast shutdown) and waits for the end.
#[derive(Debug)]
pub struct LocalServer {
    // The order matters: the server must be gone before the locks are given back.
    warden: Warden,
    socket_dir: SocketDir,
    _locks: FolderLocks,
    binaries: Binaries,
}

impl LocalServer {
    /// Starts the server under `config.dir`, making the cluster at first use, and returns when it takes connections.
    ///
    /// Blocks: about a second at first use, well under 0.3 s later, longer only where a crash of the machine is
    /// recovered from or a server of a killed run is still shutting down. In an async program call it on a blocking
    /// thread.
    pub fn start(config: &LocalServerConfig) -> Result<Self, LocalServerError> {
        let folder = Folder::open(&config.dir)?;
        // Once before the lock, whose file the wrong user could not even open: this says what is wrong.
        Account::for_cluster(&folder.data())?;
        let locks = folder.lock(config.lock_patience)?;
        let account = Account::for_cluster(&folder.data())?;
        let needed_major = folder.cluster_major()?;
        let binaries = Binaries::find(needed_major, &folder.data())?;
        if needed_major.is_none() {
            cluster::create(&folder, &locks, &binaries, &account, config.durability)?;
        }
        account.own_privately(&folder.data())?;
        folder.sweep_stale_pid_file()?;
        let socket_dir = SocketDir::prepare(&folder, &account)?;
        let warden = Warden::start(Launch {
            program: binaries.program("postgres"),
            data_access: account.access(&folder.data())?,
            arguments: settings::arguments(config, socket_dir.path()),
            keep_open: locks.inherited()?,
            data: folder.data(),
            log: folder.server_log(),
            account,
        })?;
        Ok(Self { warden, socket_dir, _locks: locks, binaries })
    }

    /// A connection string for `database`, in the form that libpq and tokio-postgres read.
    pub fn url(&self, database: &str) -> String {
        // `SocketDir` only gives paths that are UTF-8.
        let host = quoted(&self.socket_dir.path().to_string_lossy());
        format!("host={host} port={} user={SUPERUSER} dbname={}", socket::PORT, quoted(database))
    }

    /// The same as a URL, which psql and the drivers of other languages take, too.
    pub fn uri(&self, database: &str) -> String {
        let host = in_query(&self.socket_dir.path().to_string_lossy());
        format!("postgres://{SUPERUSER}@/{}?host={host}&port={}", in_query(database), socket::PORT)
    }

    /// The folder of the Unix socket: what `psql -h` takes.
    pub fn socket_dir(&self) -> &Path {
        self.socket_dir.path()
    }

    /// Process id of the postmaster.
    pub fn pid(&self) -> u32 {
        self.warden.pid()
    }

    /// Where the binaries of this server are: `psql`, `pg_dump` and the like of the same major version.
    pub fn bin_dir(&self) -> &Path {
        self.binaries.dir()
    }

    /// Major version of the server: 15 and later.
    pub fn major_version(&self) -> u32 {
        self.binaries.major()
    }

    /// Stops the server and says how that went; `drop` does the same and stays silent.
    pub fn stop(mut self) -> Result<(), LocalServerError> {
        self.warden.stop()
    }
}

/// A value of a connection string: quoted where it is not a plain word.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// A value of a URL. A slash means itself in a query, and people read the path with it.
fn in_query(value: &str) -> String {
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{in_query, quoted};

    #[test]
    fn a_url_leads_to_the_socket_whatever_its_path() {
        for path in ["/run/tradepost-1a", "/home/a shop/100%/run & more?#", "/größe/+1"] {
            let url = format!("postgres://postgres@/postgres?host={}&port=5432", in_query(path));
            let read: tokio_postgres::Config = url.parse().unwrap();
            assert_eq!(read.get_hosts(), [tokio_postgres::config::Host::Unix(path.into())], "{url}");
            let words = (read.get_user(), read.get_dbname(), read.get_ports());
            assert_eq!(words, (Some("postgres"), Some("postgres"), [5432].as_slice()), "{url}");
        }
        assert_eq!(in_query("/run/tradepost-1a"), "/run/tradepost-1a");
    }

    #[test]
    fn plain_words_stand_unquoted_in_a_connection_string() {
        assert_eq!(quoted("/run/tradepost-1a"), "/run/tradepost-1a");
    }

    #[test]
    fn anything_else_is_quoted_in_a_connection_string() {
        assert_eq!(quoted("my shop"), "'my shop'");
        assert_eq!(quoted(r"o'b\c"), r"'o\'b\\c'");
        assert_eq!(quoted(""), "''");
    }
}
