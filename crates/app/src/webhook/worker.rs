//! Sends what is due: a lane an endpoint, so that one that hangs holds up nobody but itself (case C41).

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tradepost_domain::kernel::ids::WebhookEndpointId;
use tradepost_domain::webhook::schedule::FAILURES_BEFORE_CAUTION;
use tradepost_store::db::{Claim, count_statements};
use tradepost_store::webhook::sending;

use super::send::{lease_from, system, try_delivery};
use crate::error::WriteError;
use crate::rounds::{Rhythm, Round, keep_doing};
use crate::shop::Shop;
use crate::work::StaffContext;

/// Rest between two looks. Not woken by each event: most shops have more events than endpoints that want them.
const EVERY: Duration = Duration::from_millis(250);
/// How long deliveries that are under way may take at the end.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often what has had its day is deleted.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// Sends what is due. Several processes may do so at once: they share the room of an endpoint but for moments, and none
/// sends what another has.
#[derive(Debug, Clone)]
pub struct WebhookWorker {
    pub(super) caller: StaffContext,
    lanes: Arc<Lanes>,
}

/// The endpoints that this process is sending to.
#[derive(Debug, Default)]
struct Lanes {
    open: Mutex<BTreeSet<WebhookEndpointId>>,
    /// Told when a lane has ended that sent something: more may have become due behind its last look.
    ended: Notify,
    closing: AtomicBool,
    presence: Mutex<Presence>,
}

/// Whether other processes can see that this one sends.
#[derive(Debug, Default)]
enum Presence {
    /// It has sent nothing yet.
    #[default]
    New,
    /// It tells them, while the claim lasts.
    Told(Claim),
}

/// A lane that is open until this is dropped, also by a panic.
struct Lane {
    lanes: Arc<Lanes>,
    endpoint: WebhookEndpointId,
    sent: usize,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.endpoint);
        // One that found no room, because another process fills it, is not looked for again at once.
        if self.sent > 0 {
            self.lanes.ended.notify_one();
        }
    }
}

impl WebhookWorker {
    /// A worker of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { caller: system(shop), lanes: Arc::default() }
    }

    /// Sends until `shutdown`; what is under way then may be finished for some seconds, and is sent again by the next
    /// process where it is not.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let tasks = Mutex::new(JoinSet::new());
        let rhythm = Rhythm { name: "sending webhooks", every: EVERY, woken_by: Some(&self.lanes.ended) };
        let sweep = Rhythm { name: "deleting old webhooks", every: SWEEP_EVERY, woken_by: None };
        let sweeping = keep_doing(sweep, std::future::pending(), || self.sweep());
        let sending = keep_doing(rhythm, shutdown, || async {
            self.be_present().await?;
            for lane in self.open_lanes().await? {
                let worker = self.clone();
                let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
                while tasks.try_join_next().is_some() {}
                tasks.spawn(count_statements(async move { worker.send_all(lane).await }));
            }
            Ok(Round::Done)
        });
        tokio::select! {
            () = sending => {}
            () = sweeping => {}
        }
        self.lanes.closing.store(true, Ordering::Relaxed);
        let mut tasks = tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
        let _ = tokio::time::timeout(FAREWELL, async { while tasks.join_next().await.is_some() {} }).await;
    }

    /// Tells others that this process sends. When it begins and nobody else does, what is leased was left behind by a process that
    /// died: a shop that comes back from a crash goes on at once.
    async fn be_present(&self) -> Result<(), WriteError> {
        let is_new = match &*self.presence() {
            Presence::Told(claim) if !claim.is_lost() => return Ok(()),
            Presence::Told(_) => false,
            Presence::New => true,
        };
        let claim = sending::enter(self.caller.shop.store.worker(), (self.caller.now(), is_new)).await?;
        *self.presence() = Presence::Told(claim);
        Ok(())
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.lanes.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends until nothing is due any more, or nothing that there is room for.
    pub async fn drain(&self) -> Result<(), WriteError> {
        loop {
            let lanes = self.open_lanes().await?;
            let sending = lanes.into_iter().map(|lane| count_statements(self.send_all(lane)));
            let sent = futures_util::future::join_all(sending).await;
            if sent.iter().all(|(sent, _)| *sent == 0) {
                return Ok(());
            }
        }
    }

    /// A lane for each endpoint that something is due to and that has none.
    async fn open_lanes(&self) -> Result<Vec<Lane>, WriteError> {
        let conn = self.caller.shop.store.worker().conn().await?;
        let due = sending::endpoints_due(&conn, self.caller.now()).await?;
        let mut open = self.lanes.open.lock().unwrap_or_else(PoisonError::into_inner);
        let free = due.into_iter().filter(|endpoint| open.insert(*endpoint));
        Ok(free.map(|endpoint| Lane { lanes: self.lanes.clone(), endpoint, sent: 0 }).collect())
    }

    /// Sends everything that is due to an endpoint; answers how much. A failure of the database ends the lane; the next look
    /// opens another.
    async fn send_all(&self, mut lane: Lane) -> usize {
        let mut under_way = FuturesUnordered::new();
        let mut failed = false;
        loop {
            if !failed && !self.lanes.closing.load(Ordering::Relaxed) {
                match self.take(lane.endpoint).await {
                    Ok(taken) => under_way.extend(taken),
                    Err(error) => failed = warn(lane.endpoint, &error),
                }
            }
            tokio::select! {
                finished = under_way.next() => match finished {
                    None => return lane.sent,
                    Some(Ok(())) => lane.sent = lane.sent.saturating_add(1),
                    Some(Err(error)) => failed = warn(lane.endpoint, &error),
                },
                // What becomes due while an endpoint hangs is sent beside it, as far as there is room.
                () = tokio::time::sleep(EVERY), if !under_way.is_empty() => {}
            }
        }
    }

    /// Takes as much as there is room for, each as the future that tries it.
    async fn take(
        &self,
        endpoint: WebhookEndpointId,
    ) -> Result<Vec<impl Future<Output = Result<(), WriteError>>>, WriteError> {
        let conn = self.caller.shop.store.worker().conn().await?;
        // Asked when the connection is there: what was waited for it is not time to send in.
        let now = self.caller.now();
        let lease = lease_from(now);
        let taken = sending::take(&conn, endpoint, (now, lease), FAILURES_BEFORE_CAUTION).await?;
        let caller = &self.caller;
        let attempt =
            |delivery| Box::pin(async move { try_delivery(caller, endpoint, &delivery, lease).await });
        Ok(taken.into_iter().map(attempt).collect())
    }
}

/// Tells that a lane cannot go on; answers that it failed.
fn warn(endpoint: WebhookEndpointId, error: &WriteError) -> bool {
    tracing::warn!(webhook_endpoint.id = %endpoint, %error, "a delivery could not be written down: it is sent again");
    true
}
