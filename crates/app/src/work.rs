//! The frame of a change: one transaction that holds the change, its events, its audit entry and its answer.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tradepost_domain::kernel::ids::{ApiKeyId, AuditEntryId, CustomerId, EntityId, EventId};
use tradepost_store::audit::{self, AuditRow};
use tradepost_store::idempotency::{self, Claim, StoredAnswer};
use tradepost_store::job::{self, NewJob};
use tradepost_store::outbox::{self, Event, Payload};
use tradepost_store::{Db, StoreError, Tx};
use uuid::Uuid;

use crate::answer::{Answer, Outcome};
use crate::crash::CrashPoint;
use crate::error::WriteError;
use crate::shop::Shop;

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Staff through a secret key.
    ApiKey(ApiKeyId),
    /// A customer who is signed in.
    Customer(CustomerId),
    /// A shopper whom nobody knows.
    Guest,
    /// The shop itself: a job, a command line.
    System,
}

impl Actor {
    /// The word in logs and timelines.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Customer(_) => "customer",
            Self::Guest => "guest",
            Self::System => "system",
        }
    }

    /// Which of that kind, where it has an id.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::ApiKey(id) => Some(id.as_uuid()),
            Self::Customer(id) => Some(id.as_uuid()),
            Self::Guest | Self::System => None,
        }
    }
}

/// Where a request came from, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Address of the client.
    pub ip: Option<String>,
    /// What it says it is.
    pub user_agent: Option<String>,
    /// Id of the request in the logs.
    pub request_id: Option<String>,
}

/// What a use case is given: staff's as it stands, a shopper's inside of [`crate::shopper::ShopperContext`].
#[derive(Debug, Clone)]
pub struct StaffContext {
    /// The shop.
    pub shop: Arc<Shop>,
    /// Who asks.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// Claim on the idempotency key, if the request has one.
    pub claim: Option<Claim>,
}

impl StaffContext {
    /// The present moment by the shop's clock.
    pub fn now(&self) -> Timestamp {
        self.shop.clock.now()
    }

    /// Begins a change.
    pub async fn begin(&self, name: &'static str) -> Result<Work<'_>, StoreError> {
        self.begin_in(self.shop.store.admin(), name).await
    }

    /// Begins a change on a connection of the given pool.
    pub async fn begin_in(&self, db: &Db, name: &'static str) -> Result<Work<'_>, StoreError> {
        let work = self.reserve_in(db, name).await?;
        work.tx.begin().await?;
        Ok(work)
    }

    /// A change on a connection of the given pool whose transaction is opened with its first statements.
    pub async fn reserve_in(&self, db: &Db, name: &'static str) -> Result<Work<'_>, StoreError> {
        let tx = db.reserve(name).await?;
        Ok(Work {
            context: self,
            tx,
            now: self.now(),
            events: Vec::new(),
            entries: Vec::new(),
            jobs: Vec::new(),
        })
    }
}

/// A change in the making. Dropped without `finish`, nothing of it happened.
#[derive(Debug)]
pub struct Work<'a> {
    context: &'a StaffContext,
    /// The transaction.
    pub tx: Tx,
    /// The moment of the change: all its rows carry the same.
    pub now: Timestamp,
    events: Vec<Event>,
    entries: Vec<AuditRow>,
    jobs: Vec<NewJob>,
}

impl Work<'_> {
    /// Draws an id.
    pub fn next_id<T: EntityId>(&self) -> T {
        self.context.shop.ids.next()
    }

    /// Tells what happened, to all who follow the outbox and to the webhook endpoints that ask for it.
    pub fn event(
        &mut self,
        kind: &'static str,
        aggregate_id: Uuid,
        version: i64,
        payload: impl Into<Payload>,
    ) -> EventId {
        let id: EventId = self.next_id();
        self.events.push(Event { id, kind, aggregate_id, version, payload: payload.into() });
        id
    }

    /// Hands over the events and jobs so far, to whoever writes them with other things in one flight.
    pub fn take_told(&mut self) -> (Vec<Event>, Vec<NewJob>) {
        (std::mem::take(&mut self.events), std::mem::take(&mut self.jobs))
    }

    /// Notes the change in the audit log; `before` and `after` hold what changed, as far as there is something.
    pub fn audit(&mut self, action: &str, entity: (&str, Uuid), before: Option<Value>, after: Option<Value>) {
        let id: AuditEntryId = self.next_id();
        let Origin { ip, user_agent, request_id } = self.context.origin.clone();
        self.entries.push(AuditRow {
            id: id.as_uuid(),
            at: self.now,
            actor_kind: self.context.actor.kind().to_owned(),
            actor_id: self.context.actor.id(),
            action: action.to_owned(),
            entity_kind: entity.0.to_owned(),
            entity_id: Some(entity.1),
            before,
            after,
            ip,
            user_agent,
            request_id,
        });
    }

    /// Asks for work that follows from the change and is done after it; of those with one key in a queue, one is.
    pub fn job(&mut self, queue: &'static str, payload: Value, unique_key: Option<String>) {
        self.jobs.push(NewJob { id: self.next_id(), queue, payload, unique_key });
    }

    /// The shop that is changed.
    pub fn shop(&self) -> &Shop {
        &self.context.shop
    }

    /// Who makes the change.
    pub fn actor(&self) -> Actor {
        self.context.actor
    }

    /// Writes events, audit entries, jobs and the answer in one flight, and commits them with the change.
    pub async fn finish(self, answer: Answer) -> Result<Answer, WriteError> {
        let keep = async {
            match &self.context.claim {
                Some(claim) => idempotency::finish(&self.tx, claim, &stored_answer(&answer)).await,
                None => Ok(true),
            }
        };
        Box::pin(self.write_with(keep)).await?;
        self.tx.commit().await?;
        Ok(answer)
    }

    /// Commits the change without its answer, which is not known yet: the claim keeps what was made, so that whoever
    /// takes it over goes on with that.
    pub async fn finish_for_now(self, made: Uuid) -> Result<(), WriteError> {
        let keep = async {
            match &self.context.claim {
                Some(claim) => idempotency::keep_resource(&self.tx, claim, made).await,
                None => Ok(true),
            }
        };
        Box::pin(self.write_with(keep)).await?;
        self.commit_written().await
    }

    /// The transaction, for whoever has written all that was told ([`Work::take_told`]) and commits.
    pub fn into_tx(self) -> Tx {
        self.tx
    }

    async fn commit_written(self) -> Result<(), WriteError> {
        let crash = &self.context.shop.checkout.crash;
        crash.point(CrashPoint::BeforeOrderCommit);
        self.tx.commit().await?;
        crash.point(CrashPoint::AfterOrderCommit);
        Ok(())
    }

    /// Commits the change with its events, audit entries and jobs; a claim stays as it is.
    pub async fn commit(self) -> Result<(), WriteError> {
        Box::pin(self.write_with(async { Ok(true) })).await?;
        self.tx.commit().await?;
        Ok(())
    }

    async fn write_with(
        &self,
        keep: impl Future<Output = Result<bool, StoreError>>,
    ) -> Result<(), WriteError> {
        let pushed = outbox::push(&self.tx, &self.events, self.now);
        let audited = audit::insert_all(&self.tx, &self.entries);
        let asked = job::enqueue(&self.tx, &self.jobs, self.now);
        let ((), (), (), kept) = futures_util::future::try_join4(pushed, audited, asked, keep).await?;
        if kept { Ok(()) } else { Err(WriteError::ClaimLost) }
    }

    /// [`Work::finish`] with a view of the thing that was changed.
    pub async fn finish_with<T: Serialize>(
        self,
        outcome: Outcome,
        view: &T,
        version: Option<i64>,
    ) -> Result<Answer, WriteError> {
        let answer = Answer::new(outcome, view, version)?;
        self.finish(answer).await
    }
}

/// The answer as it is kept with its idempotency key.
pub(crate) fn stored_answer(answer: &Answer) -> StoredAnswer {
    StoredAnswer {
        status: i16::try_from(answer.outcome.status()).unwrap_or(500),
        body: answer.kept_body.as_ref().unwrap_or(&answer.body).clone(),
        etag: answer.version.map(|version| format!("\"v{version}\"")),
        location: answer.location.clone(),
    }
}
