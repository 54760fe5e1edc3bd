//! Brings a guest's cart into the account of the customer who has signed in.

use std::borrow::Cow;

use serde::Serialize;
use tradepost_domain::cart::CartStatus;
use tradepost_domain::kernel::ids::{CartId, CustomerId, EntityId};
use tradepost_store::cart::{self, CartOwner};
use utoipa::ToSchema;

use super::edit::lost;
use super::view::CartView;
use super::{closed, expiry, missing, path, view};
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;
use crate::work::Work;

/// Merges the guest's cart that the token opens into the customer's latest open cart, or gives it to the customer when
/// there is none. Answers the customer's cart; the token opens nothing afterwards.
pub async fn merge_cart(context: &ShopperContext, id: CartId) -> Result<Answer, WriteError> {
    let (Some(customer), Some(token)) = (context.customer, context.cart_token.clone()) else {
        return Err(WriteError::Unauthenticated {
            code: "authentication_required",
            detail: "sign in, and send the token of the cart to merge in Cart-Token".into(),
        });
    };
    asking(&context.caller.shop, || async {
        let work = context.begin("merge_cart").await?;
        let view = merge(context, &work, (customer, token.clone()), id).await?;
        let answer = Answer::new(Outcome::Done, &view, Some(view.version))?;
        work.finish(answer.at(path(view.id))).await
    })
    .await
}

/// Merges in a transaction of the caller's; answers the customer's cart.
async fn merge(
    context: &ShopperContext,
    work: &Work<'_>,
    (customer, token): (CustomerId, Vec<u8>),
    id: CartId,
) -> Result<CartView, WriteError> {
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
    view::show(&context.caller.shop.rules, &work.tx, (&after, None), work.now).await
}

/// What became of the cart that somebody brought along when signing in.
#[derive(Debug, Clone, Default)]
pub struct BroughtCart {
    /// The customer's cart, as it is now, where there is one.
    pub cart: Option<CartView>,
    /// Why what was brought is not in it, where it is not.
    pub problem: Option<CartProblemView>,
}

/// Why a cart was not merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CartProblemView {
    /// Stable word in snake case.
    #[schema(value_type = String, example = "cart_not_found")]
    pub code: &'static str,
    /// What stands in the way and what to do.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
}

/// Merges the cart that somebody brings along who has just signed in. That it cannot be merged ends nothing: who they are is
/// known all the same. What was merged before stays so, and nothing is said of it.
pub async fn bring_cart(context: &ShopperContext, id: CartId) -> BroughtCart {
    let brought = match (context.customer, context.cart_token.clone()) {
        (Some(customer), Some(token)) => bring(context, (customer, token), id).await,
        _ => Err(WriteError::Unauthenticated {
            code: "cart_token_required",
            detail: "send the token of the cart in Cart-Token".into(),
        }),
    };
    match brought {
        Ok(cart) => BroughtCart { cart: Some(cart), problem: None },
        Err(error) => {
            let cart = latest_cart(context).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the cart of a customer who has signed in could not be read");
                None
            });
            BroughtCart { cart, problem: Some(problem(error)) }
        }
    }
}

async fn bring(
    context: &ShopperContext,
    (customer, token): (CustomerId, Vec<u8>),
    id: CartId,
) -> Result<CartView, WriteError> {
    let merged = asking(&context.caller.shop, || async {
        let work = context.begin("bring_cart").await?;
        let view = merge(context, &work, (customer, token.clone()), id).await?;
        work.commit().await?;
        Ok(view)
    });
    match merged.await {
        Err(error @ (WriteError::NotFound { .. } | WriteError::Conflict { .. })) => {
            let conn = context.caller.shop.store.storefront().conn().await?;
            let is_done = cart::was_brought(&conn, id, customer, &token).await?;
            drop(conn);
            let own = if is_done { latest_cart(context).await? } else { None };
            own.ok_or(error)
        }
        other => other,
    }
}

/// The customer's open cart that was changed last.
async fn latest_cart(context: &ShopperContext) -> Result<Option<CartView>, WriteError> {
    let Some(customer) = context.customer else { return Ok(None) };
    let (shop, now) = (&context.caller.shop, context.now());
    asking(shop, || async {
        let conn = shop.store.storefront().conn().await?;
        let Some(id) = cart::latest(&conn, customer, context.channel.id, now).await? else { return Ok(None) };
        let owner = CartOwner::Customer(customer);
        let Some((stored, beside)) = cart::open(&conn, id, (&owner, now), &[]).await? else {
            return Ok(None);
        };
        view::show(&shop.rules, &conn, (&stored.cart, beside.as_ref()), now).await.map(Some)
    })
    .await
}

fn problem(error: WriteError) -> CartProblemView {
    match error {
        WriteError::NotFound { .. } => CartProblemView {
            code: "cart_not_found",
            detail: "there is no such cart, or the token in Cart-Token is not its own".into(),
        },
        WriteError::Conflict { code, detail, .. } | WriteError::Unauthenticated { code, detail } => {
            CartProblemView { code, detail }
        }
        error => {
            tracing::warn!(%error, "the cart of a customer who has signed in could not be merged");
            let detail = "the cart could not be merged now: try POST /api/carts/{cart}/merge".into();
            CartProblemView { code: "cart_not_merged", detail }
        }
    }
}
