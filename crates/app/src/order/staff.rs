//! Orders as staff look after them: found, noted upon, and given the metadata of other systems.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tradepost_domain::cart::Metadata;
use tradepost_domain::kernel::ids::{EntityId, OrderEventId, OrderId};
use tradepost_domain::kernel::issue::check_text;
use tradepost_domain::order::OrderNumber;
use tradepost_store::order::read;
use tradepost_store::order::timeline::{self, OrderEventRow};
use tradepost_store::payment;
use utoipa::ToSchema;

pub use tradepost_store::order::read::OrderFilter;

use super::get::views;
use super::in_hand::OrderInHand;
use super::missing;
use super::view::{OrderView, view};
use crate::answer::{Answer, Outcome};
use crate::cart::input::check_metadata;
use crate::change::{Versions, check_version, refuse};
use crate::error::WriteError;
use crate::mail::{OrderMail, ask_for_mail_again};
use crate::page::{Page, PageRequest};
use crate::patch::present;
use crate::shop::Shop;
use crate::work::{StaffContext, Work};

/// Characters of a note.
const NOTE_LEN_MAX: usize = 5_000;

/// How staff name an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderKey {
    /// By its id.
    Id(OrderId),
    /// By what people call it.
    Number(OrderNumber),
}

/// Orders that a filter finds, newest first.
pub async fn list_orders(
    shop: &Shop,
    filter: &OrderFilter,
    request: &PageRequest<OrderId>,
) -> Result<Page<OrderView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let orders = read::list(&conn, filter, request.after, request.rows()).await?;
    let total = if request.count { Some(read::count(&conn, filter).await?) } else { None };
    let views = views(&conn, &orders).await?;
    Ok(Page::new(request, views, total, |view| view.id))
}

/// One order.
pub async fn find_order(shop: &Shop, key: &OrderKey) -> Result<OrderView, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let found = match key {
        OrderKey::Id(id) => read::get(&conn, *id).await?,
        OrderKey::Number(number) => read::find_by_number(&conn, number.as_str()).await?,
    };
    let order = found.ok_or_else(missing)?;
    let payment = payment::read::of_order(&conn, order.id).await?;
    Ok(view(&order, payment.as_ref())?)
}

/// Why an order comes to what it does.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderExplanationView {
    /// The order.
    #[schema(value_type = String, example = "ord_01000000000000000000000001")]
    pub order_id: OrderId,
    /// Each rule that was looked at when it was placed, applied or not, and why, with the rounding.
    #[schema(value_type = Object)]
    pub explanation: Box<RawValue>,
}

/// The record that pricing kept when the order was placed.
pub async fn explain_order(shop: &Shop, key: &OrderKey) -> Result<OrderExplanationView, WriteError> {
    let conn = shop.store.admin().conn().await?;
    let named = match key {
        OrderKey::Id(id) => (Some(*id), None),
        OrderKey::Number(number) => (None, Some(number.as_str())),
    };
    let (order_id, explanation) = read::explanation(&conn, named).await?.ok_or_else(missing)?;
    Ok(OrderExplanationView { order_id, explanation })
}

/// What to change of an order: what was agreed is not among it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderPatch {
    /// What the client keeps with it, in the place of what it kept before.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Object, required = false)]
    pub metadata: Option<Metadata>,
}

/// Changes what the client keeps with an order.
pub async fn patch_order(
    context: &StaffContext,
    id: OrderId,
    version: Option<Versions>,
    patch: OrderPatch,
) -> Result<Answer, WriteError> {
    if let Some(metadata) = &patch.metadata {
        refuse(check_metadata("$.metadata", metadata))?;
    }
    let db = context.shop.store.admin();
    let mut order = OrderInHand::open(context, db, id, "patch_order").await?.ok_or_else(missing)?;
    check_version(version, order.order.version)?;
    if let Some(metadata) = patch.metadata.filter(|metadata| *metadata != order.order.metadata) {
        let before = json!({"metadata": order.order.metadata});
        let after = json!({"metadata": metadata});
        order.order.metadata = metadata;
        order.work.audit("order.update", ("order", id.as_uuid()), Some(before), Some(after));
        order.save().await?;
    }
    let shown = view(&order.order, order.payment.as_ref())?;
    let answer = Answer::new(Outcome::Done, &shown, Some(shown.version))?;
    order.work.finish(answer).await
}

/// Something that happened to an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderEventView {
    /// Id.
    #[schema(value_type = String, example = "oevt_01000000000000000000000001")]
    pub id: OrderEventId,
    /// What, in snake case: `placed`, `paid`, `shipped`, `note`.
    pub kind: String,
    /// Who: `customer`, `guest`, `api_key` or `system`.
    pub actor: String,
    /// Facts.
    #[schema(value_type = Object)]
    pub data: Value,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<OrderEventRow> for OrderEventView {
    fn from(row: OrderEventRow) -> Self {
        let OrderEventRow { id, kind, actor_kind, data, created_at, .. } = row;
        Self { id, kind, actor: actor_kind, data, created_at }
    }
}

/// What happened to an order, in order of time.
pub async fn list_order_events(
    shop: &Shop,
    id: OrderId,
    request: &PageRequest<OrderEventId>,
) -> Result<Page<OrderEventView>, WriteError> {
    let conn = shop.store.admin().conn().await?;
    read::get(&conn, id).await?.ok_or_else(missing)?;
    let rows = timeline::list(&conn, id, request.after, request.rows()).await?;
    Ok(Page::new(request, rows, None, |row| row.id).map(OrderEventView::from))
}

/// What staff note upon an order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteCreate {
    /// The note; shoppers do not see it.
    #[schema(min_length = 1, max_length = 5_000)]
    pub text: String,
}

/// Notes something in an order's timeline. The order itself stays as it is, and so does its version.
pub async fn add_order_note(
    context: &StaffContext,
    id: OrderId,
    note: NoteCreate,
) -> Result<Answer, WriteError> {
    refuse(check_text("$.text", &note.text, NOTE_LEN_MAX, true).into_iter().collect())?;
    let work = context.begin("add_order_note").await?;
    read::get(&work.tx, id).await?.ok_or_else(missing)?;
    write_down(work, id, ("note", "order.note"), json!({"text": note.text.trim()})).await
}

/// Has the confirmation of an order sent once more, to the address that the order has.
pub async fn resend_order_confirmation(context: &StaffContext, id: OrderId) -> Result<Answer, WriteError> {
    let mut work = context.begin("resend_order_confirmation").await?;
    let order = read::get(&work.tx, id).await?.ok_or_else(missing)?;
    if order.confirmed_at.is_none() {
        let detail = "the order is not paid: there is nothing to confirm yet";
        return Err(WriteError::conflict("order_not_paid", detail, None)
            .with_fact("payment_status", order.payment_status.as_str()));
    }
    ask_for_mail_again(&mut work, &OrderMail::OrderConfirmed { order_id: id });
    write_down(work, id, ("confirmation_resent", "order.resend_confirmation"), json!({})).await
}

/// Writes into an order's timeline and into the audit log, and answers what was written.
async fn write_down(
    mut work: Work<'_>,
    order_id: OrderId,
    (kind, action): (&str, &str),
    data: Value,
) -> Result<Answer, WriteError> {
    let actor = work.actor();
    let event = OrderEventRow {
        id: work.next_id(),
        order_id,
        kind: kind.to_owned(),
        actor_kind: actor.kind().to_owned(),
        actor_id: actor.id(),
        data,
        created_at: work.now,
    };
    timeline::insert(&work.tx, std::slice::from_ref(&event)).await?;
    work.audit(action, ("order", order_id.as_uuid()), None, Some(event.data.clone()));
    let answer = Answer::new(Outcome::Created, &OrderEventView::from(event), None)?;
    work.finish(answer.at(format!("/api/admin/orders/{order_id}/timeline"))).await
}
