//! How a cart is changed: read, edited, priced, and stored if it is still the cart that was read.

use jiff::Timestamp;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CartId, VariantId};
use tradepost_store::cart::{self, Beside, StoredCart};
use tradepost_store::{Client, StoreError};

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
/// What was read is stored if nobody has changed it since, which a single statement decides: two round trips and no
/// transaction. `more` are the variants that are about to be put in. Who was overtaken, and who has an answer to keep with the change, does it once more with the cart locked.
pub(super) async fn change_cart(
    context: &ShopperContext,
    target: Target,
    (outcome, more): (Outcome, &[VariantId]),
    edit: impl Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
) -> Result<Answer, WriteError> {
    asking(&context.caller.shop, || async {
        if context.caller.claim.is_none() {
            let conn = context.caller.shop.store.storefront().conn().await?;
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
    let now = context.now();
    let found = cart::open(conn, id, (&context.cart_owner()?, now), more).await?;
    let (found, beside) = found.unzip();
    let (before, after) = edited(context, found, (version, now), edit)?;
    // In another language things have other names.
    let beside = beside.flatten().filter(|_| after.locale == before.locale);
    let answer = shown(context, conn, (&after, beside.as_ref()), (outcome, now)).await?;
    let stored = cart::change(conn, &before, &after).await.map_err(refused)?;
    Ok(stored.then_some(answer))
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
    let (before, after) = edited(context, found, (version, work.now), edit)?;
    let answer = shown(context, &work.tx, (&after, None), (outcome, work.now)).await?;
    if !cart::change(&work.tx, &before, &after).await.map_err(refused)? {
        return Err(lost());
    }
    work.finish(answer).await
}

/// A cart before and after a change of it.
fn edited<E>(
    context: &ShopperContext,
    found: Option<StoredCart>,
    (version, now): (Option<Versions>, Timestamp),
    edit: &E,
) -> Result<(Cart, Cart), WriteError>
where
    E: Fn(&mut Cart, Timestamp) -> Result<(), WriteError>,
{
    let StoredCart { cart: before, successor_id } = found.ok_or_else(missing)?;
    check_version(version, before.version)?;
    if let Some(successor) = successor_id {
        return Err(closed(&before, successor));
    }
    let mut after = before.clone();
    edit(&mut after, now)?;
    after.version = before.version.saturating_add(1);
    after.updated_at = now;
    after.expires_at = expiry(context, now);
    Ok((before, after))
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

fn refused(error: StoreError) -> WriteError {
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
