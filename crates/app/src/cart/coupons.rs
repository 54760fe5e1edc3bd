//! Enters coupons into a cart and takes them out.

use serde::Deserialize;
use tradepost_domain::kernel::ids::CartId;
use utoipa::ToSchema;

use super::Change;
use super::input::read_code;
use crate::answer::{Answer, Outcome};
use crate::error::WriteError;
use crate::pricing::rates::asking;
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
    version: Option<i64>,
    coupon: CouponAdd,
) -> Result<Answer, WriteError> {
    let code = read_code("$.code", &coupon.code).map_err(|issue| WriteError::Invalid(vec![issue]))?;
    asking(&context.caller.shop, || async {
        let mut change = Change::open(context, id, version, "add_cart_coupon").await?;
        if !super::rules::coupon_exists(&change.work.tx, &code).await? {
            return Err(WriteError::invalid("$.code", "coupon_not_found", "there is no such coupon"));
        }
        change.after.add_coupon(code.as_str().to_owned())?;
        change.finish(context, Outcome::Created).await
    })
    .await
}

/// Takes a coupon out.
pub async fn remove_cart_coupon(
    context: &ShopperContext,
    id: CartId,
    version: Option<i64>,
    code: &str,
) -> Result<Answer, WriteError> {
    let not_entered = || WriteError::NotFound { kind: "coupon" };
    let Ok(code) = read_code("code", code) else { return Err(not_entered()) };
    asking(&context.caller.shop, || async {
        let mut change = Change::open(context, id, version, "remove_cart_coupon").await?;
        if !change.after.remove_coupon(code.as_str())? {
            return Err(not_entered());
        }
        change.finish(context, Outcome::Done).await
    })
    .await
}
