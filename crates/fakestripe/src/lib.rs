//! A stand-in for Stripe that runs on this machine, keeps a ledger of what it really charged, and fails when it is told to.
//!
//! It knows nothing of our other rooms: it was written from Stripe's documentation and not from our client, so that the two
//! can disagree. Its ledger is the other side of the comparison "what we booked is what was charged". It covers what
//! a shop asks for: payment intents, refunds, disputes, customers, events, balance transactions, idempotency keys, webhooks.
//!
//! Payment methods decide how a confirmation goes, by Stripe's own test names
//! (<https://docs.stripe.com/testing>): `pm_card_visa` succeeds, `pm_card_visa_chargeDeclined` and
//! `pm_card_visa_chargeDeclinedInsufficientFunds` are declined, `pm_card_authenticationRequired` wants 3-D Secure,
//! `pm_card_createDispute` succeeds and is disputed at once. `pm_processing` is ours: it stays in processing until
//! [`FakeStripe::settle`].

mod back;
mod dispatch;
mod fault;
mod form;
mod intent;
mod method;
mod money;
mod page;
mod reply;
mod server;
mod webhook;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use fault::{Fault, Step, Trouble};
pub use webhook::{DeliveryPlan, SignedWebhook, WebhookTarget};

use world::World;

/// How long [`FakeStripe::keep_delivering`] rests between two rounds.
const DELIVERY_PAUSE: Duration = Duration::from_millis(50);

/// Tells seconds since 1970, so that tests hold the time in their hands.
pub type Seconds = Arc<dyn Fn() -> i64 + Send + Sync>;

/// A running stand-in for Stripe. It stops when it is dropped.
pub struct FakeStripe {
    address: SocketAddr,
    shared: Shared,
    accepting: JoinHandle<()>,
}

/// What was taken in one name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Takings {
    /// Money that is really there, in Stripe's unit: captured, less refunded, less disputed.
    pub net: i64,
    /// Charges that took money.
    pub charges: usize,
    /// Refunds that gave some back.
    pub refunds: usize,
}

/// What the server's connections and the handle share.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    now: Seconds,
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> i64 {
        (self.now)()
    }
}

impl std::fmt::Debug for FakeStripe {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FakeStripe").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeStripe {
    /// Starts one that listens on a free port of 127.0.0.1.
    pub async fn start(now: Seconds) -> std::io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), now).await
    }

    /// Starts one that listens on an address.
    pub async fn listen(address: SocketAddr, now: Seconds) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Shared { world: Arc::default(), now };
        let accepting = tokio::spawn(server::accept(listener, shared.clone()));
        Ok(Self { address, shared, accepting })
    }

    /// Where it listens, as the base of the API's addresses: `http://127.0.0.1:12345`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the next calls of a kind fail, in the order in which they were asked for.
    pub fn script(&self, fault: Fault) {
        self.shared.world().faults.push_back(fault);
    }

    /// Forgets the troubles that have not come yet.
    pub fn heal(&self) {
        self.shared.world().faults.clear();
    }

    /// Lets refunds that are made from now on wait, as for a bank, until [`FakeStripe::settle_refunds`].
    pub fn keep_refunds_waiting(&self) {
        self.shared.world().refunds_wait = true;
    }

    /// Lets the refunds that wait go out.
    pub fn settle_refunds(&self) {
        let now = self.shared.now();
        self.shared.world().settle_refunds(now);
    }

    /// How many calls came for a step, repetitions included.
    pub fn calls(&self, step: Step) -> usize {
        self.shared.world().calls.iter().filter(|call| **call == step).count()
    }

    /// Money that is really with the shop through an intent, in Stripe's unit: captured, less refunded, less disputed.
    pub fn net(&self, intent: &str) -> i64 {
        self.shared.world().net(intent)
    }

    /// The same for all intents that carry a value in their metadata, such as an order's id.
    pub fn net_by_metadata(&self, key: &str, value: &str) -> i64 {
        let world = self.shared.world();
        world.intents_with(key, value).iter().map(|intent| world.net(intent)).sum()
    }

    /// How many charges took money from intents that carry a value in their metadata.
    pub fn charges_by_metadata(&self, key: &str, value: &str) -> usize {
        let world = self.shared.world();
        world.intents_with(key, value).iter().filter(|intent| world.is_captured(intent)).count()
    }

    /// What it took, by the value that intents carry in their metadata, such as an order's id.
    pub fn takings_by_metadata(&self, key: &str) -> BTreeMap<String, Takings> {
        let world = self.shared.world();
        let back = world.given_back();
        let mut takings: BTreeMap<String, Takings> = BTreeMap::new();
        for intent in world.intents.values() {
            let Some(value) = intent.metadata.get(key) else { continue };
            let sum = takings.entry(value.clone()).or_default();
            let (went_back, refunds) = back.get(intent.id.as_str()).copied().unwrap_or_default();
            sum.net += intent.received - went_back;
            sum.charges += usize::from(intent.received > 0);
            sum.refunds += refunds;
        }
        takings
    }

    /// How many charges took money, and how many refunds gave some back.
    pub fn charges_and_refunds(&self) -> (usize, usize) {
        let world = self.shared.world();
        let charges = world.intents.values().filter(|intent| intent.received > 0).count();
        (charges, world.refunds.values().filter(|refund| refund.status != "failed").count())
    }

    /// Events that [`FakeStripe::keep_delivering`] will not tell again: their receiver said that it has them.
    pub fn acknowledged(&self) -> BTreeSet<String> {
        self.shared.world().acknowledged.clone()
    }

    /// Counts ids from here on: a stand-in that is started anew must not give the names that a shop knows to something else.
    pub fn count_ids_from(&self, serial: u64) {
        self.shared.world().count_ids_from(serial);
    }

    /// Lets nothing fail any more.
    pub fn forgive(&self) {
        self.shared.world().faults.clear();
    }

    /// The customers that it made, each with the payment methods that are attached to them.
    pub fn customers(&self) -> BTreeMap<String, Vec<String>> {
        let world = self.shared.world();
        let of = |customer: &String| {
            let theirs =
                world.methods.iter().filter(|(_, method)| method.customer.as_ref() == Some(customer));
            theirs.map(|(id, _)| id.clone()).collect()
        };
        world.customers.keys().map(|customer| (customer.clone(), of(customer))).collect()
    }

    /// The intents that it made, oldest first.
    pub fn intents(&self) -> Vec<String> {
        self.shared.world().intents.keys().cloned().collect()
    }

    /// Lets an intent succeed that is in processing or waits for the shopper, as after 3-D Secure or days later.
    ///
    /// Returns whether it was in such a state.
    pub fn settle(&self, intent: &str) -> bool {
        let now = self.shared.now();
        self.shared.world().settle(intent, now)
    }

    /// Lets a bank take back some of what an intent captured; the dispute's id, or nothing when there is not as much.
    pub fn dispute(&self, intent: &str, amount: i64) -> Option<String> {
        let now = self.shared.now();
        self.shared.world().dispute(intent, amount, now)
    }

    /// Ends a dispute. Returns whether it was open.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> bool {
        let now = self.shared.now();
        self.shared.world().close_dispute(dispute, won, now)
    }

    /// Gives some of what an intent captured back by hand, as on Stripe's own pages: without any name of the shop's. Returns
    /// whether it could be.
    pub fn refund_by_hand(&self, intent: &str, amount: i64) -> bool {
        let now = self.shared.now();
        let form = format!("payment_intent={intent}&amount={amount}");
        self.shared.world().refund(&form::Params::parse(form.as_bytes()), now).is_ok()
    }

    /// Lets a refund that went out come back from the bank. Returns whether there was one.
    pub fn fail_refund(&self, refund: &str) -> bool {
        let now = self.shared.now();
        self.shared.world().fail_refund(refund, now)
    }

    /// Changes what an intent says it received, as a faulty or forged answer would (case C43).
    pub fn falsify_received(&self, intent: &str, amount: i64) {
        if let Some(intent) = self.shared.world().intents.get_mut(intent) {
            intent.falsified = Some(amount);
        }
    }

    /// Webhooks for what has happened since the last call, oldest first, signed now.
    ///
    /// They are the caller's to send: once, twice, in another order, late or never.
    pub fn take_webhooks(&self, secret: &str) -> Vec<SignedWebhook> {
        let now = self.shared.now();
        let events = self.shared.world().take_untold();
        events.iter().map(|event| SignedWebhook::sign(secret, now, event)).collect()
    }

    /// Sends the webhooks of what has happened since the last call; the statuses that came back.
    pub async fn deliver(&self, target: &WebhookTarget, plan: DeliveryPlan) -> Vec<std::io::Result<u16>> {
        let mut statuses = Vec::new();
        for webhook in plan.arrange(self.take_webhooks(&target.secret)) {
            statuses.push(target.send(&webhook).await);
        }
        statuses
    }

    /// Sends webhooks as things happen, for as long as it is awaited. What is not answered with 2xx is sent again, as
    /// Stripe does for days: <https://docs.stripe.com/webhooks#behaviors>.
    pub async fn keep_delivering(&self, target: &WebhookTarget, plan: DeliveryPlan) {
        let mut waiting: Vec<SignedWebhook> = Vec::new();
        loop {
            waiting.extend(plan.arrange(self.take_webhooks(&target.secret)));
            let mut refused = Vec::new();
            for webhook in waiting {
                if matches!(target.send(&webhook).await, Ok(200..300)) {
                    self.shared.world().acknowledged.insert(webhook.event_id);
                } else {
                    refused.push(webhook.signed_again(&target.secret, self.shared.now()));
                }
            }
            waiting = refused;
            tokio::time::sleep(DELIVERY_PAUSE).await;
        }
    }
}
