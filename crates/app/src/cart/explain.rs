//! Why a cart comes to what it does: each rule that was looked at, applied or not, and why, with the rounding.

use serde_json::{Value, json};
use tradepost_domain::kernel::ids::CartId;

use super::quote::quote;
use super::recalled::open;
use super::view::TotalsView;
use crate::error::WriteError;
use crate::pricing::rates::asking;
use crate::shopper::ShopperContext;

/// The record that pricing kept while it priced the cart.
pub async fn explain_cart(context: &ShopperContext, id: CartId) -> Result<Value, WriteError> {
    let owner = context.cart_owner()?;
    let now = context.now();
    let quote = asking(&context.caller.shop, || async {
        let conn = context.caller.shop.store.storefront().conn().await?;
        let (stored, beside) = open(context, &conn, id, (&owner, now, &[])).await?;
        quote(&context.caller.shop.rules, &conn, (&stored.cart, beside.as_ref()), now).await
    });
    let quote = quote.await?;
    Ok(json!({
        "totals": TotalsView::from(&quote.priced.totals),
        "tax_included": quote.priced.tax_included,
        "explanation": quote.priced.explanation,
    }))
}
