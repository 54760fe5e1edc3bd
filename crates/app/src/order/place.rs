//! Places an order: priced, reserved, written down and answered in one transaction, alone or with others that arrive at
//! the same time; then the payment provider is asked, with no transaction open (docs/adr/0013). An order stands before any
//! money moves, so money without an order cannot be.

use serde_json::value::RawValue;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use tradepost_store::order::OrderRow;
use tradepost_store::payment::PaymentRecord;

use super::desk::{Placed, Request};
pub use super::draft::ORDER_TOKEN;
use super::input::OrderCreate;
use super::view::PlacedOrderView;
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::idempotency::{suspend, suspend_later};
use crate::payment::begin::begin_payment;
use crate::payment::view::{PaymentView, client_secret};
use crate::pricing::rates::asking;
use crate::secret::SecretToken;
use crate::shopper::ShopperContext;

/// Places an order, once for its idempotency key and once for its cart.
///
/// Five round trips of its transaction, six where it is of a cart, shared with the orders that are decided beside it. A key
/// that is new is claimed in the same transaction, so an order that does not stand leaves none behind.
pub async fn place_order(context: &ShopperContext, mut create: OrderCreate) -> Result<Answer, WriteError> {
    let (source, provider) = create.read(context)?;
    let begun = context.caller.claim.as_ref().and_then(|claim| claim.resource_id);
    if let Some(begun) = begun.map(OrderId::from_uuid) {
        // The request before this one wrote the order and died before it could answer: this one goes on.
        return begin_payment(context, begun, None).await;
    }
    let shop = &context.caller.shop;
    let placed = asking(shop, || {
        let (source, create) = (source.clone(), create.clone());
        shop.desk.place(Request { context: context.clone(), source, create, provider })
    });
    match placed.await? {
        Placed::Answered(answer) => Ok(answer),
        Placed::AsksElsewhere { order, token } => {
            let begun = begin_payment(context, order, token).await;
            if begun.is_err() {
                leave_to_repeat(context).await;
            }
            begun
        }
    }
}

/// Leaves the key of an order that stands to a repeat of its request, which goes on where this one ended. A claim that was
/// there before is its owner's.
async fn leave_to_repeat(context: &ShopperContext) {
    let db = context.caller.shop.store.storefront();
    if let Some(claim) = context.caller.claim.as_ref().filter(|claim| claim.is_new)
        && suspend(db, claim).await.is_err()
    {
        suspend_later(db.clone(), claim.clone());
    }
}

/// The answer of a placed order, which is shown as it was written.
pub fn answer(
    (order, shown): (&OrderRow, &RawValue),
    payment: Option<&PaymentRecord>,
    token: Option<&SecretToken>,
) -> Result<Answer, WriteError> {
    let placed = PlacedOrderView {
        order: shown.to_owned(),
        order_token: token.map(|token| token.expose().to_owned()),
        payment: payment.map(PaymentView::from),
        payment_client_secret: payment.and_then(client_secret),
    };
    let answer = Answer::new(Outcome::Created, &placed, Some(order.version))?;
    Ok(answer.at(format!("/api/orders/{}", order.id)))
}
