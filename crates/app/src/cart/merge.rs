//! Brings a guest's cart into the account of the customer who has signed in.

use tradepost_domain::cart::CartStatus;
use tradepost_domain::kernel::ids::{CartId, CustomerId, EntityId};
use tradepost_store::cart::{self, CartOwner};

use super::edit::lost;
use super::{closed, expiry, missing, path, view};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;

/// Merges the guest's cart that the token opens into the customer's latest open cart, or gives it to the customer when
/// there is none. Answers the customer's cart; the token opens nothing afterwards.
pub async fn merge_cart(context: &ShopperContext, id: CartId) -> Result<Answer, WriteError> {
    let (Some(customer), Some(token)) = (context.customer, context.cart_token.clone()) else {
        return Err(WriteError::Unauthenticated {
            code: "authentication_required",
            detail: "sign in, and send the token of the cart to merge in Cart-Token".into(),
        });
    };
    asking(&context.caller.shop, || merge(context, customer, token.clone(), id)).await
}

async fn merge(
    context: &ShopperContext,
    customer: CustomerId,
    token: Vec<u8>,
    id: CartId,
) -> Result<Answer, WriteError> {
    let work = context.begin("merge_cart").await?;
    let own = cart::latest(&work.tx, customer, context.channel.id, work.now).await?;
    let mut wanted = vec![(id, CartOwner::Guest(token))];
    wanted.extend(own.map(|own| (own, CartOwner::Customer(customer))));
    // Both by one statement, in the order in which orders lock the carts of a batch.
    let locked = cart::all_for_update(&work.tx, &wanted, work.now).await?;
    let (guest, own): (Vec<_>, Vec<_>) = locked.into_iter().partition(|stored| stored.cart.id == id);
    let guest = guest.into_iter().next().ok_or_else(missing)?;
    // One that was closed before it was locked takes nothing any more: the guest's takes its place.
    let own = own.into_iter().find(|own| own.successor_id.is_none());
    if let Some(successor) = guest.successor_id {
        return Err(closed(&guest.cart, successor));
    }
    let same_money = |own: &cart::StoredCart| own.cart.currency == guest.cart.currency;
    let (before, mut after) = if let Some(own) = own.filter(same_money) {
        let mut merged = own.cart.clone();
        merged.absorb(&guest.cart, work.now)?;
        cart::delete_lines(&work.tx, id).await?;
        cart::close(&work.tx, id, (CartStatus::Merged, own.cart.id.as_uuid()), work.now).await?;
        (own.cart, merged)
    } else {
        let mut adopted = guest.cart.clone();
        adopted.customer_id = Some(customer);
        (guest.cart, adopted)
    };
    after.version = before.version.saturating_add(1);
    after.updated_at = work.now;
    after.expires_at = expiry(context, work.now);
    if !cart::change(&work.tx, &before, &after).await? {
        return Err(lost());
    }
    let view = view::show(&context.caller.shop.rules, &work.tx, (&after, None), work.now).await?;
    let answer = Answer::new(Outcome::Done, &view, Some(after.version))?;
    work.finish(answer.at(path(after.id))).await
}
