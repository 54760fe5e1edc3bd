//! A wire between a store and the database that can be cut and mended.

use std::path::PathBuf;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::config::Host;
use tradepost_store::{Store, StoreSettings};

/// A folder with a socket like PostgreSQL's, behind which everything is passed on while the wire is whole.
pub struct Wire {
    folder: PathBuf,
    port: u16,
    /// Socket or address of the real server.
    server: Host,
    task: Option<JoinHandle<()>>,
}

impl Wire {
    /// A wire to the database behind a connection string, and a store that uses it.
    pub fn to(url: &str) -> (Self, Store) {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let folder = std::env::temp_dir().join(format!("tradepost-wire-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut wire = Self { folder, port, server: config.get_hosts()[0].clone(), task: None };
        wire.mend();
        let url = format!(
            "host={} port={port} user={} dbname={} options='{}'",
            wire.folder.display(),
            config.get_user().unwrap(),
            config.get_dbname().unwrap(),
            config.get_options().unwrap(),
        );
        let store = Store::new(&StoreSettings::new(url)).unwrap();
        (wire, store)
    }

    /// Ends every connection and takes no new one.
    pub fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        let _ = std::fs::remove_file(self.socket());
    }

    /// Takes connections again.
    pub fn mend(&mut self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let (server, port) = (self.server.clone(), self.port);
        self.task = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(pass_on(near, server.clone(), port));
            }
        }));
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn pass_on(mut near: UnixStream, server: Host, port: u16) {
    match server {
        Host::Unix(folder) => {
            let mut far = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        }
        Host::Tcp(name) => {
            let mut far = tokio::net::TcpStream::connect((name, port)).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        }
    }
}
