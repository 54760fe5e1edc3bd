//! The rules of the shop that a cart is priced by, loaded for one cart at one moment, and the counting of their uses.

use jiff::Timestamp;
use serde_json::json;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{CustomerGroupId, EntityId, OrderId, VariantId};
use tradepost_domain::kernel::{Address, Destination, EmailAddress};
use tradepost_domain::pricing::{CustomerFacts, PricedCart};
use tradepost_domain::promotion::{CouponCode, customer_key};
use tradepost_port::IdSource;
use tradepost_store::order::OrderRow;
use tradepost_store::order::read::Buyer;
use tradepost_store::pricing::redemption::{self, Redeemed, Redemption};
use tradepost_store::pricing::snapshot;
use tradepost_store::{Client, StoreError, Tx};

use crate::error::WriteError;
use crate::pricing::{LoadedRules, RuleBook, RulesFor, customer_keys, load_rules as load};

/// Where an address is, as far as taxes and shipping care.
pub fn destination(address: &Address) -> Destination {
    Destination {
        country: address.country,
        region: address.region.clone(),
        postal_code: address.postal_code.clone(),
    }
}

/// What the rules of a cart are asked for.
struct Asked {
    variants: Vec<VariantId>,
    codes: Vec<CouponCode>,
    customer_keys: Vec<String>,
    destination: Option<Destination>,
    mailbox: Option<String>,
}

impl Asked {
    fn of(cart: &Cart) -> Self {
        Self {
            variants: cart.lines.iter().map(|line| line.variant_id).collect(),
            codes: cart.coupons.iter().filter_map(|code| code.parse().ok()).collect(),
            customer_keys: customer_keys(cart.customer_id, cart.email.as_ref()),
            destination: cart.tax_address().map(destination),
            mailbox: cart.email.as_ref().map(customer_key),
        }
    }

    fn rules_for(&self, cart: &Cart) -> RulesFor<'_> {
        RulesFor {
            variants: &self.variants,
            currency: cart.currency,
            channel: cart.channel_id,
            destination: self.destination.as_ref(),
            codes: &self.codes,
            customer_keys: &self.customer_keys,
            buyer: (cart.customer_id, self.mailbox.as_deref()),
        }
    }
}

/// Loads the rules for carts, in statements that are sent at once; none where the epoch is known and nothing is counted.
pub async fn load_rules(
    book: &RuleBook,
    client: &Client,
    carts: &[&Cart],
    epoch: Option<i64>,
) -> Result<Vec<LoadedRules>, StoreError> {
    let asked: Vec<Asked> = carts.iter().map(|cart| Asked::of(cart)).collect();
    let wanted: Vec<RulesFor<'_>> =
        asked.iter().zip(carts).map(|(asked, cart)| asked.rules_for(cart)).collect();
    load(book, client, &wanted, epoch).await
}

/// The rules for a cart where nothing has to be read for it; those of the epoch that is known.
pub fn remembered_rules(book: &RuleBook, cart: &Cart) -> Option<LoadedRules> {
    let known = book.known();
    known.is_enough_for(!cart.coupons.is_empty()).then(|| {
        let address = cart.tax_address().map(destination);
        LoadedRules::of_shop(known, address.as_ref(), cart.channel_id)
    })
}

/// Who buys a cart, as rules see them.
pub fn customer(cart: &Cart, buyer: &Buyer) -> CustomerFacts {
    let is_known = cart.customer_id.is_some() || cart.email.is_some();
    CustomerFacts {
        id: cart.customer_id,
        group_ids: buyer.group_ids.iter().copied().map(CustomerGroupId::from_uuid).collect(),
        first_order: is_known && buyer.is_new,
    }
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
