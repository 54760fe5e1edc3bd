//! The projector: follows the outbox and keeps the finished fragments equal to what rendering now would give.
//!
//! It works in batches, each one transaction: take events, find the products that they reach, load these, render them,
//! write the rows that differ, mark the events, begin a new epoch, commit. Whatever breaks in between leaves the events
//! waiting and the shop as it was. Events with a wide reach (a category renamed) are spread into `projection_queue` by
//! the database, and their products rendered batch by batch behind the products of fresh events. So are the products of an
//! import: what a person has changed does not wait behind sixty thousand of them. No product goes back by that, for each
//! is rendered as it is now, not as the event says.
//!
//! A large batch is written by several connections at once (`helpers`), each its own part in its own transaction; the
//! events are marked after all of them, so that what breaks off is done again.
//!
//! A change that commits while a batch is being rendered has its own event behind it, so a fragment that mixes two
//! moments lives for one batch at most.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tradepost_domain::kernel::ids::{AuditEntryId, EntityId, EventId, ProductId};
use tradepost_domain::kernel::with_causes;
use tradepost_store::audit::AuditRow;
use tradepost_store::catalog::projection::{
    self, CatalogSnapshot, ProjectorLock, PublishedDraft, RenderedView,
};
use tradepost_store::outbox::{Event, Lane, PendingEvent};
use tradepost_store::{Client, StoreError, Tx, audit, outbox};

use super::helpers::HELPERS_MAX;
use super::reach::Reach;
use super::render::render_all;
use super::shown_prices::{holding, load_catalog};
use crate::shop::Shop;

/// Events taken in one transaction.
const EVENTS_MAX: usize = 1_000;
/// Products of one batch: what comes meanwhile waits for its end. Each helper has two parts of it.
pub(super) const PRODUCTS_MAX: usize = 2 * HELPERS_MAX * PART_MAX;
/// Products of the backlog that are rendered together with what somebody waits for: few, so that this is shown soon;
/// some, for a busy shop always has something new, and the backlog must come to its end.
const BESIDE_FRESH: usize = 200;
/// Products rendered in one transaction: as many as a notification names, so that caches keep the others.
const PART_MAX: usize = NAMED_MAX;
/// Rows written in one transaction: bounds its memory in a shop with many channels and locales.
const ROWS_MAX: usize = 2_000;
/// Changed products that a notification names; beyond it says that anything may have changed.
const NAMED_MAX: usize = 100;
/// Drafts published in one transaction.
const PUBLISH_MAX: i64 = 500;
/// How long another projector is waited for before the next try.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// Tries of a batch that ran into another transaction.
const TRIES_MAX: u32 = 5;

/// Keeps the fragments of one shop.
#[derive(Debug, Clone)]
pub struct Projector {
    pub(super) shop: Arc<Shop>,
    part_max: usize,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Projected {
    /// Events dispatched.
    pub events: usize,
    /// Products rendered; one may count several times.
    pub products: usize,
    /// Products of which a fragment changed.
    pub changed: usize,
    /// Products that could not be rendered; each is in the log with its reason, and keeps the fragments it had.
    pub broken: usize,
}

impl Projected {
    pub(super) fn add(&mut self, other: Self) {
        self.events += other.events;
        self.products += other.products;
        self.changed += other.changed;
        self.broken += other.broken;
    }
}

/// How a batch ended.
#[derive(Debug)]
enum Step {
    /// Another projector has the shop.
    Busy,
    /// Nothing waits.
    Idle,
    /// Something was done; there may be more.
    Done(Projected),
}

/// A batch that failed, with the products that were in it.
#[derive(Debug)]
pub(super) struct BatchFailure {
    pub(super) products: Vec<ProductId>,
    pub(super) source: StoreError,
}

impl From<StoreError> for BatchFailure {
    fn from(source: StoreError) -> Self {
        Self { products: Vec::new(), source }
    }
}

/// How much is tried at once: all of it, until a batch cannot be written; then ever less, until the product that
/// cannot is alone and is given up; then more again.
#[derive(Debug)]
pub(super) struct Pace {
    limit: usize,
    tries: u32,
    /// Whether a handle in the batch may still stand in another product's rows.
    handles_move: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self { limit: PRODUCTS_MAX, tries: 0, handles_move: false }
    }
}

impl Pace {
    fn is_full(&self) -> bool {
        self.limit == PRODUCTS_MAX
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Whether the last try went well: after one that did not, nothing is done side by side.
    pub(super) fn is_calm(&self) -> bool {
        self.tries == 0
    }

    pub(super) fn batch<'a>(&self, products: &'a [ProductId], thorough: bool) -> Batch<'a> {
        Batch { products, thorough, handles_move: self.handles_move }
    }

    pub(super) fn succeeded(&mut self) {
        self.tries = 0;
        self.handles_move = false;
        self.limit = (self.limit * 2).min(PRODUCTS_MAX);
    }

    /// What to do about a failure: `Ok(None)` to try again, `Ok(Some(product))` to give that one up.
    pub(super) fn failed(&mut self, failure: BatchFailure) -> Result<Option<ProductId>, StoreError> {
        let BatchFailure { products, source } = failure;
        // A product or a channel that was deleted meanwhile, or a deadlock: the next try sees another shop.
        let passing = source.is_retryable() || source.violated_constraint().is_some();
        self.handles_move |= source.violated_constraint() == Some(projection::HANDLE_KEY);
        if passing && self.tries < TRIES_MAX {
            self.tries += 1;
            return Ok(None);
        }
        if !source.is_about_data() || products.is_empty() {
            return Err(source);
        }
        if let [product] = products.as_slice() {
            tracing::error!(product.id = %product, error = with_causes(&source),
                "the product cannot be written to the read model: it keeps the fragments it had");
            return Ok(Some(*product));
        }
        tracing::warn!(
            products = products.len(),
            error = with_causes(&source),
            "a batch cannot be written: trying with fewer products"
        );
        self.limit = (products.len() / 2).clamp(1, PRODUCTS_MAX - 1);
        Ok(None)
    }
}

impl Projector {
    /// Of a shop.
    pub fn new(shop: Arc<Shop>) -> Self {
        Self { shop, part_max: PART_MAX }
    }

    /// The same with other parts: tests have few products.
    #[must_use]
    pub fn in_parts_of(self, products: usize) -> Self {
        Self { part_max: products.max(1), ..self }
    }

    /// Products whose rows fit into one transaction.
    pub(super) fn part(&self, catalog: &CatalogSnapshot) -> usize {
        let rows: usize = catalog.channels.iter().map(|channel| channel.locales.len()).sum();
        (ROWS_MAX / rows.max(1)).clamp(1, self.part_max)
    }

    /// How many products are taken at once: what the helpers can do, or what fits into one transaction.
    pub(super) fn room(&self, pace: &Pace, catalog: &CatalogSnapshot) -> usize {
        let alone = self.helpers() < 2 || !pace.is_calm();
        pace.limit().min(if alone { self.part(catalog) } else { PRODUCTS_MAX })
    }

    /// Works until nothing waits; waits for another projector that is at work.
    pub async fn drain(&self) -> Result<Projected, StoreError> {
        self.drain_telling(|_| {}).await
    }

    /// The same, telling after each batch what is done so far.
    pub async fn drain_telling(&self, mut progress: impl FnMut(&Projected)) -> Result<Projected, StoreError> {
        let mut pace = Pace::default();
        let mut total = Projected::default();
        loop {
            match Box::pin(self.advance(&mut pace)).await? {
                Step::Idle => return Ok(total),
                Step::Busy => tokio::time::sleep(BUSY_PAUSE).await,
                Step::Done(done) => {
                    total.add(done);
                    progress(&total);
                }
            }
        }
    }

    /// One batch, if there is something to do and no other projector does it; whether something was done.
    pub async fn round(&self) -> Result<bool, StoreError> {
        self.advance_once(&mut Pace::default()).await
    }

    /// The same at the pace that batches before it have found.
    pub(super) async fn advance_once(&self, pace: &mut Pace) -> Result<bool, StoreError> {
        Ok(matches!(Box::pin(self.advance(pace)).await?, Step::Done(_)))
    }

    async fn advance(&self, pace: &mut Pace) -> Result<Step, StoreError> {
        // When batches fail, the culprit is looked for in the queue, where an order holds; events must not keep us
        // from it, nor be kept waiting by it.
        let events = if pace.is_full() { 0 } else { self.defer_events().await? };
        let mut done = Projected { events, ..Projected::default() };
        match self.step(pace).await {
            // An empty queue is no sign that no events wait: those are taken at the full pace.
            Ok(Step::Idle) if !pace.is_full() => *pace = Pace::default(),
            Ok(Step::Done(more)) => {
                pace.succeeded();
                done.add(more);
            }
            Ok(step) => return Ok(step),
            Err(failure) => {
                if let Some(product) = pace.failed(failure)? {
                    projection::unqueue(&*self.shop.store.worker().conn().await?, product).await?;
                    done.broken = 1;
                }
            }
        }
        Ok(Step::Done(done))
    }

    async fn step(&self, pace: &Pace) -> Result<Step, BatchFailure> {
        let tx = self.shop.store.worker().begin("project").await?;
        // One projector at a time in a shop: of two that render the same product, the one that read first could write
        // last, and put an older rendering over a newer one whose event is already dispatched.
        let Some(lock) = projection::try_lock_projector(&tx).await? else { return Ok(Step::Busy) };
        let mut events =
            if pace.is_full() { outbox::take(&tx, Lane::Fresh, EVENTS_MAX).await? } else { Vec::new() };
        let mut reach = Reach::of(&events);
        if !reach.spread.is_empty() {
            projection::spread(&tx, &reach.spread).await?;
        }
        // Read after the events were taken, so that it holds what they tell of.
        let catalog = load_catalog(&tx).await?;
        let turned = self.turn_price_lists(&tx, &catalog).await?;
        let room = self.room(pace, &catalog);
        let mut products = std::mem::take(&mut reach.products);
        if products.len() > room {
            projection::enqueue(&tx, &products.into_iter().collect::<Vec<_>>()).await?;
            products = BTreeSet::new();
        }
        let free = (room - products.len()).min(if events.is_empty() { room } else { BESIDE_FRESH });
        let (bulk, waiting) = take_backlog(&tx, free, pace.is_full()).await?;
        products.extend(waiting);
        events.extend(bulk);
        if events.is_empty() && products.is_empty() && !turned {
            return Ok(Step::Idle);
        }
        let products: Vec<ProductId> = products.into_iter().collect();
        let failed = |source| BatchFailure { products: products.clone(), source };
        let mut done = Projected { events: events.len(), ..Projected::default() };
        let mut changed = reach.touched;
        if !products.is_empty() {
            let batch = pace.batch(&products, false);
            let (rendered, fresh) = self.write_batch((&tx, lock), catalog, &batch).await?;
            done.add(rendered);
            changed.extend(fresh);
        }
        outbox::mark_dispatched(&tx, &rows_of(&events), self.shop.clock.now()).await?;
        tell(&tx, &changed, (reach.wide, reach.steers)).await?;
        tx.commit().await.map_err(failed)?;
        Ok(Step::Done(done))
    }

    /// Moves the products that waiting events reach into the queue, without rendering any; answers
    /// how many events.
    async fn defer_events(&self) -> Result<usize, StoreError> {
        let tx = self.shop.store.worker().begin("defer_events").await?;
        if projection::try_lock_projector(&tx).await?.is_none() {
            return Ok(0);
        }
        let mut events = outbox::take(&tx, Lane::Fresh, EVENTS_MAX).await?;
        events.extend(outbox::take(&tx, Lane::Bulk, EVENTS_MAX).await?);
        let reach = Reach::of(&events);
        projection::spread(&tx, &reach.spread).await?;
        projection::enqueue(&tx, &reach.products.into_iter().collect::<Vec<_>>()).await?;
        outbox::mark_dispatched(&tx, &rows_of(&events), self.shop.clock.now()).await?;
        tell(&tx, &reach.touched, (reach.wide, reach.steers)).await?;
        tx.commit().await?;
        Ok(events.len())
    }

    /// Renders products and makes their rows true; answers which changed that nobody was told of yet.
    pub(super) async fn write_batch(
        &self,
        (tx, lock): (&Tx, ProjectorLock),
        catalog: CatalogSnapshot,
        batch: &Batch<'_>,
    ) -> Result<(Projected, BTreeSet<ProductId>), BatchFailure> {
        let part = self.part(&catalog);
        if batch.products.len() > part {
            return Ok((self.write_in_parts(lock, batch, part).await?, BTreeSet::new()));
        }
        let written = Box::pin(self.write_part(tx, catalog, batch)).await;
        written.map_err(|source| BatchFailure { products: batch.products.to_vec(), source })
    }

    /// Renders products and makes their rows true in this transaction; answers which changed.
    pub(super) async fn write_part(
        &self,
        tx: &Tx,
        catalog: CatalogSnapshot,
        batch: &Batch<'_>,
    ) -> Result<(Projected, BTreeSet<ProductId>), StoreError> {
        let mut rendered = render_batch(tx, catalog, batch.products).await?;
        for (product, reason) in &rendered.broken {
            tracing::error!(product.id = %product, reason, "the product cannot be rendered: it keeps the fragments it had");
        }
        projection::hold(tx, &mut rendered.views).await?;
        let mut changed = projection::delete_left_over(tx, &rendered.products, &rendered.views).await?;
        if batch.handles_move {
            // Makes room for the new owner; looked for only where it is needed, which is nearly never.
            changed.extend(projection::delete_by_handle(tx, &rendered.views).await?);
        }
        let now = self.shop.clock.now();
        changed.extend(projection::write_views(tx, &rendered.views, batch.thorough, now).await?);
        let done = Projected {
            events: 0,
            products: rendered.products.len(),
            changed: changed.len(),
            broken: rendered.broken.len(),
        };
        Ok((done, changed))
    }

    /// Publishes the drafts whose time has come; answers how many.
    pub async fn publish_due(&self) -> Result<usize, StoreError> {
        let now = self.shop.clock.now();
        let tx = self.shop.store.worker().begin("publish_due").await?;
        let published = projection::publish_due(&tx, now, PUBLISH_MAX).await?;
        if published.is_empty() {
            return Ok(0);
        }
        let event = |draft: &PublishedDraft| Event {
            id: self.shop.ids.next::<EventId>(),
            kind: "product.published",
            aggregate_id: draft.id.as_uuid(),
            version: draft.version,
            payload: json!({"publish_at": draft.publish_at}).into(),
        };
        let entry = |draft: &PublishedDraft| AuditRow {
            id: self.shop.ids.next::<AuditEntryId>().as_uuid(),
            at: now,
            actor_kind: "system".to_owned(),
            actor_id: None,
            action: "product.publish".to_owned(),
            entity_kind: "product".to_owned(),
            entity_id: Some(draft.id.as_uuid()),
            before: Some(json!({"status": "draft", "publish_at": draft.publish_at})),
            after: Some(json!({"status": "published", "publish_at": null})),
            ip: None,
            user_agent: None,
            request_id: None,
        };
        outbox::push(&tx, &published.iter().map(event).collect::<Vec<_>>(), now).await?;
        audit::insert_all(&tx, &published.iter().map(entry).collect::<Vec<_>>()).await?;
        tx.commit().await?;
        Ok(published.len())
    }
}

/// Takes up to `limit` products that nobody waits for in particular: half of them off the queue, for wide changes are
/// made by people, and the rest from imports; each has the room that the other leaves.
async fn take_backlog(
    tx: &Tx,
    limit: usize,
    with_events: bool,
) -> Result<(Vec<PendingEvent>, BTreeSet<ProductId>), StoreError> {
    let first = if with_events { limit.div_ceil(2) } else { limit };
    let mut products: BTreeSet<ProductId> = projection::take_queued(tx, first).await?.into_iter().collect();
    if !with_events {
        return Ok((Vec::new(), products));
    }
    // An event of an import is one of one product.
    let events = outbox::take(tx, Lane::Bulk, limit - products.len()).await?;
    if products.len() == first && events.len() < limit - first {
        products.extend(projection::take_queued(tx, limit - first - events.len()).await?);
    }
    products.extend(Reach::of(&events).products);
    Ok((events, products))
}

fn rows_of(events: &[PendingEvent]) -> Vec<i64> {
    events.iter().map(|event| event.row).collect()
}

/// Products to render together.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    pub(super) products: &'a [ProductId],
    /// Whether rows are also compared in what the page does not show.
    pub(super) thorough: bool,
    pub(super) handles_move: bool,
}

/// A rendered batch.
#[derive(Debug, Default)]
pub(super) struct RenderedBatch {
    /// The products of the batch, with those that do not exist and without the broken.
    pub(super) products: Vec<ProductId>,
    pub(super) views: Vec<RenderedView>,
    pub(super) broken: Vec<(ProductId, String)>,
}

/// Loads and renders a batch, in a number of statements that does not depend on its size.
pub(super) async fn render_batch(
    client: &Client,
    mut catalog: CatalogSnapshot,
    ids: &[ProductId],
) -> Result<RenderedBatch, StoreError> {
    let lists = holding(&catalog);
    let loaded = projection::load_products(client, ids, &lists, &mut catalog).await?;
    let ids = ids.to_vec();
    let render = move || {
        let mut batch = RenderedBatch { broken: loaded.broken, ..RenderedBatch::default() };
        for product in &loaded.products {
            match render_all(product, &catalog) {
                Ok(views) => batch.views.extend(views),
                Err(error) => batch.broken.push((product.id, error.to_string())),
            }
        }
        let broken: BTreeSet<ProductId> = batch.broken.iter().map(|(id, _)| *id).collect();
        batch.products = ids.into_iter().filter(|id| !broken.contains(id)).collect();
        batch
    };
    let rendered = tokio::task::spawn_blocking(render).await;
    rendered.map_err(|error| StoreError::inconsistent("render", error.to_string()))
}

/// Begins a new epoch when something that shoppers read has changed, and says what.
pub(super) async fn tell(
    tx: &Tx,
    changed: &BTreeSet<ProductId>,
    (wide, steers): (bool, bool),
) -> Result<(), StoreError> {
    if changed.is_empty() && !wide && !steers {
        return Ok(());
    }
    let ids: Vec<ProductId> = changed.iter().copied().collect();
    let named = (!wide && ids.len() <= NAMED_MAX).then_some(ids.as_slice());
    projection::bump_epoch(tx, named, steers).await.map(drop)
}
