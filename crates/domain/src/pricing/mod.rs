//! Pricing: what a cart costs, as one pure function over everything that was loaded for it (docs/adr/0011).
//!
//! [`price`] works phase by phase over the whole cart: base prices, price lists, line promotions, order promotions,
//! shipping, shipping promotions, taxes, totals. Lines are worked on in the order of their ids and rules in the order of
//! their priority and id, so the result depends on neither the order of lines nor that of rows. Each phase writes down
//! what it did; that record is the explanation. At the end the parts are summed again: a total that its parts do not
//! make up is an error, never an answer.
#![deny(clippy::arithmetic_side_effects)]

mod base;
mod buy_x_get_y;
mod check;
mod discount;
mod explain;
mod price_list;
mod priced;
mod ratio;
mod select;
mod ship;
mod snapshot;
mod tax_lines;
#[cfg(test)]
mod tests;
mod unit;

pub use check::verify;
pub use explain::{Amount, Explanation, Outcome, Phase, Reason, Rule, Step, Target};
pub use price_list::{PriceList, PriceListPrice};
pub use priced::{
    AppliedPromotion, CouponOutcome, Discount, PricedCart, PricedLine, PricedShipping, TaxLine, Totals,
};
pub use ratio::Rounded;
pub use snapshot::{BasePrice, CustomerFacts, PricingLine, PricingSnapshot};
pub use unit::{AskedLists, Setting, UnitPrice};

use crate::kernel::ids::CartLineId;
use crate::kernel::{Money, MoneyError};

/// Why a cart could not be priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// Neither the variant nor a price list has a price in the cart's currency.
    #[error("line {line} has no price in the cart's currency")]
    NoPrice {
        /// The line.
        line: CartLineId,
    },
    /// Two lines have one id.
    #[error("line {line} is there twice")]
    DuplicateLine {
        /// The id.
        line: CartLineId,
    },
    /// A price below zero.
    #[error("line {line} has a price below zero")]
    NegativePrice {
        /// The line.
        line: CartLineId,
    },
    /// A sum is larger than any amount may be, or two currencies met.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// The parts do not make up the whole: a fault in this code, found before it costs anything.
    #[error("the parts of the cart do not sum to its totals: {0}")]
    Inconsistent(&'static str),
}

/// What a cart costs, and why.
pub fn price(snapshot: &PricingSnapshot) -> Result<PricedCart, PricingError> {
    let mut pricer = base::start(snapshot)?;
    let chosen = select::select(&mut pricer)?;
    discount::apply(&mut pricer, &chosen, crate::promotion::Level::Line)?;
    discount::apply(&mut pricer, &chosen, crate::promotion::Level::Order)?;
    ship::start(&mut pricer)?;
    discount::apply(&mut pricer, &chosen, crate::promotion::Level::Shipping)?;
    tax_lines::add(&mut pricer)?;
    let cart = pricer.finish()?;
    verify(snapshot, &cart)?;
    Ok(cart)
}

/// The sum of amounts of one currency.
fn sum(start: Money, amounts: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
    amounts.into_iter().try_fold(start, Money::checked_add)
}
