//! Carts: made, filled and changed by whoever holds their token or is signed in; priced whenever they are shown.

pub mod change;
pub mod coupons;
pub mod create;
mod edit;
pub mod explain;
pub mod get;
pub mod input;
pub mod lines;
pub mod memory;
pub mod merge;
pub mod quote;
pub(crate) mod recalled;
pub mod rules;
pub mod shipping_methods;
pub mod view;

pub use change::{CartPatch, patch_cart};
pub use coupons::{CouponAdd, add_cart_coupon, remove_cart_coupon};
pub use create::{CartCreate, create_cart};
pub use explain::explain_cart;
pub use get::{get_cart, list_carts};
pub use input::LineAdd;
pub use lines::{LinePatch, add_cart_line, patch_cart_line, remove_cart_line};
pub use merge::{CartProblemView, bring_cart, merge_cart};
pub use shipping_methods::{ShippingOfferView, list_shipping_offers};
pub use view::CartView;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use tradepost_domain::cart::{Cart, ChangeCartError};
use tradepost_domain::kernel::ids::{CartId, EntityId};

use crate::error::WriteError;
use crate::shopper::ShopperContext;

/// How long a cart lives after its last change, unless the shop says otherwise.
pub const CART_TTL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a cart that is changed now is forgotten: at a full hour, since what stays the same needs no index written.
fn expiry(context: &ShopperContext, now: Timestamp) -> Timestamp {
    let after = now.saturating_add(context.caller.shop.checkout.cart_ttl).unwrap_or(now);
    let hourly = TimestampRound::new().smallest(Unit::Hour).mode(RoundMode::Ceil);
    after.round(hourly).unwrap_or(after)
}

fn missing() -> WriteError {
    WriteError::NotFound { kind: "cart" }
}

impl From<ChangeCartError> for WriteError {
    fn from(error: ChangeCartError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeCartError::Closed(_) => Self::conflict("cart_closed", detail, None),
            ChangeCartError::TooManyLines => Self::invalid("$.lines", "too_many", detail),
            ChangeCartError::Quantity(_) => Self::invalid("$.quantity", "invalid_quantity", detail),
            ChangeCartError::NoSuchLine => Self::NotFound { kind: "line" },
            ChangeCartError::TooManyCoupons => Self::invalid("$.coupons", "too_many", detail),
        }
    }
}

fn path(id: CartId) -> String {
    format!("/api/carts/{id}")
}

/// Why a closed cart cannot be changed, with what it became.
pub(crate) fn closed(cart: &Cart, successor: uuid::Uuid) -> WriteError {
    use tradepost_domain::cart::CartStatus;
    use tradepost_domain::kernel::ids::OrderId;
    let error = WriteError::from(ChangeCartError::Closed(cart.status));
    match cart.status {
        CartStatus::Ordered => error.with_fact("order_id", OrderId::from_uuid(successor).to_string()),
        CartStatus::Merged => error.with_fact("cart_id", CartId::from_uuid(successor).to_string()),
        CartStatus::Open => error,
    }
}
