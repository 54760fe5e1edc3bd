//! The explanation of a price: each rule that was considered, what it did or why it did nothing, and how it was rounded.
//!
//! It is made by the phases as they work, not by a second computation, and its amounts sum to the totals.

use super::ratio::Rounded;
use crate::kernel::Money;
use crate::kernel::ids::{CartLineId, PriceListId, PromotionId, ShippingMethodId, TaxRateId, TaxZoneId};
use crate::promotion::CouponCode;
use crate::shipping::NotOffered;
use crate::tax::RateSource;

/// The phases in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Unit prices: the variants' own, and those of price lists.
    Prices,
    /// Discounts on lines.
    LinePromotions,
    /// Discounts on the order, spread over its lines.
    OrderPromotions,
    /// The cost of shipping.
    Shipping,
    /// Discounts on shipping.
    ShippingPromotions,
    /// Taxes.
    Taxes,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// The variants' own prices.
    BasePrices,
    /// A price list.
    PriceList {
        /// Id.
        id: PriceListId,
        /// Name.
        name: String,
    },
    /// A promotion.
    Promotion {
        /// Id.
        id: PromotionId,
        /// Name.
        name: String,
        /// The coupon that switched it on.
        code: Option<CouponCode>,
    },
    /// The shipping method.
    ShippingMethod {
        /// Id.
        id: ShippingMethodId,
        /// Name.
        name: String,
        /// What its table says; more than its amount when the goods cost enough for free shipping.
        listed: Option<Money>,
    },
    /// The taxes of one class of goods in one zone.
    Tax {
        /// Zone.
        zone_id: TaxZoneId,
        /// Name of the zone.
        zone: String,
        /// Rates, which add up.
        rate_ids: Vec<TaxRateId>,
        /// Their sum in parts per million.
        rate_ppm: i64,
        /// Whether the tax is contained in the prices.
        included: bool,
        /// Who said the rates.
        source: RateSource,
    },
}

/// Why a rule did nothing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Reason {
    /// Its time has not come.
    NotStarted,
    /// Its time is over.
    Ended,
    /// It is for other channels.
    OtherChannel,
    /// It is for other groups of customers.
    OtherCustomerGroup,
    /// It has no price for what is in the cart, or a list of larger priority has one.
    NoLine,
    /// It needs a coupon.
    CouponRequired,
    /// It was used as often as it may be.
    UsageLimitReached,
    /// This customer used it as often as one may.
    CustomerLimitReached,
    /// Another coupon switched the promotion on already.
    OtherCouponUsed,
    /// The promotion of the coupon is not active.
    PromotionInactive,
    /// Its condition does not hold.
    ConditionNotMet,
    /// Nothing in the cart is what it is about.
    NoMatchingItems,
    /// It names no amount in the cart's currency.
    NoAmountInCurrency,
    /// It does not go together with one that was considered before it.
    NotCombinable {
        /// The other promotion.
        with: PromotionId,
    },
    /// Earlier promotions left nothing, or it comes to less than one minor unit.
    NothingToDiscount,
    /// The shipping method is not offered for this cart.
    NotOffered {
        /// Why.
        why: NotOffered,
    },
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    /// It did something.
    Applied,
    /// It did nothing, and why.
    NotApplied(Reason),
}

/// What an amount belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A line.
    Line(CartLineId),
    /// Shipping.
    Shipping,
}

/// What a rule did to one line or to shipping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Amount {
    /// To what.
    pub target: Target,
    /// How much: a price, a discount or a tax, never negative.
    pub amount: Money,
    /// How this part was rounded, where it was rounded by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounded: Option<Rounded>,
    /// Whether it got one of the minor units that were left over when a whole was spread.
    pub remainder_unit: bool,
}

/// One rule in one phase.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// Which rule.
    pub rule: Rule,
    /// Whether it did something.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The sum of its amounts.
    pub total: Money,
    /// How the whole was rounded before it was spread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounded: Option<Rounded>,
    /// What it did to each line and to shipping.
    pub amounts: Vec<Amount>,
}

/// All steps, in the order in which they were taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Amount {
    /// An amount that was not rounded by itself.
    pub(super) fn exact(target: Target, amount: Money) -> Self {
        Self { target, amount, rounded: None, remainder_unit: false }
    }
}
