//! The rules of the shop that a cart is priced by, loaded for one cart at one moment, and the counting of their uses.

use jiff::Timestamp;
use serde_json::json;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CustomerGroupId, EntityId, OrderId, VariantId};
use tradepost_domain::kernel::{Address, Destination, EmailAddress};
use tradepost_domain::pricing::{CustomerFacts, PricedCart};
use tradepost_domain::promotion::{CouponCode, customer_key};
use tradepost_port::IdSource;
use tradepost_store::order::{OrderRow, read};
use tradepost_store::pricing::redemption::{self, Redeemed, Redemption};
use tradepost_store::pricing::snapshot;
use tradepost_store::{Client, StoreError, Tx};

use crate::error::WriteError;
use crate::pricing::{LoadedRules, RulesFor, customer_keys, load_rules as load};

/// Everything besides its lines that a cart's price depends on.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Price lists, promotions, taxes and shipping methods.
    pub loaded: LoadedRules,
    /// Who buys.
    pub customer: CustomerFacts,
    /// Where the goods go.
    pub destination: Option<Destination>,
}

/// Where an address is, as far as taxes and shipping care.
fn destination(address: &Address) -> Destination {
    Destination {
        country: address.country,
        region: address.region.clone(),
        postal_code: address.postal_code.clone(),
    }
}

/// Loads the rules for a cart, in statements that are sent at once.
pub async fn load_rules(client: &Client, cart: &Cart) -> Result<Rules, StoreError> {
    let variants: Vec<VariantId> = cart.lines.iter().map(|line| line.variant_id).collect();
    let codes: Vec<CouponCode> = cart.coupons.iter().filter_map(|code| code.parse().ok()).collect();
    let destination = cart.shipping_address.as_ref().map(destination);
    let keys = customer_keys(cart.customer_id, cart.email.as_ref());
    let wanted = RulesFor {
        variants: &variants,
        currency: cart.currency,
        channel: cart.channel_id,
        destination: destination.as_ref(),
        codes: &codes,
        customer_keys: &keys,
    };
    let mailbox = cart.email.as_ref().map(customer_key);
    let buyer = read::buyer(client, cart.customer_id, mailbox.as_deref());
    let (loaded, buyer) = futures_util::future::try_join(load(client, &wanted), buyer).await?;
    let is_known = cart.customer_id.is_some() || cart.email.is_some();
    let customer = CustomerFacts {
        id: cart.customer_id,
        group_ids: buyer.group_ids.into_iter().map(CustomerGroupId::from_uuid).collect(),
        first_order: is_known && buyer.is_new,
    };
    Ok(Rules { loaded, customer, destination })
}

/// Whether somebody gave out this coupon.
pub async fn coupon_exists(client: &Client, code: &CouponCode) -> Result<bool, StoreError> {
    snapshot::coupon_exists(client, code).await
}

/// Counts the uses of promotions and coupons that an order has, and refuses the order where one was used up since it was
/// priced (cases C52 and C54).
pub async fn redeem(
    tx: &Tx,
    order: &OrderRow,
    priced: &PricedCart,
    ids: &dyn IdSource,
) -> Result<(), WriteError> {
    let uses: Vec<Redemption> = priced
        .promotions
        .iter()
        .map(|applied| Redemption {
            id: ids.next_uuid(),
            promotion_id: applied.promotion_id,
            coupon_id: applied.coupon_id,
            amount: applied.amount,
            first_order: applied.first_order,
        })
        .collect();
    let email: Option<EmailAddress> = order.email.parse().ok();
    let keys = customer_keys(order.customer_id, email.as_ref());
    let used_up = |what: serde_json::Value| {
        let detail = "a promotion was used up meanwhile: show the new total before ordering";
        Err(WriteError::conflict("promotion_used_up", detail, Some("$.coupons")).with_fact("used_up", what))
    };
    match redemption::redeem(tx, order.id, (&uses, &keys), order.placed_at).await? {
        Redeemed::All => Ok(()),
        Redeemed::PromotionsUsedUp(gone) => {
            used_up(gone.iter().map(ToString::to_string).collect::<Vec<_>>().into())
        }
        Redeemed::CouponsUsedUp(gone) => {
            used_up(gone.iter().map(ToString::to_string).collect::<Vec<_>>().into())
        }
        Redeemed::CustomerLimit => used_up(json!("customer_limit")),
        Redeemed::NotFirst => used_up(json!("first_order")),
    }
}

/// Gives the uses that an order had back.
pub async fn give_back(tx: &Tx, order: OrderId, now: Timestamp) -> Result<(), StoreError> {
    redemption::release(tx, order, now).await.map(drop)
}
