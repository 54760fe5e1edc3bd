//! Carts: made, filled and changed by whoever holds their token or is signed in; priced whenever they are shown.

pub mod change;
pub mod coupons;
pub mod create;
pub mod explain;
pub mod get;
pub mod input;
pub mod lines;
pub mod merge;
pub mod quote;
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
pub use merge::merge_cart;
pub use shipping_methods::{ShippingOfferView, list_shipping_offers};
pub use view::CartView;

use jiff::{SignedDuration, Timestamp};
use tradepost_domain::cart::{Cart, ChangeCartError};
use tradepost_domain::kernel::ids::{CartId, EntityId};
use tradepost_store::StoreError;
use tradepost_store::cart::{self, StoredCart};

use crate::answer::{Answer, Outcome};
use crate::change::check_version;
use crate::error::WriteError;
use crate::shopper::ShopperContext;
use crate::work::Work;

/// How long a cart lives after its last change, unless the shop says otherwise.
pub const CART_TTL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a cart that is changed now is forgotten.
fn expiry(context: &ShopperContext, now: Timestamp) -> Timestamp {
    now.saturating_add(context.caller.shop.checkout.cart_ttl).unwrap_or(now)
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

/// A cart that is being changed, and how it was before.
struct Change<'a> {
    work: Work<'a>,
    before: Cart,
    after: Cart,
}

impl<'a> Change<'a> {
    /// Opens a cart for its owner and keeps other writers from it.
    async fn open(
        context: &'a ShopperContext,
        id: CartId,
        version: Option<i64>,
        name: &'static str,
    ) -> Result<Self, WriteError> {
        let owner = context.cart_owner()?;
        let work = context.begin(name).await?;
        let found = cart::get_for_update(&work.tx, id, &owner, work.now).await?;
        let StoredCart { cart: before, successor_id } = found.ok_or_else(missing)?;
        check_version(version, before.version)?;
        if let Some(successor) = successor_id {
            return Err(closed(&before, successor));
        }
        Ok(Self { work, after: before.clone(), before })
    }

    /// Stores the change and answers the cart as it now is, priced.
    async fn finish(mut self, context: &ShopperContext, outcome: Outcome) -> Result<Answer, WriteError> {
        self.after.version = self.before.version.saturating_add(1);
        self.after.updated_at = self.work.now;
        self.after.expires_at = expiry(context, self.work.now);
        let refused = |error: StoreError| {
            let unknown = "there is no such variant";
            match error.violated_constraint() {
                Some("cart_line_variant_id_fkey") => {
                    WriteError::invalid("$.variant_id", "variant_not_found", unknown)
                }
                _ => error.into(),
            }
        };
        // In one flight: what a cart comes to is priced from what is in hand, whether it is stored yet or not.
        let (tx, now) = (&self.work.tx, self.work.now);
        let stored = async { cart::update(tx, &self.before, &self.after).await.map_err(refused) };
        let shown = view::show(&context.caller.shop.rules, tx, &self.after, now);
        let ((), view) = futures_util::future::try_join(stored, Box::pin(shown)).await?;
        let answer = Answer::new(outcome, &view, Some(self.after.version))?;
        self.work.finish(answer.at(path(self.after.id))).await
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
