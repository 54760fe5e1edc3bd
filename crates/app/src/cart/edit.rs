//! How a cart is changed: recalled or read, edited, priced, and stored if it is still the cart that it was taken for.

use jiff::Timestamp;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CartId, VariantId};
use tradepost_store::cart::{self, Beside, StoredCart};
use tradepost_store::{Client, StoreError};

use super::recalled::{self, open};
use super::{closed, expiry, missing, path, view};
use crate::answer::{Answer, Outcome};
use crate::change::{Versions, check_version};
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;

/// What is changed: the cart, the version that was seen, and the name of the change.
pub(super) type Target = (CartId, Option<Versions>, &'static str);

/// Changes a cart and answers it as it now is, priced.
///
/// Decided by what this process remembers and stored if all of that still is as it was; else by what is read, and stored if
/// nobody has changed the cart since. Each is decided by a single statement: one round trip, or two, and no transaction.
/// `more` are the variants that are about to be put in. Who was overtaken, and who has an answer to keep with the
/// change, does it once more with the cart locked.
pub(super) async fn change_cart(
    context: &ShopperContext,
    target: Target,
    (outcome, more): (Outcome, &[VariantId]),
    edit: impl Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
) -> Result<Answer, WriteError> {
    asking(&context.caller.shop, || async {
        if context.caller.claim.is_none() {
            let conn = context.caller.shop.store.storefront().conn().await?;
            if let Some(answer) =
                Box::pin(recalled::try_change(context, &conn, target, (outcome, &edit))).await?
            {
                return Ok(answer);
            }
            let done = Box::pin(try_change(context, &conn, target, (outcome, more, &edit))).await?;
            if let Some(answer) = done {
                return Ok(answer);
            }
        }
        Box::pin(change_locked(context, target, (outcome, &edit))).await
    })
    .await
}

/// `None`, and nothing is stored, when somebody else changed the cart meanwhile.
async fn try_change<E>(
    context: &ShopperContext,
    conn: &Client,
    (id, version, _): Target,
    (outcome, more, edit): (Outcome, &[VariantId], &E),
) -> Result<Option<Answer>, WriteError>
where
    E: Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
{
    let (now, owner) = (context.now(), context.cart_owner()?);
    let (stored, beside) = open(context, conn, id, (&owner, now, more)).await?;
    check_version(version, stored.cart.version)?;
    let before = still_open(stored)?;
    let after = edited(context, &before, now, edit)?;
    // In another language things have other names.
    let beside = beside.filter(|_| after.locale == before.locale);
    let answer = shown(context, conn, (&after, beside.as_ref()), (outcome, now)).await?;
    let stored = cart::change(conn, &before, &after).await.map_err(refused)?;
    if !stored {
        return Ok(None);
    }
    context.caller.shop.carts.keep(owner, after);
    Ok(Some(answer))
}

async fn change_locked<E>(
    context: &ShopperContext,
    (id, version, name): Target,
    (outcome, edit): (Outcome, &E),
) -> Result<Answer, WriteError>
where
    E: Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
{
    let owner = context.cart_owner()?;
    let work = context.begin(name).await?;
    let found = cart::get_for_update(&work.tx, id, &owner, work.now).await?;
    let found = found.ok_or_else(missing)?;
    check_version(version, found.cart.version)?;
    let before = still_open(found)?;
    let after = edited(context, &before, work.now, edit)?;
    let answer = shown(context, &work.tx, (&after, None), (outcome, work.now)).await?;
    if !cart::change(&work.tx, &before, &after).await.map_err(refused)? {
        return Err(lost());
    }
    let answer = work.finish(answer).await?;
    context.caller.shop.carts.keep(owner, after);
    Ok(answer)
}

/// A cart that was read, if it can be changed.
fn still_open(StoredCart { cart, successor_id }: StoredCart) -> Result<Cart, WriteError> {
    match successor_id {
        Some(successor) => Err(closed(&cart, successor)),
        None => Ok(cart),
    }
}

/// A cart as a change leaves it.
pub(super) fn edited<E>(
    context: &ShopperContext,
    before: &Cart,
    now: Timestamp,
    edit: &E,
) -> Result<Cart, WriteError>
where
    E: Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
{
    let mut after = before.clone();
    edit(&mut after, now)?;
    after.version = before.version.saturating_add(1);
    after.updated_at = now;
    after.expires_at = expiry(context, now);
    Ok(after)
}

async fn shown(
    context: &ShopperContext,
    client: &Client,
    (after, beside): (&Cart, Option<&Beside>),
    (outcome, now): (Outcome, Timestamp),
) -> Result<Answer, WriteError> {
    let view = view::show(&context.caller.shop.rules, client, (after, beside), now).await?;
    Ok(Answer::new(outcome, &view, Some(after.version))?.at(path(after.id)))
}

pub(super) fn refused(error: StoreError) -> WriteError {
    let unknown = "there is no such variant";
    match error.violated_constraint() {
        Some("cart_line_variant_id_fkey") => {
            WriteError::invalid("$.variant_id", "variant_not_found", unknown)
        }
        _ => error.into(),
    }
}

/// A cart that was locked is another one than it was.
pub(super) fn lost() -> WriteError {
    StoreError::inconsistent("cart", "a locked cart was changed").into()
}
