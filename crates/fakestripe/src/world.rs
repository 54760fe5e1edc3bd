//! Everything that the stand-in keeps, and the ledger in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use crate::fault::{Fault, Step};
use crate::form::Params;
use crate::intent::Intent;
use crate::reply::Reply;

/// Seconds for which an idempotency key is kept: <https://docs.stripe.com/api/idempotent_requests>.
const KEY_SECONDS: i64 = 24 * 60 * 60;

/// A refund.
#[derive(Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) status: &'static str,
    pub(crate) created: i64,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A dispute.
#[derive(Debug)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) status: &'static str,
    pub(crate) created: i64,
}

/// A line of the books: what moved it, and how much.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) source: String,
    pub(crate) amount: i64,
    pub(crate) created: i64,
}

/// What came of a call with an idempotency key.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) reply: Reply,
    pub(crate) created: i64,
}

/// A customer.
#[derive(Debug, Default)]
pub(crate) struct Customer {
    pub(crate) email: String,
}

/// A payment method that a customer saved, or had: one that was detached is of no use any more.
#[derive(Debug)]
pub(crate) struct Method {
    /// The test name of the card, which says how confirmations go.
    pub(crate) card: String,
    pub(crate) customer: Option<String>,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct World {
    serial: u64,
    pub(crate) faults: VecDeque<Fault>,
    /// Refunds that are made now wait until they are settled.
    pub(crate) refunds_wait: bool,
    pub(crate) calls: Vec<Step>,
    pub(crate) intents: BTreeMap<String, Intent>,
    pub(crate) refunds: BTreeMap<String, Refund>,
    pub(crate) disputes: BTreeMap<String, Dispute>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) methods: BTreeMap<String, Method>,
    pub(crate) lines: Vec<Line>,
    pub(crate) events: Vec<Value>,
    pub(crate) acknowledged: BTreeSet<String>,
    told: usize,
    keys: BTreeMap<String, Kept>,
}

impl World {
    /// Counts ids from here on.
    pub(crate) fn count_ids_from(&mut self, serial: u64) {
        self.serial = self.serial.max(serial);
    }

    /// A new id. Ids of one kind sort by their age.
    pub(crate) fn next_id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}_{:012}", self.serial)
    }

    /// Writes an event down about an object as it is now.
    pub(crate) fn tell(&mut self, kind: &str, object: &Value, now: i64) {
        let id = self.next_id("evt");
        self.events.push(json!({
            "id": id, "object": "event", "type": kind, "created": now, "livemode": false,
            "api_version": "2026-08-26.dahlia", "pending_webhooks": 1, "request": null,
            "data": {"object": object},
        }));
    }

    /// Writes a line into the books.
    pub(crate) fn book(&mut self, kind: &'static str, source: &str, amount: i64, now: i64) {
        let id = self.next_id("txn");
        self.lines.push(Line { id, kind, source: source.to_owned(), amount, created: now });
    }

    /// Events that no webhook was made of yet.
    pub(crate) fn take_untold(&mut self) -> Vec<Value> {
        let untold = self.events.get(self.told..).unwrap_or_default().to_vec();
        self.told = self.events.len();
        untold
    }

    /// What came of a key, unless it is a day old.
    pub(crate) fn kept(&mut self, key: &str, now: i64) -> Option<&Kept> {
        self.keys.retain(|_, kept| now - kept.created < KEY_SECONDS);
        self.keys.get(key)
    }

    /// Keeps what came of a key.
    pub(crate) fn keep(&mut self, key: String, kept: Kept) {
        self.keys.insert(key, kept);
    }

    /// Ids of the intents with a value in their metadata.
    pub(crate) fn intents_with(&self, key: &str, value: &str) -> Vec<String> {
        let has = |intent: &&Intent| intent.metadata.get(key).is_some_and(|known| known == value);
        self.intents.values().filter(has).map(|intent| intent.id.clone()).collect()
    }

    /// Whether an intent took money.
    pub(crate) fn is_captured(&self, intent: &str) -> bool {
        self.intents.get(intent).is_some_and(|intent| intent.received > 0)
    }

    /// What was refunded of an intent and did not come back.
    pub(crate) fn refunded(&self, intent: &str) -> i64 {
        let counts = |refund: &&Refund| refund.intent == intent && refund.status != "failed";
        self.refunds.values().filter(counts).map(|refund| refund.amount).sum()
    }

    /// What banks hold or have kept of an intent.
    pub(crate) fn disputed(&self, intent: &str) -> i64 {
        let counts = |dispute: &&Dispute| dispute.intent == intent && dispute.status != "won";
        self.disputes.values().filter(counts).map(|dispute| dispute.amount).sum()
    }

    /// What went back of each intent, refunded or disputed, and in how many refunds.
    pub(crate) fn given_back(&self) -> BTreeMap<&str, (i64, usize)> {
        let refunds = self.refunds.values().filter(|refund| refund.status != "failed");
        let disputes = self.disputes.values().filter(|dispute| dispute.status != "won");
        let refunds = refunds.map(|refund| (refund.intent.as_str(), refund.amount, 1));
        let disputes = disputes.map(|dispute| (dispute.intent.as_str(), dispute.amount, 0));
        let mut back: BTreeMap<&str, (i64, usize)> = BTreeMap::new();
        for (intent, amount, refunds) in refunds.chain(disputes) {
            let sum = back.entry(intent).or_default();
            *sum = (sum.0 + amount, sum.1 + refunds);
        }
        back
    }

    /// Money that is really there through an intent.
    pub(crate) fn net(&self, intent: &str) -> i64 {
        let received = self.intents.get(intent).map_or(0, |intent| intent.received);
        received - self.refunded(intent) - self.disputed(intent)
    }
}
