//! The last phase: the parts are summed once more. A total that its parts do not make up is an error, never an answer.

use super::PricingError;
use super::explain::Phase;
use super::priced::{Discount, PricedCart, PricedLine, PricedShipping, TaxLine, Totals};
use super::snapshot::PricingSnapshot;
use crate::kernel::Money;

/// Sums of minor units; wide, so that they cannot overflow where `Money` cannot hold them.
type Sum = i128;

fn units(money: Money) -> Sum {
    Sum::from(money.amount())
}

fn total(amounts: impl Iterator<Item = Money>) -> Sum {
    amounts.map(units).sum()
}

fn of_discounts(discounts: &[Discount]) -> Sum {
    total(discounts.iter().map(|discount| discount.amount))
}

fn of_taxes(taxes: &[TaxLine]) -> Sum {
    total(taxes.iter().map(|tax| tax.amount))
}

fn require(holds: bool, what: &'static str) -> Result<(), PricingError> {
    if holds { Ok(()) } else { Err(PricingError::Inconsistent(what)) }
}

/// Checks that every part is there, none is negative, all are in one currency and they sum to the totals.
pub fn verify(snapshot: &PricingSnapshot, cart: &PricedCart) -> Result<(), PricingError> {
    let asked = snapshot.lines.iter().map(|line| (line.id, line.quantity.get()));
    require(asked.eq(cart.lines.iter().map(|line| (line.id, line.quantity))), "lines")?;
    cart.lines.iter().try_for_each(verify_line)?;
    cart.shipping.iter().try_for_each(verify_shipping)?;
    let amounts = amounts(cart);
    require(amounts.iter().all(|amount| amount.currency() == snapshot.currency), "currency")?;
    require(amounts.iter().all(|amount| !amount.is_negative()), "negative amount")?;
    verify_totals(cart)?;
    verify_promotions(cart)?;
    verify_explanation(cart)
}

fn verify_line(line: &PricedLine) -> Result<(), PricingError> {
    let price = units(line.unit_price).checked_mul(Sum::from(line.quantity));
    require(price == Some(units(line.subtotal)), "line subtotal")?;
    let left = units(line.subtotal).checked_sub(of_discounts(&line.discounts));
    require(left == Some(units(line.total)), "line total")?;
    require(of_taxes(&line.tax_lines) == units(line.tax), "line tax")
}

fn verify_shipping(shipping: &PricedShipping) -> Result<(), PricingError> {
    let left = units(shipping.price).checked_sub(of_discounts(&shipping.discounts));
    require(left == Some(units(shipping.total)), "shipping total")?;
    require(of_taxes(&shipping.tax_lines) == units(shipping.tax), "shipping tax")
}

fn amounts(cart: &PricedCart) -> Vec<Money> {
    let Totals { subtotal, discount, shipping, tax, total } = cart.totals;
    let mut amounts = vec![subtotal, discount, shipping, tax, total];
    for line in &cart.lines {
        amounts.extend([line.unit_price, line.subtotal, line.total, line.tax]);
        amounts.extend(line.discounts.iter().map(|discount| discount.amount));
        amounts.extend(line.tax_lines.iter().map(|tax| tax.amount));
    }
    if let Some(shipping) = &cart.shipping {
        amounts.extend([shipping.price, shipping.total, shipping.tax]);
        amounts.extend(shipping.discounts.iter().map(|discount| discount.amount));
        amounts.extend(shipping.tax_lines.iter().map(|tax| tax.amount));
    }
    amounts
}

fn verify_totals(cart: &PricedCart) -> Result<(), PricingError> {
    let totals = &cart.totals;
    let shipping = || cart.shipping.iter();
    let subtotal = total(cart.lines.iter().map(|line| line.subtotal));
    require(subtotal == units(totals.subtotal), "subtotal")?;
    let discount: Sum = cart.lines.iter().map(|line| of_discounts(&line.discounts)).sum();
    require(discount == units(totals.discount), "discount")?;
    require(total(shipping().map(|shipping| shipping.total)) == units(totals.shipping), "shipping")?;
    let taxes = cart.lines.iter().map(|line| line.tax).chain(shipping().map(|shipping| shipping.tax));
    require(total(taxes) == units(totals.tax), "tax")?;
    let added = if cart.tax_included { 0 } else { units(totals.tax) };
    let parts = [units(totals.subtotal), units(totals.shipping), added].iter().sum::<Sum>();
    require(parts.checked_sub(units(totals.discount)) == Some(units(totals.total)), "total")?;
    // A tax that is contained in the prices cannot be more than they are.
    require(!cart.tax_included || units(totals.tax) <= units(totals.total), "included tax")
}

fn verify_promotions(cart: &PricedCart) -> Result<(), PricingError> {
    let of_lines: Sum = cart.lines.iter().map(|line| of_discounts(&line.discounts)).sum();
    let of_shipping: Sum = cart.shipping.iter().map(|shipping| of_discounts(&shipping.discounts)).sum();
    let applied = total(cart.promotions.iter().map(|promotion| promotion.amount));
    require(of_lines.checked_add(of_shipping) == Some(applied), "promotions")
}

fn verify_explanation(cart: &PricedCart) -> Result<(), PricingError> {
    let steps = &cart.explanation.steps;
    let explained = |phases: &[Phase]| {
        let of_phases = steps.iter().filter(|step| phases.contains(&step.phase));
        total(of_phases.flat_map(|step| step.amounts.iter().map(|amount| amount.amount)))
    };
    let whole =
        steps.iter().all(|step| total(step.amounts.iter().map(|part| part.amount)) == units(step.total));
    require(whole, "explained step")?;
    let totals = &cart.totals;
    require(explained(&[Phase::Prices]) == units(totals.subtotal), "explained prices")?;
    let discounts = explained(&[Phase::LinePromotions, Phase::OrderPromotions]);
    require(discounts == units(totals.discount), "explained discounts")?;
    let shipping = explained(&[Phase::Shipping]).checked_sub(explained(&[Phase::ShippingPromotions]));
    require(shipping == Some(units(totals.shipping)), "explained shipping")?;
    require(explained(&[Phase::Taxes]) == units(totals.tax), "explained taxes")
}
