//! Pools, connections and transactions.
//!
//! There is a pool for each kind of work, so that a report or an import cannot take the connections of shoppers; each
//! sets its own time limits on its connections. A transaction is begun by name and ended by `commit`; dropped without
//! it, it is rolled back. While one is open, [`open_transactions`] says so, and ports refuse to be called in debug
//! builds. Every statement is counted for the request that runs it ([`count_statements`]).

mod session;
mod tx;

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use futures_util::{SinkExt, TryStreamExt};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

use tradepost_domain::kernel::with_causes;

use crate::error::StoreError;
use crate::listen::{Listener, Topic};
use crate::sql::Sql;
use crate::tls::Target;

pub use self::session::Claim;
pub(crate) use self::session::Session;
pub use self::tx::Tx;

/// Parameters of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

tokio::task_local! {
    static STATEMENTS_RUN: Cell<u32>;
    static OPEN_TRANSACTIONS: Cell<u32>;
}

/// Runs a future and says how many statements it sent from its own task.
pub async fn count_statements<F: Future>(future: F) -> (F::Output, u32) {
    let counted = STATEMENTS_RUN.scope(Cell::new(0), async {
        let output = future.await;
        (output, STATEMENTS_RUN.with(Cell::get))
    });
    OPEN_TRANSACTIONS.scope(Cell::new(0), counted).await
}

/// Transactions that the current request has open; a port must not be called while there is one.
pub fn open_transactions() -> u32 {
    OPEN_TRANSACTIONS.try_with(Cell::get).unwrap_or(0)
}

/// Counts statements that another task ran for the current request, alone or with others.
pub fn add_statements(number: u32) {
    let _ = STATEMENTS_RUN.try_with(|count| count.set(count.get().saturating_add(number)));
}

fn count_statement() {
    // Outside a counted scope (start-up, tests) nobody asks.
    let _ = STATEMENTS_RUN.try_with(|count| count.set(count.get().saturating_add(1)));
}

/// Size and time limits of one pool.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Connections at most.
    pub size: usize,
    /// How long a request waits for one.
    pub acquire_timeout: Duration,
    /// `statement_timeout` of its connections; zero for none.
    pub statement_timeout: Duration,
    /// `lock_timeout` of its connections.
    pub lock_timeout: Duration,
    /// Whether its prepared statements are planned once for any values, instead of at every execution. What shoppers ask
    /// is found by keys and planned longer than it runs; reports and imports are not.
    pub plans_once: bool,
}

/// How to reach the database, and the pools to keep.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Connection string, `postgres://…` or `host=… user=…`.
    pub url: String,
    /// Shoppers' requests.
    pub storefront: PoolSettings,
    /// Staff's requests.
    pub admin: PoolSettings,
    /// Projector, jobs and imports.
    pub worker: PoolSettings,
}

impl StoreSettings {
    /// The usual limits around a connection string.
    pub fn new(url: impl Into<String>) -> Self {
        let pool = |size, statement_seconds| PoolSettings {
            size,
            acquire_timeout: Duration::from_millis(500),
            statement_timeout: Duration::from_secs(statement_seconds),
            lock_timeout: Duration::from_secs(1),
            plans_once: false,
        };
        let storefront = PoolSettings { plans_once: true, ..pool(8, 2) };
        let worker = PoolSettings {
            acquire_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(10),
            ..pool(6, 0)
        };
        Self { url: url.into(), storefront, admin: pool(4, 15), worker }
    }
}

/// The database of one shop.
#[derive(Debug, Clone)]
pub struct Store {
    storefront: Db,
    admin: Db,
    worker: Db,
    listening: Target,
}

impl Store {
    /// Makes the pools; connects when the first connection is asked for.
    pub fn new(settings: &StoreSettings) -> Result<Self, StoreError> {
        Ok(Self {
            storefront: Db::new(&settings.url, "storefront", &settings.storefront)?,
            admin: Db::new(&settings.url, "admin", &settings.admin)?,
            worker: Db::new(&settings.url, "worker", &settings.worker)?,
            listening: target(&settings.url, "listener", &settings.worker)?,
        })
    }

    /// A connection outside the pools that is told of a topic.
    pub async fn listen(&self, topic: Topic) -> Result<Listener, StoreError> {
        Listener::connect(&self.listening, topic).await
    }

    /// For shoppers' requests.
    pub fn storefront(&self) -> &Db {
        &self.storefront
    }

    /// For staff's requests.
    pub fn admin(&self) -> &Db {
        &self.admin
    }

    /// For the projector, jobs and imports.
    pub fn worker(&self) -> &Db {
        &self.worker
    }

    /// All pools, for metrics.
    pub fn pools(&self) -> [&Db; 3] {
        [&self.storefront, &self.admin, &self.worker]
    }

    /// Closes all pools: connections go when they come back.
    pub fn close(&self) {
        self.pools().iter().for_each(|db| db.pool.close());
    }
}

/// One pool.
#[derive(Debug, Clone)]
pub struct Db {
    name: &'static str,
    pool: Pool,
    plans_once: bool,
}

/// How full a pool is.
#[derive(Debug, Clone, Copy)]
pub struct PoolUse {
    /// Connections at most.
    pub max: usize,
    /// Connections open.
    pub size: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Requests that wait for one.
    pub waiting: usize,
}

impl Db {
    fn new(url: &str, name: &'static str, settings: &PoolSettings) -> Result<Self, StoreError> {
        let Target { config, tls } = target(url, name, settings)?;
        let manager_config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            None => Manager::from_config(config, NoTls, manager_config),
            Some(tls) => Manager::from_config(config, tls, manager_config),
        };
        let timeouts = Timeouts {
            wait: Some(settings.acquire_timeout),
            create: Some(Duration::from_secs(5)),
            recycle: Some(Duration::from_secs(1)),
        };
        let builder =
            Pool::builder(manager).max_size(settings.size).timeouts(timeouts).runtime(Runtime::Tokio1);
        let pool = builder.build().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { name, pool, plans_once: settings.plans_once })
    }

    /// Name of the pool in metrics.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How full the pool is now.
    pub fn usage(&self) -> PoolUse {
        let status = self.pool.status();
        PoolUse { max: status.max_size, size: status.size, idle: status.available, waiting: status.waiting }
    }

    async fn object(&self) -> Result<Object, StoreError> {
        self.pool
            .get()
            .await
            .map_err(|error| StoreError::Unavailable(format!("pool {}: {}", self.name, with_causes(&error))))
    }

    async fn client(&self, in_transaction: bool) -> Result<Client, StoreError> {
        Ok(Client { object: self.object().await?, in_transaction, plans_once: self.plans_once })
    }

    /// A connection for reading, or for single statements that are each their own transaction.
    pub async fn conn(&self) -> Result<Conn, StoreError> {
        Ok(Conn { client: self.client(false).await? })
    }

    /// A connection on which locks of its session are taken.
    pub(crate) async fn session(&self) -> Result<Session, StoreError> {
        let conn = self.conn().await?;
        Ok(Session::of(conn.client))
    }

    /// Opens a transaction (READ COMMITTED, whatever the server's default says), named for errors and logs.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, StoreError> {
        let tx = self.reserve(name).await?;
        tx.begin().await?;
        Ok(tx)
    }

    /// A connection for a transaction that its owner opens by [`Tx::begin`], before or in one flight with its first
    /// statements.
    pub async fn reserve(&self, name: &'static str) -> Result<Tx, StoreError> {
        let client = self.client(true).await?;
        // A transaction from here on: dropped while `begin` is on its way, the connection must not go back to the pool
        // with a transaction open in which the next one's writes would be lost.
        let _ = OPEN_TRANSACTIONS.try_with(|open| open.set(open.get().saturating_add(1)));
        Ok(Tx { name, client: Some(client) })
    }
}

fn target(url: &str, name: &str, settings: &PoolSettings) -> Result<Target, StoreError> {
    let mut target = Target::read(url)?;
    let config = &mut target.config;
    // The keepalives are the server's: of a machine that is gone it lets go of locks within a minute, not two hours.
    let limits = format!(
        "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=30000 -c TimeZone=UTC -c jit=off \
         -c plan_cache_mode={} -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
        settings.statement_timeout.as_millis(),
        settings.lock_timeout.as_millis(),
        if settings.plans_once { "force_generic_plan" } else { "auto" },
    );
    // What the URL asks for (a search path, say) stands behind ours and so wins.
    let options = format!("{limits} {}", config.get_options().unwrap_or_default());
    config.options(options.trim_end()).application_name(format!("tradepost-{name}"));
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(5));
    }
    Ok(target)
}

const PLAN_ONCE: &str = "set plan_cache_mode = force_generic_plan";
const PLAN_BY_VALUES: &str = "set plan_cache_mode = force_custom_plan";

/// Runs statements; what a store function borrows.
#[derive(Debug)]
pub struct Client {
    object: Object,
    in_transaction: bool,
    plans_once: bool,
}

impl Client {
    async fn prepared(&self, sql: Sql) -> Result<tokio_postgres::Statement, StoreError> {
        self.object
            .prepare_cached(sql.text)
            .await
            .map_err(|source| StoreError::Database { statement: sql.name, source })
    }

    /// Prepares a statement, unless this connection has it prepared: what is sent behind it in one flight also arrives
    /// behind it. A statement that has yet to be prepared is overtaken by those that are.
    pub async fn ready(&self, sql: Sql) -> Result<(), StoreError> {
        self.prepared(sql).await.map(drop)
    }

    async fn query_once(&self, sql: Sql, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql).await?;
        let rows = self.object.query(&statement, params).await;
        rows.map_err(|source| StoreError::Database { statement: sql.name, source })
    }

    /// All rows of a statement.
    pub async fn query(&self, sql: Sql, params: Params<'_>) -> Result<Vec<Row>, StoreError> {
        count_statement();
        match self.query_once(sql, params).await {
            // After a migration a plan may no longer fit; outside a transaction a second try is safe and enough.
            Err(error) if error.is_stale_plan() && !self.in_transaction => {
                self.object.statement_cache.clear();
                self.query_once(sql, params).await
            }
            result => result,
        }
    }

    /// All rows of a statement that is put together from fixed parts, as listings are. It is not kept prepared: its
    /// shapes are many, and planned with its values in sight it finds the better index.
    pub(crate) async fn query_composed(
        &self,
        name: &'static str,
        text: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, StoreError> {
        count_statement();
        let failed = |source| StoreError::Database { statement: name, source };
        let asked = self.object.query_typed(text, params);
        if !self.plans_once {
            return asked.await.map_err(failed);
        }
        // In one flight, so that no other statement of this connection comes between.
        let (by_values, once) = (PLAN_BY_VALUES, PLAN_ONCE);
        let (before, after) = (self.object.batch_execute(by_values), self.object.batch_execute(once));
        // All three are sent, whichever fails: a connection does not stay as it was for this one.
        let (before, rows, after) = futures_util::future::join3(before, asked, after).await;
        before.and(after).map_err(failed)?;
        rows.map_err(failed)
    }

    /// The only row of a statement, if there is one.
    pub async fn query_opt(&self, sql: Sql, params: Params<'_>) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, params).await?;
        if rows.len() > 1 {
            return Err(StoreError::inconsistent(
                "query",
                format!("{} answered {} rows, not one", sql.name, rows.len()),
            ));
        }
        Ok(rows.pop())
    }

    /// The only row of a statement that always has one.
    pub async fn query_one(&self, sql: Sql, params: Params<'_>) -> Result<Row, StoreError> {
        let row = self.query_opt(sql, params).await?;
        row.ok_or_else(|| StoreError::inconsistent("query", format!("{} answered no row", sql.name)))
    }

    /// Rows that a statement changed.
    pub async fn execute(&self, sql: Sql, params: Params<'_>) -> Result<u64, StoreError> {
        count_statement();
        let statement = self.prepared(sql).await?;
        let changed = self.object.execute(&statement, params).await;
        changed.map_err(|source| StoreError::Database { statement: sql.name, source })
    }

    /// Statements without parameters or results, several in one text.
    pub async fn batch(&self, sql: Sql) -> Result<(), StoreError> {
        let done = self.object.batch_execute(sql.text).await;
        done.map_err(|source| StoreError::Database { statement: sql.name, source })
    }

    /// Everything that `copy … to stdout` gives, in memory.
    pub async fn copy_out(&self, sql: Sql) -> Result<Vec<Bytes>, StoreError> {
        count_statement();
        let failed = |source| StoreError::Database { statement: sql.name, source };
        let stream = self.object.copy_out(sql.text).await.map_err(failed)?;
        stream.try_collect().await.map_err(failed)
    }

    /// Sends prepared chunks of `copy … from stdin`; answers the rows taken.
    pub async fn copy_in(
        &self,
        sql: Sql,
        chunks: impl IntoIterator<Item = Bytes>,
    ) -> Result<u64, StoreError> {
        count_statement();
        let failed = |source| StoreError::Database { statement: sql.name, source };
        let sink = self.object.copy_in::<_, Bytes>(sql.text).await.map_err(failed)?;
        futures_util::pin_mut!(sink);
        for chunk in chunks {
            sink.feed(chunk).await.map_err(failed)?;
        }
        sink.finish().await.map_err(failed)
    }
}

/// A connection outside a transaction.
#[derive(Debug)]
pub struct Conn {
    client: Client,
}

impl std::ops::Deref for Conn {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}
