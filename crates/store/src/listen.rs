//! Notifications: a connection of its own that hears what other processes announce with NOTIFY.
//!
//! Pooled connections cannot listen: theirs come and go. What is announced is a hint; whoever needs the truth reads it,
//! at the beginning and whenever the connection was lost.

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Connection, NoTls};

use crate::db::{PoolSettings, connection_config, tls_connector};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

// A channel's name holds the schema's, so that shops in one database do not wake each other.
sql! {
    LISTEN_CATALOG = "
        do $$ begin execute format('listen %I', 'tradepost_catalog_' || current_schema()); end $$";
    LISTEN_OUTBOX = "
        do $$ begin execute format('listen %I', 'tradepost_outbox_' || current_schema()); end $$";
    GET_EPOCH = "
        select epoch from catalog_epoch";
}

/// What can be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// What shoppers read has changed: `{"epoch": 7, "products": ["<uuid>"] or null}`.
    Catalog,
    /// An event waits in the outbox; the text is empty.
    Outbox,
}

/// A connection that listens to one topic.
#[derive(Debug)]
pub struct Listener {
    client: tokio_postgres::Client,
    messages: mpsc::UnboundedReceiver<String>,
}

impl Listener {
    /// Connects and listens; everything that is announced after it returns will be heard or the connection be lost.
    pub async fn connect(url: &str, topic: Topic) -> Result<Self, StoreError> {
        let second = std::time::Duration::from_secs(1);
        let limits = PoolSettings {
            size: 1,
            acquire_timeout: second,
            statement_timeout: second,
            lock_timeout: second,
        };
        let config = connection_config(url, "listener", &limits)?;
        let unavailable = |error: tokio_postgres::Error| StoreError::Unavailable(error.to_string());
        let (sender, messages) = mpsc::unbounded_channel();
        let client = if config.get_ssl_mode() == tokio_postgres::config::SslMode::Disable {
            let (client, connection) = config.connect(NoTls).await.map_err(unavailable)?;
            tokio::spawn(forward(connection, sender));
            client
        } else {
            let (client, connection) = config.connect(tls_connector()).await.map_err(unavailable)?;
            tokio::spawn(forward(connection, sender));
            client
        };
        let listen = match topic {
            Topic::Catalog => LISTEN_CATALOG,
            Topic::Outbox => LISTEN_OUTBOX,
        };
        client.batch_execute(listen.text).await.map_err(|source| failed(listen, source))?;
        Ok(Self { client, messages })
    }

    /// The next announcement; `None` when the connection is lost. May be dropped and called again.
    pub async fn next(&mut self) -> Option<String> {
        self.messages.recv().await
    }

    /// The catalogue's epoch, read over this very connection: it also tells whether that still lives.
    pub async fn epoch(&self) -> Result<i64, StoreError> {
        let row = self.client.query_one(GET_EPOCH.text, &[]).await;
        Ok(row.map_err(|source| failed(GET_EPOCH, source))?.get(0))
    }
}

fn failed(sql: Sql, source: tokio_postgres::Error) -> StoreError {
    StoreError::Database { statement: sql.name, source }
}

/// Drives the connection until it ends or nobody listens any more.
async fn forward<S, T>(mut connection: Connection<S, T>, sender: mpsc::UnboundedSender<String>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(notification) = message
            && sender.send(notification.payload().to_owned()).is_err()
        {
            break;
        }
    }
}
