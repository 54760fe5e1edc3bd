//! Enters coupons into a cart and takes them out.

use serde::Deserialize;
use tradepost_domain::kernel::ids::CartId;
use utoipa::ToSchema;

use super::edit::change_cart;
use super::input::read_code;
use crate::answer::{Answer, Outcome};
use crate::change::Versions;
use crate::error::WriteError;
use crate::shopper::ShopperContext;

/// A coupon to enter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponAdd {
    /// The code, in any case.
    #[schema(example = "WELCOME10", min_length = 3, max_length = 64)]
    pub code: String,
}

/// Enters a coupon. A code that nobody gave out is refused; one that takes nothing off at present is kept, and the cart
/// says why.
pub async fn add_cart_coupon(
    context: &ShopperContext,
    id: CartId,
    version: Option<Versions>,
    coupon: CouponAdd,
) -> Result<Answer, WriteError> {
    context.caller.shop.throttle.coupon(id, context.caller.origin.ip.as_deref())?;
    let code = read_code("$.code", &coupon.code).map_err(|issue| WriteError::Invalid(vec![issue]))?;
    let conn = context.caller.shop.store.storefront().conn().await?;
    let exists = super::rules::coupon_exists(&conn, &code).await?;
    drop(conn);
    change_cart(context, (id, version, "add_cart_coupon"), (Outcome::Created, &[]), |cart, _| {
        if !exists {
            return Err(WriteError::invalid("$.code", "coupon_not_found", "there is no such coupon"));
        }
        Ok(cart.add_coupon(code.as_str().to_owned())?)
    })
    .await
}

/// Takes a coupon out.
pub async fn remove_cart_coupon(
    context: &ShopperContext,
    id: CartId,
    version: Option<Versions>,
    code: &str,
) -> Result<Answer, WriteError> {
    let not_entered = || WriteError::NotFound { kind: "coupon" };
    let Ok(code) = read_code("code", code) else { return Err(not_entered()) };
    change_cart(context, (id, version, "remove_cart_coupon"), (Outcome::Done, &[]), |cart, _| {
        if cart.remove_coupon(code.as_str())? { Ok(()) } else { Err(not_entered()) }
    })
    .await
}
