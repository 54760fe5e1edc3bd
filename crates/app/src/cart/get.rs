//! Shows carts to their owners.

use tradepost_domain::kernel::ids::CartId;
use tradepost_store::cart;

use super::recalled::open;
use super::view::{self, CartView};
use crate::error::WriteError;
use crate::page::{Page, PageRequest};
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;

/// An owner's cart, priced by the rules of this moment.
pub async fn get_cart(context: &ShopperContext, id: CartId) -> Result<CartView, WriteError> {
    let owner = context.cart_owner()?;
    let now = context.now();
    asking(&context.caller.shop, || async {
        let conn = context.caller.shop.store.storefront().conn().await?;
        let (stored, beside) = open(context, &conn, id, (&owner, now, &[])).await?;
        view::show(&context.caller.shop.rules, &conn, (&stored.cart, beside.as_ref()), now).await
    })
    .await
}

/// The open carts of the customer who is signed in, newest first.
pub async fn list_carts(
    context: &ShopperContext,
    request: &PageRequest<CartId>,
) -> Result<Page<CartView>, WriteError> {
    let customer = context.customer.ok_or(WriteError::Unauthenticated {
        code: "authentication_required",
        detail: "sign in to see your carts".into(),
    })?;
    let now = context.now();
    let views = asking(&context.caller.shop, || async {
        let conn = context.caller.shop.store.storefront().conn().await?;
        let carts = cart::list(&conn, customer, request.after, (request.rows(), now)).await?;
        view::show_all(&context.caller.shop.rules, &conn, &carts, now).await
    });
    let views = views.await?;
    Ok(Page::new(request, views, None, |view| view.id))
}
