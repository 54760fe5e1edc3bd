//! Gives a guest's order to the customer who has signed in, or just registered, and holds its token.

use serde_json::json;
use tradepost_domain::kernel::ids::{EntityId, OrderId};
use tradepost_store::order::read::OrderOwner;
use tradepost_store::order::timeline::{self, OrderEventRow};
use tradepost_store::order::{read, update};
use tradepost_store::payment;

use super::in_hand::tell_order;
use super::missing;
use super::view::view;
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::shopper::ShopperContext;

/// Claims an order. The token opens nothing afterwards: the customer's session does.
pub async fn claim_order(context: &ShopperContext, id: OrderId) -> Result<Answer, WriteError> {
    let (Some(customer), Some(token)) = (context.customer, context.order_token.clone()) else {
        return Err(WriteError::Unauthenticated {
            code: "authentication_required",
            detail: "sign in, and send the order's token in Order-Token".into(),
        });
    };
    let mut work = context.begin("claim_order").await?;
    let found = read::get_owned(&work.tx, id, &OrderOwner::Guest(token)).await?;
    found.ok_or_else(missing)?;
    // Again under its lock: what is told must be what the new version is of (case C39).
    let mut order = read::get_for_update(&work.tx, id).await?.ok_or_else(missing)?;
    let claimed = update::claim(&work.tx, id, customer, work.now).await?;
    order.version = claimed
        .ok_or_else(|| WriteError::conflict("order_claimed", "somebody has claimed the order", None))?;
    order.customer_id = Some(customer);
    order.updated_at = work.now;
    let event = OrderEventRow {
        id: work.next_id(),
        order_id: id,
        kind: "claimed".to_owned(),
        actor_kind: "customer".to_owned(),
        actor_id: Some(customer.as_uuid()),
        data: json!({}),
        created_at: work.now,
    };
    timeline::insert(&work.tx, &[event]).await?;
    let payment = payment::read::of_order(&work.tx, id).await?;
    tell_order(&mut work, "order.updated", &order, payment.as_ref())?;
    let answer = Answer::new(Outcome::Done, &view(&order, payment.as_ref())?, Some(order.version))?;
    work.finish(answer).await
}
