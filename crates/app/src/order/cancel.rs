//! Gives orders up: what is held goes back, what was paid is refunded, uses of coupons count no more.

use serde::Deserialize;
use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use tradepost_domain::kernel::issue::check_text;
use tradepost_domain::order::{FulfillmentStatus, OrderStatus};
use tradepost_domain::payment::AttemptStatus;
use tradepost_store::inventory;
use tradepost_store::order::{fulfillment, read};
use utoipa::ToSchema;

use super::in_hand::OrderInHand;
use super::view::view;
use super::{bookings, missing};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version, refuse};
use crate::error::WriteError;
use crate::payment::refund::refund_everything;
use crate::shopper::ShopperContext;
use crate::work::StaffContext;

/// Characters of a reason.
const REASON_LEN_MAX: usize = 255;

/// Why an order is given up.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderCancel {
    /// In the words of whoever gives it up.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub reason: String,
}

impl OrderCancel {
    /// The reason, checked.
    pub fn reason(&self) -> Result<&str, WriteError> {
        refuse(check_text("$.reason", &self.reason, REASON_LEN_MAX, false).into_iter().collect())?;
        let reason = self.reason.trim();
        // By the sweeper's word alone may money that comes later bring an order back.
        Ok(if reason.is_empty() || reason == crate::payment::facts::EXPIRED { "canceled" } else { reason })
    }
}

/// Gives up an order that this shopper may open, as long as nothing of it is sent.
pub async fn cancel_own_order(
    context: &ShopperContext,
    id: OrderId,
    version: Option<Versions>,
    cancel: &OrderCancel,
) -> Result<Answer, WriteError> {
    let reason = cancel.reason()?;
    let owner = context.order_owner()?;
    let caller = &context.caller;
    let db = caller.shop.store.storefront();
    // The owner first: somebody else's order is not even locked.
    read::get_owned(&*db.conn().await?, id, &owner).await?.ok_or_else(missing)?;
    let order = OrderInHand::open(caller, db, id, "cancel_order").await?.ok_or_else(missing)?;
    check_version(version, order.order.version)?;
    finish(order, reason).await
}

/// Gives an order up for staff, as long as nothing of it is sent.
pub async fn cancel_order(
    context: &StaffContext,
    id: OrderId,
    version: Option<Versions>,
    cancel: &OrderCancel,
) -> Result<Answer, WriteError> {
    let reason = cancel.reason()?;
    let db = context.shop.store.admin();
    let mut order = OrderInHand::open(context, db, id, "cancel_order").await?.ok_or_else(missing)?;
    check_version(version, order.order.version)?;
    let before = json!({"status": order.order.status});
    let after = json!({"status": OrderStatus::Canceled, "reason": reason});
    order.work.audit("order.cancel", ("order", id.as_uuid()), Some(before), Some(after));
    finish(order, reason).await
}

/// Gives the order in hand up and answers it.
pub async fn finish(mut order: OrderInHand<'_>, reason: &str) -> Result<Answer, WriteError> {
    cancel(&mut order, reason).await?;
    order.save().await?;
    let answer =
        Answer::new(Outcome::Done, &view(&order.order, order.payment.as_ref())?, Some(order.order.version))?;
    order.work.finish(answer).await
}

/// Gives an order up. Its attempts are canceled at their providers by the reconciler, and money that comes all the same
/// is refunded.
pub async fn cancel(order: &mut OrderInHand<'_>, reason: &str) -> Result<(), WriteError> {
    if order.order.canceled_at.is_some() {
        return Err(WriteError::conflict("order_canceled", "the order was given up already", None)
            .with_fact("current", order.order.status.as_str()));
    }
    if order.order.fulfillment_status != FulfillmentStatus::Unfulfilled {
        let detail = "some of it is sent already: it can be returned, not canceled";
        return Err(WriteError::conflict("order_fulfilled", detail, None)
            .with_fact("current", order.order.fulfillment_status.as_str()));
    }
    let (id, now) = (order.order.id, order.now());
    // Before the shelf: placing an order locks promotions first, then levels.
    crate::cart::rules::give_back(&order.work.tx, id, now).await?;
    let released = inventory::release(&order.work.tx, &[id], None, now).await?;
    order.moved(released);
    let given_back = inventory::deallocate(&order.work.tx, &[id], None, now).await?;
    order.moved(given_back);
    fulfillment::cancel_pending(&order.work.tx, id, now).await?;
    let paid = order.payment.as_ref().is_some_and(|payment| {
        payment.state.attempts.values().any(|attempt| attempt.status == AttemptStatus::Captured)
    });
    order.cancel(reason);
    if paid {
        refund_everything(order, reason);
    } else {
        order.bookings.push(bookings::unsold(&order.order));
    }
    give_up_attempts(order);
    Ok(())
}

/// Has the reconciler cancel what can still take money.
fn give_up_attempts(order: &mut OrderInHand<'_>) {
    let now = order.now();
    let Some(payment) = order.payment.as_mut() else { return };
    let mut open = false;
    for attempt in payment.state.attempts.values() {
        let done = matches!(attempt.status, AttemptStatus::Captured | AttemptStatus::Canceled);
        if let Some(details) = payment.details.get_mut(&attempt.id).filter(|_| !done) {
            details.unknown_since = details.unknown_since.or(Some(now));
            open = true;
        }
    }
    if open {
        order.touch_payment();
        order.note("payment_given_up", json!({}));
    }
}
