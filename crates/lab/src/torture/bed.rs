//! What the torture is done on: a PostgreSQL that outlives the shop, the shop as a child process, and a stand-in for
//! Stripe that outlives both.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tradepost_fakestripe::{DeliveryPlan, FakeStripe, Seconds, WebhookTarget};
use tradepost_store::local::{Durability, LocalServer, LocalServerConfig};
use tradepost_store::{Store, StoreSettings, system};

use super::CRASH_AT;
use super::client::{Call, Client, Reply, until_answered};
use super::ears::Ears;
use crate::LabError;

/// Secret of the webhooks; nobody else has this shop.
const WEBHOOK_SECRET: &str = "whsec_torture";
/// The shop must be ready again within this time; it is waited for longer, to say how much longer it took.
const READY_PATIENCE: Duration = Duration::from_mins(1);
/// How long things may be under way at the end: a webhook that was in hand when a process died is taken up after 30 s.
const QUIET_PATIENCE: Duration = Duration::from_secs(90);
/// A preparation may have to wait for a database that has just come back.
const PREPARED_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// The database of a torture, started before the shop is filled.
#[derive(Debug)]
pub struct Ground {
    config: LocalServerConfig,
    server: Option<LocalServer>,
    url: String,
}

/// A filled shop, ready to be started.
pub struct Grounds {
    /// Its database.
    pub ground: Ground,
    /// The program that serves it.
    pub program: PathBuf,
    /// Folder of its files, and of what it logs.
    pub folder: PathBuf,
    /// A key that may do everything.
    pub admin_key: String,
    /// Tells the time.
    pub clock: Seconds,
}

/// How the shop is configured.
#[derive(Debug, Clone, Default)]
pub struct BedPlan {
    /// Settings beyond the torture's own, as environment variables.
    pub settings: Vec<(String, String)>,
}

/// Everything, running or not.
pub struct Bed {
    grounds: Grounds,
    plan: BedPlan,
    store: Store,
    address: SocketAddr,
    shop: Option<Child>,
    /// The other books.
    pub(super) stripe: Arc<FakeStripe>,
    delivering: Option<JoinHandle<()>>,
    /// Who is told what happens.
    pub(super) ears: Ears,
    prepared: AtomicU64,
}

impl Ground {
    /// Starts a durable PostgreSQL in a folder.
    pub async fn start(folder: &Path) -> Result<Self, LabError> {
        let mut config = LocalServerConfig::new(folder, Durability::Durable);
        // `TRADEPOST_LAB_POSTGRES="synchronous_commit=off"`: a proof of the proof, which must then see losses.
        let settings = std::env::var("TRADEPOST_LAB_POSTGRES").unwrap_or_default();
        let settings = settings.split(',').filter_map(|setting| setting.split_once('='));
        config
            .settings
            .extend(settings.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        let server = start_server(config.clone()).await?;
        let url = server.url("postgres");
        Ok(Self { config, server: Some(server), url })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn crash(&mut self) -> Result<(), LabError> {
        let Some(server) = self.server.take() else { return Ok(()) };
        end_at_once(server.pid());
        // It ended badly, as it was told to: that is not for anybody to hear of.
        let stopped = tokio::task::spawn_blocking(move || server.stop().is_err());
        stopped.await.map(drop).map_err(std::io::Error::other).map_err(LabError::from)
    }

    async fn start_again(&mut self) -> Result<(), LabError> {
        self.server = Some(start_server(self.config.clone()).await?);
        Ok(())
    }
}

async fn start_server(config: LocalServerConfig) -> Result<LocalServer, LabError> {
    let started = tokio::task::spawn_blocking(move || LocalServer::start(&config)).await;
    started.map_err(std::io::Error::other)?.map_err(|error| LabError::Preparation(error.to_string()))
}

/// `kill -9`.
fn end_at_once(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

impl Bed {
    /// Lays everything out; the shop is not started yet.
    pub async fn lay(grounds: Grounds, plan: BedPlan) -> Result<Self, LabError> {
        let stripe = FakeStripe::start(grounds.clock.clone()).await?;
        let store = Store::new(&StoreSettings::new(grounds.ground.url()))?;
        // The shop takes the same port each time, as it would behind a load balancer.
        let address = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?.local_addr()?;
        let mut bed = Self {
            grounds,
            plan,
            store,
            address,
            shop: None,
            stripe: Arc::new(stripe),
            delivering: None,
            ears: Ears::open().await?,
            prepared: AtomicU64::new(0),
        };
        bed.deliver(DeliveryPlan::Once);
        Ok(bed)
    }

    /// From now on webhooks are delivered like this.
    pub(super) fn deliver(&mut self, plan: DeliveryPlan) {
        if let Some(delivering) = self.delivering.take() {
            delivering.abort();
        }
        let (stripe, target) = (self.stripe.clone(), self.target());
        self.delivering = Some(tokio::spawn(async move { stripe.keep_delivering(&target, plan).await }));
    }

    /// Where webhooks go.
    pub(super) fn target(&self) -> WebhookTarget {
        WebhookTarget {
            address: self.address,
            path: "/api/payments/webhook".to_owned(),
            secret: WEBHOOK_SECRET.to_owned(),
        }
    }

    /// From the next start on, a setting has this value, or the one that it is delivered with.
    pub(super) fn set(&mut self, name: &str, value: Option<String>) {
        self.plan.settings.retain(|(known, _)| known != name);
        self.plan.settings.extend(value.map(|value| (name.to_owned(), value)));
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, LabError> {
        let log = self.grounds.folder.join("shop.log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(&self.grounds.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRADEPOST_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .arg("--data")
            .arg(self.grounds.folder.join("shop"))
            .current_dir(&self.grounds.folder)
            .env("DATABASE_URL", &self.grounds.ground.url)
            .env("TRADEPOST_LOG", "warn")
            .env("TRADEPOST_LOG_FORMAT", "json")
            .env("TRADEPOST_STRIPE_SECRET_KEY", "sk_test_torture")
            .env("TRADEPOST_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("TRADEPOST_STRIPE_API_BASE", self.stripe.base_url())
            .env("TRADEPOST_RESERVATION_TTL_SECONDS", "60")
            .env("TRADEPOST_IDEMPOTENCY_LEASE_SECONDS", "2")
            .env("TRADEPOST_PAYMENT_READ_BACK_SECONDS", "2")
            .env("TRADEPOST_WEBHOOKS_ALLOW_PRIVATE_ADDRESSES", "true")
            .envs(self.plan.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    /// Starts the shop, to die at a crash point if one is named; answers how long it took until it was ready.
    pub(super) async fn start_shop(&mut self, crash_at: Option<&str>) -> Result<Duration, LabError> {
        self.kill_shop()?;
        let mut command = self.command(&["serve", "--listen", &self.address.to_string()])?;
        command.envs(crash_at.map(|plan| (CRASH_AT, plan)));
        self.shop = Some(command.spawn()?);
        self.wait_until_ready().await
    }

    /// Waits until the shop says that it is ready; answers how long that took. A shop that dies meanwhile has not been
    /// ready: an armed one may be quicker to its end than to a question.
    pub(super) async fn wait_until_ready(&mut self) -> Result<Duration, LabError> {
        let begun = Instant::now();
        loop {
            let answer = Client::new(self.address).send(&Call::get("/health/ready")).await;
            if answer.is_ok_and(|answer| answer.status == 200) || self.has_ended()? {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > READY_PATIENCE {
                return Err(LabError::Preparation(format!("the shop is not ready: {}", self.log_tail())));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether the shop's process has ended by itself.
    pub(super) fn has_ended(&mut self) -> Result<bool, LabError> {
        let Some(shop) = self.shop.as_mut() else { return Ok(true) };
        Ok(shop.try_wait()?.is_some())
    }

    /// `kill -9` of the shop.
    pub(super) fn kill_shop(&mut self) -> Result<(), LabError> {
        if let Some(mut shop) = self.shop.take() {
            // One that has ended cannot be killed any more.
            let _ = shop.kill();
            shop.wait()?;
        }
        Ok(())
    }

    /// `kill -9` of the database's first process: the others end with it, and what was only in memory is gone.
    pub(super) async fn crash_database(&mut self) -> Result<(), LabError> {
        self.grounds.ground.crash().await
    }

    /// Starts the database again.
    pub(super) async fn start_database(&mut self) -> Result<(), LabError> {
        self.grounds.ground.start_again().await
    }

    /// Asks the shop to tell of its orders.
    pub(super) async fn listen(&self) -> Result<(), LabError> {
        let body = json!({"url": self.ears.url(), "event_types": ["order.*"]});
        self.prepare("/api/admin/webhook-endpoints", body).await.map(drop)
    }

    /// A connection to the shop.
    pub(super) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The present second.
    pub(super) fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second((self.grounds.clock)()).unwrap_or_default()
    }

    /// A call as staff.
    pub(super) fn as_staff(&self, call: Call) -> Call {
        call.header("Authorization", format!("Bearer {}", self.grounds.admin_key))
    }

    /// The key of staff.
    pub(super) fn staff_key(&self) -> String {
        self.grounds.admin_key.clone()
    }

    /// Prepares something as staff, which must go well.
    pub(super) async fn prepare(&self, path: &str, body: Value) -> Result<Reply, LabError> {
        let serial = self.prepared.fetch_add(1, Ordering::Relaxed);
        let call = self.as_staff(Call::post(path, body)).once(&format!("preparation-{serial}"));
        let reply = until_answered(&mut self.client(), &call, Instant::now() + PREPARED_WITHIN).await?;
        if !(200..300).contains(&reply.status) {
            return Err(LabError::UnexpectedAnswer {
                what: "preparation".to_owned(),
                status: format!("{} {}", reply.status, reply.body),
                request: path.to_owned(),
            });
        }
        Ok(reply)
    }

    /// The shop's database. Its connections die with it, and new ones are made.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Waits until nothing is under way: no webhook to be worked off, no payment unknown, no refund asked for.
    pub(super) async fn wait_until_quiet(&self) -> Result<bool, LabError> {
        let begun = Instant::now();
        loop {
            let backlog = system::money_backlog(&*self.store.worker().conn().await?).await?;
            if backlog.inbox_pending == 0 && backlog.payments_unknown == 0 && backlog.refunds_pending == 0 {
                return Ok(true);
            }
            if begun.elapsed() > QUIET_PATIENCE {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asks `tradepost doctor`; what is broken, in its words.
    pub(super) fn doctor(&self) -> Result<Result<(), String>, LabError> {
        let output = self.command(&["doctor"])?.stdout(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let broken: Vec<&str> = said.lines().filter(|line| line.starts_with("BROKEN")).collect();
        Ok(if output.status.success() { Ok(()) } else { Err(broken.join("; ")) })
    }

    /// The last that the shop has said.
    pub(super) fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.grounds.folder.join("shop.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Stops everything.
    pub(super) async fn clear_away(&mut self) -> Result<(), LabError> {
        self.kill_shop()?;
        self.store.close();
        if let Some(server) = self.grounds.ground.server.take() {
            let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
            stopped
                .map_err(std::io::Error::other)?
                .map_err(|error| LabError::Preparation(error.to_string()))?;
        }
        Ok(())
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = self.kill_shop();
        if let Some(delivering) = self.delivering.take() {
            delivering.abort();
        }
    }
}
