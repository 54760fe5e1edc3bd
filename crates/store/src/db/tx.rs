//! Transactions: begun, committed, and rolled back when nobody committed them.

use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::Object;

use super::{Client, OPEN_TRANSACTIONS, Params, count_statement};
use crate::error::StoreError;
use crate::sql::Sql;

/// An open transaction: committed by [`Tx::commit`], rolled back when dropped.
#[derive(Debug)]
pub struct Tx {
    pub(super) name: &'static str,
    // Taken by commit and by drop; there for everybody else.
    pub(super) client: Option<Client>,
}

impl Tx {
    /// Name given at its beginning.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Opens a transaction that was reserved ([`super::Db::reserve`]). Polled first among what is sent in one flight, it is sent
    /// first; what comes behind it counts only when this has succeeded.
    pub async fn begin(&self) -> Result<(), StoreError> {
        self.batch(Sql { name: self.name, text: "begin isolation level read committed" }).await
    }

    /// Marks the point to which [`Tx::roll_back_part`] goes back.
    pub async fn begin_part(&self) -> Result<(), StoreError> {
        self.batch(Sql { name: self.name, text: "savepoint part" }).await
    }

    /// Keeps what came after [`Tx::begin_part`], as a part of the transaction.
    pub async fn keep_part(&self) -> Result<(), StoreError> {
        self.batch(Sql { name: self.name, text: "release savepoint part" }).await
    }

    /// Undoes what came after [`Tx::begin_part`], also when a statement of it has failed.
    pub async fn roll_back_part(&self) -> Result<(), StoreError> {
        self.batch(Sql { name: self.name, text: "rollback to savepoint part; release savepoint part" }).await
    }

    /// Makes everything in it durable and visible, all at once.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_by("commit").await
    }

    /// Makes everything in it visible, all at once, and durable soon after, without a wait for the disk: a crash of
    /// PostgreSQL within less than a second loses it whole, and all that was committed after it. For the steps of a work
    /// that finds out itself how far it has come, and ends with [`Tx::commit`], which makes all before it durable, too
    /// (<https://www.postgresql.org/docs/15/wal-async-commit.html>).
    pub async fn commit_soon(self) -> Result<(), StoreError> {
        self.commit_by("set local synchronous_commit = off; commit").await
    }

    /// Runs the last statement and commits behind it, in one flight; `about_to_commit` is called before the commit is sent.
    ///
    /// Nobody can look at what the statement answers before it is kept: it has to refuse by an error of its own, which makes the
    /// commit behind it a rollback. Everything sent before has to be answered already.
    pub async fn commit_behind(
        mut self,
        sql: Sql,
        params: Params<'_>,
        about_to_commit: impl FnOnce(),
    ) -> Result<(), StoreError> {
        if let Some(client) = &self.client {
            count_statement();
            // Prepared before anything is sent: the commit must not overtake it.
            let statement = client.prepared(sql).await?;
            let failed = |source| StoreError::Database { statement: sql.name, source };
            let written = client.object.execute(&statement, params);
            futures_util::pin_mut!(written);
            // Polled once it is sent, or was refused here and never will be: then nothing may be committed.
            let early = std::future::poll_fn(|context| Poll::Ready(written.as_mut().poll(context))).await;
            if let Poll::Ready(Err(source)) = early {
                return Err(failed(source));
            }
            about_to_commit();
            let commit = client.batch(Sql { name: self.name, text: "commit" });
            let rest =
                async { if early.is_ready() { Ok(()) } else { written.await.map(drop).map_err(failed) } };
            // Both are awaited, whichever fails: only then is the connection as it was.
            let (written, committed) = futures_util::future::join(rest, commit).await;
            written.and(committed)?;
        }
        self.client = None;
        Ok(())
    }

    async fn commit_by(mut self, text: &'static str) -> Result<(), StoreError> {
        if let Some(client) = &self.client {
            client.batch(Sql { name: self.name, text }).await?;
        }
        // Given back only after the answer: a connection that broke is rolled back by `drop` instead.
        self.client = None;
        Ok(())
    }
}

impl std::ops::Deref for Tx {
    type Target = Client;
    #[expect(
        clippy::expect_used,
        reason = "only commit and drop take the client, and both consume the transaction"
    )]
    fn deref(&self) -> &Client {
        self.client.as_ref().expect("an open transaction has its client")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let _ = OPEN_TRANSACTIONS.try_with(|open| open.set(open.get().saturating_sub(1)));
        let Some(client) = self.client.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // No runtime left to roll back in: the server does when the connection goes.
            drop(Object::take(client.object));
            return;
        };
        runtime.spawn(async move {
            let rollback = client.object.batch_execute("rollback");
            let done = tokio::time::timeout(Duration::from_secs(1), rollback).await;
            if !matches!(done, Ok(Ok(()))) {
                drop(Object::take(client.object));
            }
        });
    }
}
