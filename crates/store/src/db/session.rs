//! Locks of a session: rights that outlive a transaction, and end with the connection.

use deadpool_postgres::{ClientWrapper, Object};
use tokio_postgres::Row;

use super::{Client, Params};
use crate::error::StoreError;
use crate::sql::Sql;

/// A connection that may hold locks of its session. Dropped, it is closed and the locks go with it: in the pool they
/// would outlive the one who took them.
#[derive(Debug)]
pub(crate) struct Session {
    // Taken by what ends it.
    client: Option<Client>,
}

impl Session {
    /// Of a connection that nobody else has.
    pub(super) fn of(client: Client) -> Self {
        Self { client: Some(client) }
    }

    /// The only row of a statement that always has one.
    pub(crate) async fn query_one(&self, sql: Sql, params: Params<'_>) -> Result<Row, StoreError> {
        match &self.client {
            Some(client) => client.query_one(sql, params).await,
            None => Err(StoreError::Unavailable("the session was given back".to_owned())),
        }
    }

    /// It holds no lock: the pool has its connection back.
    pub(crate) fn give_back(mut self) {
        self.client = None;
    }

    /// It holds locks: another connection takes its place in the pool, and this one is closed when dropped.
    pub(crate) fn leave_pool(mut self) -> Claim {
        Claim(self.client.take().map(|client| Object::take(client.object)))
    }
}

/// A right that one process has at a time. It is a lock of a session of its own: it ends when this is dropped, when the process dies and
/// when the database does.
#[derive(Debug)]
pub struct Claim(Option<ClientWrapper>);

impl Claim {
    /// Whether the session is gone, and with it the claim.
    pub fn is_lost(&self) -> bool {
        self.0.as_ref().is_none_or(|session| session.is_closed())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client.object));
        }
    }
}
