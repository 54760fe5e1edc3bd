//! LISTEN: a connection of its own on which the database tells that something waits.
//!
//! A notification is a hint, not a fact: it is lost when the connection breaks. Whoever listens also looks by itself
//! now and then.

use std::future::poll_fn;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Config, Connection, NoTls, Socket};

use crate::error::StoreError;
use crate::sql::{Sql, sql};
use crate::tls::Target;

sql! {
    GET_EPOCH = "
        select epoch from catalog_epoch";
}

/// What can be listened to; each shop (schema) has channels of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Events wait in the outbox.
    Outbox,
    /// What shoppers read has changed; see [`crate::catalog::projection::bump_epoch`] for the payload.
    Catalog,
}

impl Topic {
    // The channel's name holds the schema's, and LISTEN takes no parameters: the server puts the two together.
    fn listen(self) -> Sql {
        match self {
            Self::Outbox => Sql {
                name: "listen::OUTBOX",
                text: "do $$ begin execute format('listen %I', 'tradepost_outbox_' || current_schema()); end $$",
            },
            Self::Catalog => Sql {
                name: "listen::CATALOG",
                text: "do $$ begin execute format('listen %I', 'tradepost_catalog_' || current_schema()); end $$",
            },
        }
    }
}

/// A connection that listens; ends when dropped.
#[derive(Debug)]
pub struct Listener {
    payloads: mpsc::UnboundedReceiver<String>,
    // A connection without its client is closed.
    client: tokio_postgres::Client,
    task: JoinHandle<()>,
}

impl Listener {
    /// Connects and listens. What happens after this returned is told.
    pub(crate) async fn connect(target: &Target, topic: Topic) -> Result<Self, StoreError> {
        match target.tls.clone() {
            None => Self::connect_with(&target.config, topic, NoTls).await,
            Some(tls) => Self::connect_with(&target.config, topic, tls).await,
        }
    }

    async fn connect_with<T>(config: &Config, topic: Topic, tls: T) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket, Stream: Send + 'static, TlsConnect: Send>,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let sql = topic.listen();
        let failed = |source| StoreError::Database { statement: sql.name, source };
        let (client, connection) = config.connect(tls).await.map_err(failed)?;
        let (sender, payloads) = mpsc::unbounded_channel();
        let task = tokio::spawn(forward(connection, sender));
        client.batch_execute(sql.text).await.map_err(failed)?;
        Ok(Self { payloads, client, task })
    }

    /// The next payload; `None` once the connection is lost.
    pub async fn recv(&mut self) -> Option<String> {
        self.payloads.recv().await
    }

    /// The catalogue's epoch, read over this very connection: it also tells whether that still lives.
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        let row = self.client.query_one(GET_EPOCH.text, &[]).await;
        let failed = |source| StoreError::Database { statement: GET_EPOCH.name, source };
        Ok(row.map_err(failed)?.get(0))
    }

    /// Forgets what waits: one look at the database answers all of it.
    pub fn clear(&mut self) {
        while self.payloads.try_recv().is_ok() {}
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Drives the connection and passes on what it is told, until either end is gone.
async fn forward<S, T>(mut connection: Connection<S, T>, payloads: mpsc::UnboundedSender<String>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    loop {
        match poll_fn(|context| connection.poll_message(context)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => {
                // Nothing may be left out: a cache that misses one would serve what is gone.
                if payloads.send(notification.payload().to_owned()).is_err() {
                    return;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "the listening connection broke");
                return;
            }
            None => return,
        }
    }
}
