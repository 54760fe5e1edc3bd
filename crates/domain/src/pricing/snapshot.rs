//! What pricing works on: everything that was loaded for one cart at one moment.

use jiff::Timestamp;

use super::price_list::PriceList;
use super::unit::Setting;
use crate::kernel::ids::{CartLineId, ChannelId, CustomerGroupId, CustomerId, TaxClassId};
use crate::kernel::place::Destination;
use crate::kernel::{Currency, Money, Quantity, Rounding};
use crate::promotion::{Coupon, ItemFacts, Promotion};
use crate::shipping::ShippingMethod;
use crate::tax::TaxZone;

/// Everything that the price of a cart depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct PricingSnapshot {
    /// Currency of the cart.
    pub currency: Currency,
    /// Channel of the cart.
    pub channel: ChannelId,
    /// Who buys.
    pub customer: CustomerFacts,
    /// The present.
    pub now: Timestamp,
    /// Lines of the cart.
    pub lines: Vec<PricingLine>,
    /// Price lists that may apply.
    pub price_lists: Vec<PriceList>,
    /// Promotions that need no coupon, and those of the coupons entered.
    pub promotions: Vec<Promotion>,
    /// Coupons entered.
    pub coupons: Vec<Coupon>,
    /// Where the goods go, once it is known.
    pub destination: Option<Destination>,
    /// The zone whose taxes apply ([`crate::tax::choose_zone`], or what a tax provider says); without one, no tax.
    pub tax: Option<TaxZone>,
    /// The shipping method that was chosen.
    pub shipping: Option<ShippingMethod>,
}

/// Who buys, as far as prices depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerFacts {
    /// The customer; none for a guest.
    pub id: Option<CustomerId>,
    /// Groups of the customer.
    pub group_ids: Vec<CustomerGroupId>,
    /// Whether nothing was ordered yet under this account or e-mail address; false while neither is known.
    pub first_order: bool,
}

/// A line of the cart with what is known of its variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingLine {
    /// Id of the line; ties between lines go by it.
    pub id: CartLineId,
    /// Product, variant and what rules select by.
    pub item: ItemFacts,
    /// Units.
    pub quantity: Quantity,
    /// The variant's own price in the cart's currency, if it has one.
    pub base: Option<BasePrice>,
    /// The class by which it is taxed.
    pub tax_class_id: Option<TaxClassId>,
    /// Weight of one unit.
    pub weight_grams: u32,
    /// Whether it has to be sent.
    pub requires_shipping: bool,
}

/// A variant's own price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasePrice {
    /// Price of one unit.
    pub amount: Money,
    /// The higher amount it is shown against.
    pub compare_at: Option<Money>,
}

impl PricingSnapshot {
    /// Where, when and for whom it is priced.
    pub(super) fn setting(&self) -> Setting<'_> {
        let group_ids = &self.customer.group_ids;
        Setting { channel: self.channel, currency: self.currency, now: self.now, group_ids }
    }

    /// How fractions of a minor unit are rounded: as the tax zone says.
    pub fn rounding(&self) -> Rounding {
        self.tax.as_ref().map_or(Rounding::HalfUp, |zone| zone.rounding)
    }
}
