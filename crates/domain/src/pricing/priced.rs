//! What pricing answers: the priced cart with its lines, shipping, taxes and totals.

use super::explain::{Explanation, Reason};
use crate::kernel::ids::{
    CartLineId, CouponId, PriceListId, PromotionId, ShippingMethodId, TaxRateId, VariantId,
};
use crate::kernel::{Currency, Money};
use crate::promotion::{CouponCode, Level};
use crate::shipping::{NotOffered, Parcel};
use crate::tax::RatePpm;

/// A cart with its prices. For the whole and for each line, the parts make up the total; `verify` proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedCart {
    /// Currency of all amounts.
    pub currency: Currency,
    /// Lines, in the order in which they came.
    pub lines: Vec<PricedLine>,
    /// Shipping; none while nothing has to be sent or no method can be used.
    pub shipping: Option<PricedShipping>,
    /// Why the method that was chosen cannot be used.
    pub shipping_obstacle: Option<NotOffered>,
    /// What has to be sent; none when nothing has. Other methods are asked with it.
    pub parcel: Option<Parcel>,
    /// Promotions that took something off, in the order in which they did: these are to be redeemed with the order.
    pub promotions: Vec<AppliedPromotion>,
    /// What became of each coupon, by code.
    pub coupons: Vec<CouponOutcome>,
    /// Whether the tax is contained in the prices.
    pub tax_included: bool,
    /// Totals.
    pub totals: Totals,
    /// How it came to be.
    pub explanation: Explanation,
}

/// `subtotal - discount + shipping (+ tax when not included) = total`; none of them is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Unit prices times quantities.
    pub subtotal: Money,
    /// Discounts on lines, their shares of order discounts included.
    pub discount: Money,
    /// Shipping, its discounts taken off.
    pub shipping: Money,
    /// Taxes on lines and shipping.
    pub tax: Money,
    /// What is to be paid.
    pub total: Money,
}

/// A line: `unit_price x quantity = subtotal`, `subtotal - discounts = total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// Line.
    pub id: CartLineId,
    /// Variant.
    pub variant_id: VariantId,
    /// Units.
    pub quantity: u32,
    /// Price of one unit.
    pub unit_price: Money,
    /// The higher price of one unit that it is shown against.
    pub compare_at: Option<Money>,
    /// The price list that set the price; none for the variant's own.
    pub price_list_id: Option<PriceListId>,
    /// Price of all units.
    pub subtotal: Money,
    /// What was taken off, in the order in which it was.
    pub discounts: Vec<Discount>,
    /// What is left of the subtotal.
    pub total: Money,
    /// Taxes, one for each rate.
    pub tax_lines: Vec<TaxLine>,
    /// Their sum.
    pub tax: Money,
}

/// What one promotion took off a line or off shipping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Discount {
    /// Promotion.
    pub promotion_id: PromotionId,
    /// Its name.
    pub name: String,
    /// The coupon that switched it on.
    pub code: Option<CouponCode>,
    /// What the promotion is taken off: an order's discount is spread over its lines.
    pub level: Level,
    /// How much.
    pub amount: Money,
}

/// One tax at one rate on one line or on shipping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TaxLine {
    /// Rate.
    pub tax_rate_id: TaxRateId,
    /// Its name.
    pub name: String,
    /// The rate.
    pub rate_ppm: RatePpm,
    /// What is taxed: the line's total, which contains the tax when prices do.
    pub base: Money,
    /// The tax.
    pub amount: Money,
}

/// Shipping: `price - discounts = total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedShipping {
    /// Method.
    pub shipping_method_id: ShippingMethodId,
    /// Its name.
    pub name: String,
    /// What it costs before discounts.
    pub price: Money,
    /// What was taken off.
    pub discounts: Vec<Discount>,
    /// What is left.
    pub total: Money,
    /// Taxes, one for each rate.
    pub tax_lines: Vec<TaxLine>,
    /// Their sum.
    pub tax: Money,
}

/// A promotion that took something off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AppliedPromotion {
    /// Promotion.
    pub promotion_id: PromotionId,
    /// The coupon that switched it on.
    pub coupon_id: Option<CouponId>,
    /// Its name.
    pub name: String,
    /// All that it took off.
    pub amount: Money,
    /// Whether it applied only because this is the customer's first order: of two at once one can be.
    #[serde(skip)]
    pub first_order: bool,
}

/// What became of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CouponOutcome {
    /// Coupon.
    pub coupon_id: CouponId,
    /// Code.
    pub code: CouponCode,
    /// Why it took nothing off; none when it did.
    pub reason: Option<Reason>,
}
