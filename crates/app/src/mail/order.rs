//! Mails about orders: asked for in the transaction of what they tell of, written from the order as it stands when they
//! are sent.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tradepost_domain::customer::is_erased_email;
use tradepost_domain::kernel::ids::{FulfillmentId, OrderId, RefundId};
use tradepost_domain::kernel::{Locale, Money};
use tradepost_domain::payment::RefundStage;
use tradepost_port::Mail;
use tradepost_store::order::fulfillment::{self, FulfillmentRow};
use tradepost_store::order::{OrderRow, read};
use tradepost_store::{Client, StoreError, payment};
use uuid::Uuid;

use super::kind::MailKind;
use super::order_values::order_values;
use super::template::Letter;
use super::worker::SendError;
use crate::shop::Shop;
use crate::work::Work;

/// Queue of the jobs.
pub(super) const QUEUE: &str = "send-order-mail";

/// A mail about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum OrderMail {
    /// It is paid, or needs no payment.
    OrderConfirmed {
        /// The order.
        order_id: OrderId,
    },
    /// A parcel of it has left.
    OrderShipped {
        /// The order.
        order_id: OrderId,
        /// What left.
        fulfillment_id: FulfillmentId,
    },
    /// Money of it has gone back.
    RefundSent {
        /// The order.
        order_id: OrderId,
        /// The refund.
        refund_id: RefundId,
    },
    /// It was given up.
    OrderCanceled {
        /// The order.
        order_id: OrderId,
        /// Its version then: one that came back may be given up again.
        version: i64,
    },
    /// Money came for it when it was given up already, and goes back.
    PaymentTooLate {
        /// The order.
        order_id: OrderId,
        /// The refund that was asked for.
        refund_id: RefundId,
    },
}

impl OrderMail {
    /// Its kind.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::OrderConfirmed { .. } => MailKind::OrderConfirmed,
            Self::OrderShipped { .. } => MailKind::OrderShipped,
            Self::RefundSent { .. } => MailKind::RefundSent,
            Self::OrderCanceled { .. } => MailKind::OrderCanceled,
            Self::PaymentTooLate { .. } => MailKind::PaymentTooLate,
        }
    }

    /// The order that it is about.
    pub fn order_id(&self) -> OrderId {
        match self {
            Self::OrderConfirmed { order_id }
            | Self::OrderShipped { order_id, .. }
            | Self::RefundSent { order_id, .. }
            | Self::OrderCanceled { order_id, .. }
            | Self::PaymentTooLate { order_id, .. } => *order_id,
        }
    }

    /// The fact that it tells of: told twice, it is mailed once.
    fn unique_key(&self) -> String {
        let fact = match self {
            Self::OrderConfirmed { order_id } => order_id.to_string(),
            Self::OrderShipped { fulfillment_id, .. } => fulfillment_id.to_string(),
            Self::RefundSent { refund_id, .. } | Self::PaymentTooLate { refund_id, .. } => {
                refund_id.to_string()
            }
            Self::OrderCanceled { order_id, version } => format!("{order_id}:{version}"),
        };
        format!("{}:{fact}", self.kind().as_str())
    }
}

/// Asks for a mail in the transaction of what it tells of, once for each fact.
pub(crate) fn ask_for_mail(work: &mut Work<'_>, mail: &OrderMail) {
    work.job(QUEUE, json!(mail), Some(mail.unique_key()));
}

/// Asks for a mail whether it was sent before or not.
pub(crate) fn ask_for_mail_again(work: &mut Work<'_>, mail: &OrderMail) {
    work.job(QUEUE, json!(mail), None);
}

/// What there is to tell: an order, and where the mail is about one, its parcel or the money that goes back.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) order: OrderRow,
    pub(super) parcel: Option<FulfillmentRow>,
    pub(super) refund: Option<Money>,
}

/// What a mail tells, unless it is not so any more.
async fn story(client: &Client, mail: &OrderMail) -> Result<Option<Story>, StoreError> {
    let Some(order) = read::get(client, mail.order_id()).await? else { return Ok(None) };
    let mut story = Story { order, parcel: None, refund: None };
    let holds = match mail {
        OrderMail::OrderConfirmed { .. } => story.order.confirmed_at.is_some(),
        OrderMail::OrderCanceled { .. } => story.order.canceled_at.is_some(),
        OrderMail::OrderShipped { order_id, fulfillment_id } => {
            let parcels = fulfillment::list(client, *order_id).await?;
            story.parcel = parcels.into_iter().find(|parcel| parcel.id == *fulfillment_id);
            story.parcel.as_ref().is_some_and(|parcel| parcel.shipped_at.is_some())
        }
        OrderMail::RefundSent { order_id, refund_id } | OrderMail::PaymentTooLate { order_id, refund_id } => {
            let record = payment::read::of_order(client, *order_id).await?;
            let refunds = record.into_iter().flat_map(|record| record.refunds);
            let refund = refunds.into_iter().find(|refund| refund.id == *refund_id);
            let refund = refund.filter(|refund| {
                let expected = mail.kind() == MailKind::PaymentTooLate;
                refund.stage == RefundStage::Succeeded || expected && refund.stage == RefundStage::Pending
            });
            story.refund = refund.map(|refund| refund.amount);
            story.refund.is_some()
        }
    };
    Ok(holds.then_some(story))
}

/// The mail, if what it tells is still so and there is somebody to tell it to.
pub(super) async fn write(shop: &Shop, id: Uuid, mail: &OrderMail) -> Result<Option<Mail>, SendError> {
    let conn = shop.store.worker().conn().await?;
    let told = story(&conn, mail).await?;
    drop(conn);
    told.map_or(Ok(None), |story| render(shop, (id, mail.kind()), &story, None))
}

/// Writes what there is to tell; in another language than the order's, if one is named.
pub(super) fn render(
    shop: &Shop,
    (id, kind): (Uuid, MailKind),
    story: &Story,
    locale: Option<&Locale>,
) -> Result<Option<Mail>, SendError> {
    let Some(to) = story.order.email.parse().ok().filter(|_| !is_erased_email(&story.order.email)) else {
        return Ok(None);
    };
    let locale = locale.unwrap_or(&story.order.locale);
    let values = order_values(&shop.mail_templates, &shop.public_url, story, locale)?;
    let letter = Letter { id, to, locale: Some(locale.as_str()) };
    Ok(Some(shop.mail_templates.render(kind, letter, &values)?))
}

/// What an order with this number has to tell by a mail of this kind, of the last parcel or refund that it has.
pub(super) async fn last_story(
    shop: &Shop,
    kind: MailKind,
    number: &str,
) -> Result<Option<Story>, StoreError> {
    let conn = shop.store.worker().conn().await?;
    let Some(order) = read::find_by_number(&conn, number).await? else { return Ok(None) };
    let parcels = fulfillment::list(&conn, order.id).await?;
    let parcel = parcels.into_iter().rfind(|parcel| parcel.shipped_at.is_some());
    let record = payment::read::of_order(&conn, order.id).await?;
    let refund = record.and_then(|record| record.refunds.last().map(|refund| refund.amount));
    let lacks = match kind {
        MailKind::OrderShipped => parcel.is_none(),
        MailKind::RefundSent | MailKind::PaymentTooLate => refund.is_none(),
        _ => false,
    };
    Ok((!lacks).then_some(Story { order, parcel, refund }))
}
