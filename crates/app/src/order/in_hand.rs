//! An order in hand: loaded whole under its lock, moved on by what happened, and saved with everything that follows from
//! it, in one transaction. Whoever changes an order does it through here, so no path can forget what another one does.

use jiff::Timestamp;
use serde_json::{Value, json};
use tradepost_domain::catalog::availability::LOW_STOCK_AT_MOST;
use tradepost_domain::customer::is_erased_email;
use tradepost_domain::kernel::ids::{EntityId, OrderEventId, OrderId, OrderLineId, RefundId};
use tradepost_domain::order::{FulfillmentStatus, OrderFacts, OrderStatus, fulfillment_status, order_status};
use tradepost_domain::payment::{Payment, PaymentStatus, RefundStage};
use tradepost_store::Db;
use tradepost_store::inventory::MovedLevel;
use tradepost_store::order::timeline::{self, OrderEventRow};
use tradepost_store::order::{OrderRow, erase, read, update};
use tradepost_store::payment::ledger::{self, Booking};
use tradepost_store::payment::{self, PaymentRecord};

use super::view::view;
use crate::answer::Answer;
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail};
use crate::payment::view::is_tried_again;
use crate::work::{StaffContext, Work};

/// An order that is being changed.
pub struct OrderInHand<'a> {
    /// The transaction.
    pub work: Work<'a>,
    /// The order.
    pub order: OrderRow,
    /// Its payment; `None` where nothing was to be paid.
    pub payment: Option<PaymentRecord>,
    /// What the ledger is to book.
    pub bookings: Vec<Booking>,
    caller: &'a StaffContext,
    was: OrderRow,
    was_paid: Option<Payment>,
    was_refunded: Vec<RefundId>,
    payment_changed: bool,
    parcels_changed: bool,
    timeline: Vec<OrderEventRow>,
    moved: Vec<MovedLevel>,
}

/// The settled states of a payment in which goods may be sent.
fn is_settled(status: PaymentStatus) -> bool {
    use PaymentStatus::{Authorized, NotRequired, Paid, PartiallyRefunded, Refunded};
    matches!(status, NotRequired | Authorized | Paid | PartiallyRefunded | Refunded)
}

/// Refunds that have reached the buyer.
fn paid_back(payment: &PaymentRecord) -> impl Iterator<Item = RefundId> {
    let done = payment.refunds.iter().filter(|refund| refund.stage == RefundStage::Succeeded);
    done.map(|refund| refund.id)
}

impl<'a> OrderInHand<'a> {
    /// Opens an order and keeps other writers from it; `None` when there is none.
    pub async fn open(
        caller: &'a StaffContext,
        db: &Db,
        id: OrderId,
        name: &'static str,
    ) -> Result<Option<Self>, WriteError> {
        let work = caller.begin_in(db, name).await?;
        let Some(order) = read::get_for_update(&work.tx, id).await? else { return Ok(None) };
        let payment = payment::read::of_order(&work.tx, id).await?;
        Ok(Some(Self {
            work,
            was: order.clone(),
            was_paid: payment.as_ref().map(|payment| payment.state.clone()),
            was_refunded: payment.iter().flat_map(paid_back).collect(),
            order,
            payment,
            bookings: Vec::new(),
            caller,
            payment_changed: false,
            parcels_changed: false,
            timeline: Vec::new(),
            moved: Vec::new(),
        }))
    }

    /// Who changes it.
    pub fn caller(&self) -> &'a StaffContext {
        self.caller
    }

    /// The moment of the change.
    pub fn now(&self) -> Timestamp {
        self.work.now
    }

    /// Notes that the payment is not as it was loaded.
    pub fn touch_payment(&mut self) {
        self.payment_changed = true;
    }

    /// Notes that something of it left or arrived, whether its status says so or not.
    pub fn touch_parcels(&mut self) {
        self.parcels_changed = true;
    }

    /// Writes into the order's timeline.
    pub fn note(&mut self, kind: &str, data: Value) {
        let id: OrderEventId = self.work.next_id();
        let actor = self.caller.actor;
        self.timeline.push(OrderEventRow {
            id,
            order_id: self.order.id,
            kind: kind.to_owned(),
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.id(),
            data,
            created_at: self.work.now,
        });
    }

    /// Keeps stock levels that changed, so that what is shown of them follows.
    pub fn moved(&mut self, levels: impl IntoIterator<Item = MovedLevel>) {
        self.moved.extend(levels);
    }

    /// The line with this id.
    pub fn line_mut(&mut self, id: OrderLineId) -> Option<&mut tradepost_store::order::OrderLineRow> {
        self.order.lines.iter_mut().find(|line| line.id == id)
    }

    /// Gives the order up: it is sent no more, and no payment is awaited.
    pub fn cancel(&mut self, reason: &str) {
        self.order.canceled_at = Some(self.work.now);
        self.order.cancel_reason = Some(reason.to_owned());
        self.note("canceled", json!({"reason": reason}));
    }

    /// Takes a cancellation back: the money came after all, and the goods are still there.
    pub fn revive(&mut self) {
        self.order.canceled_at = None;
        self.order.cancel_reason = None;
        self.note("revived", json!({}));
    }

    /// Derives every status from what is known now.
    fn derive(&mut self) {
        let now = self.work.now;
        let order = &mut self.order;
        if let Some(payment) = &self.payment {
            order.payment_status = match payment.state.status() {
                // Nothing has failed for good while the shopper tries again.
                PaymentStatus::Failed if order.canceled_at.is_none() && is_tried_again(payment) => {
                    PaymentStatus::Pending
                }
                status => status,
            };
            order.captured = payment
                .state
                .attempts
                .values()
                .map(tradepost_domain::payment::Attempt::captured_amount)
                .sum();
            let succeeded = tradepost_domain::payment::RefundStage::Succeeded;
            order.refunded = payment.state.attempts.values().map(|attempt| attempt.refunded(succeeded)).sum();
        }
        let progress: Vec<_> =
            order.lines.iter().map(tradepost_store::order::OrderLineRow::progress).collect();
        order.fulfillment_status = fulfillment_status(&progress);
        let facts = OrderFacts {
            canceled: order.canceled_at.is_some(),
            payable_settled: is_settled(order.payment_status),
            paid: is_settled(order.payment_status) && order.payment_status != PaymentStatus::Authorized,
            fulfillment: order.fulfillment_status,
        };
        order.status = order_status(facts);
        if order.status != OrderStatus::Pending {
            order.expires_at = None;
        }
        if matches!(order.status, OrderStatus::Confirmed | OrderStatus::Completed) {
            order.confirmed_at = order.confirmed_at.or(Some(now));
        }
        if order.status == OrderStatus::Completed {
            order.completed_at = order.completed_at.or(Some(now));
        }
    }

    /// Writes down each status that is not what it was, for people and for those who follow events.
    fn tell(&mut self) -> Result<(), WriteError> {
        let (status, payment, fulfillment) =
            (self.order.status, self.order.payment_status, self.order.fulfillment_status);
        let mut kinds = Vec::new();
        if status != self.was.status {
            kinds.push(match status {
                OrderStatus::Pending => "order.updated",
                OrderStatus::Confirmed => "order.confirmed",
                OrderStatus::Completed => "order.completed",
                OrderStatus::Canceled => "order.canceled",
            });
        }
        if payment != self.was.payment_status {
            kinds.push(match payment {
                PaymentStatus::Authorized => "order.authorized",
                PaymentStatus::Paid => "order.paid",
                PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => "order.refunded",
                PaymentStatus::Failed => "order.payment_failed",
                PaymentStatus::Mismatch => "order.payment_mismatch",
                PaymentStatus::NotRequired | PaymentStatus::Pending => "order.updated",
            });
        }
        let sent_more =
            fulfillment != self.was.fulfillment_status && fulfillment != FulfillmentStatus::Unfulfilled;
        if sent_more || self.parcels_changed {
            kinds.push("order.fulfillment_updated");
        }
        if kinds.is_empty() {
            kinds.push("order.updated");
        }
        kinds.dedup();
        for kind in kinds {
            tell_order(&mut self.work, kind, &self.order, self.payment.as_ref())?;
        }
        self.tell_parts();
        Ok(())
    }

    /// Tells of the parts of the order that the timeline tells of: parcels, refunds, disputes.
    fn tell_parts(&mut self) {
        let (id, version) = (self.order.id, self.order.version);
        for entry in &self.timeline {
            let Some(kind) = event_of_part(&entry.kind) else { continue };
            let mut payload = entry.data.clone();
            if let Some(fields) = payload.as_object_mut() {
                fields.insert("order_id".to_owned(), id.to_string().into());
                fields.insert("order_number".to_owned(), self.order.number.as_str().into());
            }
            self.work.event(kind, id.as_uuid(), version, payload);
        }
    }

    /// Has the buyer told of what is new to a buyer.
    fn mail(&mut self) {
        let order_id = self.order.id;
        let mut mails = Vec::new();
        if self.order.confirmed_at.is_some() && self.was.confirmed_at.is_none() {
            mails.push(OrderMail::OrderConfirmed { order_id });
        }
        if self.order.canceled_at.is_some() && self.was.canceled_at.is_none() {
            mails.push(OrderMail::OrderCanceled { order_id, version: self.order.version });
        }
        let refunds = self.payment.iter().flat_map(paid_back);
        let refunds = refunds.filter(|refund| !self.was_refunded.contains(refund));
        mails.extend(refunds.map(|refund_id| OrderMail::RefundSent { order_id, refund_id }));
        for mail in &mails {
            ask_for_mail(&mut self.work, mail);
        }
    }

    /// Saves everything in the transaction, and leaves it open for what the caller still has to write.
    pub async fn save(&mut self) -> Result<(), WriteError> {
        self.derive();
        if self.is_as_it_was() {
            // What was asked of a provider is remembered; of the order there is nothing to tell.
            return self.save_payment().await;
        }
        self.order.version = self.was.version.saturating_add(1);
        self.order.updated_at = self.work.now;
        self.tell()?;
        self.mail();
        let changed: Vec<_> = self
            .order
            .lines
            .iter()
            .filter(|line| self.was.lines.iter().all(|old| old.id != line.id || old != *line))
            .collect();
        if !changed.is_empty() {
            update::update_lines(&self.work.tx, self.order.id, &changed).await?;
        }
        update::update(&self.work.tx, &self.order).await?;
        self.forget_place().await?;
        self.save_payment().await?;
        timeline::insert(&self.work.tx, &self.timeline).await?;
        ledger::book(&self.work.tx, &self.bookings, self.work.now).await?;
        tell_stock(&mut self.work, &self.moved);
        self.timeline.clear();
        self.bookings.clear();
        self.moved.clear();
        Ok(())
    }

    /// Of somebody who was erased the address is kept for as long as something is to be sent there.
    async fn forget_place(&mut self) -> Result<(), WriteError> {
        let is_over = matches!(self.order.status, OrderStatus::Completed | OrderStatus::Canceled);
        if !is_over || self.was.status == self.order.status || !is_erased_email(&self.order.email) {
            return Ok(());
        }
        Ok(erase::forget_place(&self.work.tx, self.order.id).await?)
    }

    /// Whether nothing has changed that anybody but the payment's provider would care for.
    fn is_as_it_was(&self) -> bool {
        self.order == self.was
            && self.payment.as_ref().map(|payment| &payment.state) == self.was_paid.as_ref()
            && self.timeline.is_empty()
            && self.bookings.is_empty()
            && self.moved.is_empty()
    }

    async fn save_payment(&mut self) -> Result<(), WriteError> {
        if let Some(payment) = self.payment.as_mut().filter(|_| self.payment_changed) {
            payment.version = payment.version.saturating_add(1);
            payment::write::put(&self.work.tx, payment, self.work.now).await?;
        }
        Ok(())
    }

    /// Saves everything and commits it with the answer.
    pub async fn finish(mut self, answer: Answer) -> Result<Answer, WriteError> {
        self.save().await?;
        self.work.finish(answer).await
    }

    /// Saves everything and commits it; nobody waits for an answer.
    pub async fn commit(mut self) -> Result<(), WriteError> {
        self.save().await?;
        self.work.commit().await
    }
}

/// Tells those who follow events how an order now stands: whole, as staff read it. Rendered in the transaction of the
/// change, so that version and facts belong together (case C39).
pub fn tell_order(
    work: &mut Work<'_>,
    kind: &'static str,
    order: &OrderRow,
    payment: Option<&PaymentRecord>,
) -> Result<(), WriteError> {
    let payload = serde_json::to_value(view(order, payment)?)?;
    work.event(kind, order.id.as_uuid(), order.version, payload);
    Ok(())
}

/// The event that follows from an entry of the timeline about a part of the order, if one does.
fn event_of_part(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "fulfillment_created" => "fulfillment.created",
        "fulfillment_canceled" => "fulfillment.canceled",
        "fulfillment_shipped" => "shipment.shipped",
        "fulfillment_delivered" => "shipment.delivered",
        "refund_requested" => "refund.requested",
        "refunded" => "refund.succeeded",
        "refund_failed" => "refund.failed",
        "dispute_opened" => "dispute.opened",
        "dispute_won" => "dispute.won",
        "dispute_lost" => "dispute.lost",
        _ => return None,
    })
}

/// Tells of stock whose availability, as it is shown, is not what it was. What nobody can see is not told: at thousands
/// of orders a second the rendering of unchanged fragments would be all that the shop does.
pub fn tell_stock(work: &mut Work<'_>, moved: &[MovedLevel]) {
    for level in moved.iter().filter(|level| shows(level)) {
        let payload = json!({
            "variant_ids": [level.variant_id.to_string()],
            "stock_level_id": level.stock_level_id.to_string(),
            "on_hand": level.on_hand,
            "available": level.available,
        });
        work.event("stock.updated", level.product_id.as_uuid(), level.version, payload);
    }
}

/// Whether shoppers may see a difference. A level that alone has more than a few units, before and after, keeps its
/// variant in stock whatever the other locations have; where ordering back is allowed these may be below zero.
fn shows(level: &MovedLevel) -> bool {
    level.backorder || level.available.min(level.available_before) <= LOW_STOCK_AT_MOST
}
