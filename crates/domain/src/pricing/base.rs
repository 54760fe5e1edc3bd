//! The first phase, unit prices, and the state that the phases hand on to each other.

use std::collections::BTreeMap;

use super::explain::{Amount, Explanation, Outcome, Phase, Reason, Rule, Step, Target};
use super::priced::{AppliedPromotion, Discount, PricedCart, PricedLine, PricedShipping, TaxLine, Totals};
use super::snapshot::{PricingLine, PricingSnapshot};
use super::unit::{AskedLists, UnitPrice};
use super::{PricingError, select, sum};
use crate::kernel::ids::{CartLineId, PriceListId, VariantId};
use crate::kernel::{Money, Rounding};
use crate::shipping::{NotOffered, Parcel, ShippingMethod};

/// What discounts are taken off and taxes are laid on: a line, or shipping.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) target: Target,
    /// Price before discounts.
    pub(super) price: Money,
    /// Price after the discounts so far.
    pub(super) left: Money,
    pub(super) discounts: Vec<Discount>,
    pub(super) tax_lines: Vec<TaxLine>,
}

/// A line being priced.
#[derive(Debug)]
pub(super) struct LineWork<'a> {
    pub(super) line: &'a PricingLine,
    pub(super) unit: UnitPrice,
    pub(super) part: Part,
}

/// The cart being priced: what the phases hand on to each other.
#[derive(Debug)]
pub(super) struct Pricer<'a> {
    pub(super) snapshot: &'a PricingSnapshot,
    pub(super) rounding: Rounding,
    pub(super) zero: Money,
    /// By line id.
    pub(super) lines: Vec<LineWork<'a>>,
    pub(super) shipping: Option<(&'a ShippingMethod, Part)>,
    pub(super) shipping_obstacle: Option<NotOffered>,
    pub(super) parcel: Option<Parcel>,
    pub(super) applied: Vec<AppliedPromotion>,
    pub(super) steps: Vec<Step>,
}

impl Part {
    pub(super) fn new(target: Target, price: Money) -> Self {
        Self { target, price, left: price, discounts: Vec::new(), tax_lines: Vec::new() }
    }

    fn tax(&self, zero: Money) -> Result<Money, PricingError> {
        Ok(sum(zero, self.tax_lines.iter().map(|tax| tax.amount))?)
    }
}

/// Prices the units of each line.
pub(super) fn start(snapshot: &PricingSnapshot) -> Result<Pricer<'_>, PricingError> {
    let zero = Money::zero(snapshot.currency);
    let mut by_id: BTreeMap<CartLineId, &PricingLine> = BTreeMap::new();
    let mut units: BTreeMap<VariantId, u32> = BTreeMap::new();
    for line in &snapshot.lines {
        if by_id.insert(line.id, line).is_some() {
            return Err(PricingError::DuplicateLine { line: line.id });
        }
        let of_variant = units.entry(line.item.variant_id).or_default();
        *of_variant = of_variant.saturating_add(line.quantity.get());
    }
    let lists = AskedLists::new(&snapshot.price_lists, &snapshot.setting());
    let mut lines = Vec::with_capacity(by_id.len());
    for line in by_id.into_values() {
        let in_cart = units.get(&line.item.variant_id).copied().unwrap_or_default();
        lines.push(price_line(line, &lists, in_cart)?);
    }
    let mut pricer = Pricer {
        snapshot,
        rounding: snapshot.rounding(),
        zero,
        lines,
        shipping: None,
        shipping_obstacle: None,
        parcel: None,
        applied: Vec::new(),
        steps: Vec::new(),
    };
    pricer.explain_prices(Rule::BasePrices, None, None)?;
    for (list, obstacle) in lists.into_outcomes() {
        let rule = Rule::PriceList { id: list.id, name: list.name.clone() };
        pricer.explain_prices(rule, Some(list.id), obstacle)?;
    }
    Ok(pricer)
}

fn price_line<'a>(
    line: &'a PricingLine,
    lists: &AskedLists<'_>,
    in_cart: u32,
) -> Result<LineWork<'a>, PricingError> {
    let unit = lists.unit_price(line.item.variant_id, in_cart, line.base);
    let unit = unit.ok_or(PricingError::NoPrice { line: line.id })?;
    if unit.amount.is_negative() {
        return Err(PricingError::NegativePrice { line: line.id });
    }
    let subtotal = unit.amount.checked_mul(line.quantity.get())?;
    let part = Part::new(Target::Line(line.id), subtotal);
    Ok(LineWork { line, unit, part })
}

impl Pricer<'_> {
    /// Notes the lines whose price came from a list, or from no list.
    fn explain_prices(
        &mut self,
        rule: Rule,
        list: Option<PriceListId>,
        obstacle: Option<Reason>,
    ) -> Result<(), PricingError> {
        let priced = self.lines.iter().filter(|line| line.unit.price_list_id == list);
        let amounts: Vec<Amount> =
            priced.map(|line| Amount::exact(line.part.target, line.part.price)).collect();
        let outcome = if amounts.is_empty() {
            Outcome::NotApplied(obstacle.unwrap_or(Reason::NoLine))
        } else {
            Outcome::Applied
        };
        self.note(Phase::Prices, rule, outcome, amounts)
    }

    /// Writes down a step whose whole was not rounded.
    pub(super) fn note(
        &mut self,
        phase: Phase,
        rule: Rule,
        outcome: Outcome,
        amounts: Vec<Amount>,
    ) -> Result<(), PricingError> {
        let total = sum(self.zero, amounts.iter().map(|amount| amount.amount))?;
        self.steps.push(Step { phase, rule, outcome, total, rounded: None, amounts });
        Ok(())
    }

    /// The answer: lines in the order in which they came, and the totals.
    pub(super) fn finish(self) -> Result<PricedCart, PricingError> {
        let coupons = select::coupon_outcomes(&self);
        let zero = self.zero;
        let mut lines: BTreeMap<CartLineId, PricedLine> = BTreeMap::new();
        for work in self.lines {
            lines.insert(work.line.id, work.finish(zero)?);
        }
        let shipping = match self.shipping {
            Some((method, part)) => Some(PricedShipping {
                shipping_method_id: method.id,
                name: method.name.clone(),
                price: part.price,
                tax: part.tax(zero)?,
                discounts: part.discounts,
                total: part.left,
                tax_lines: part.tax_lines,
            }),
            None => None,
        };
        let tax_included = self.snapshot.tax.as_ref().is_some_and(|zone| zone.prices_include_tax);
        let totals = totals(zero, &lines, shipping.as_ref(), tax_included)?;
        let lines = self.snapshot.lines.iter().filter_map(|line| lines.remove(&line.id)).collect();
        Ok(PricedCart {
            currency: self.snapshot.currency,
            lines,
            shipping,
            shipping_obstacle: self.shipping_obstacle,
            parcel: self.parcel,
            promotions: self.applied,
            coupons,
            tax_included,
            totals,
            explanation: Explanation { steps: self.steps },
        })
    }
}

impl LineWork<'_> {
    fn finish(self, zero: Money) -> Result<PricedLine, PricingError> {
        Ok(PricedLine {
            id: self.line.id,
            variant_id: self.line.item.variant_id,
            quantity: self.line.quantity.get(),
            unit_price: self.unit.amount,
            compare_at: self.unit.compare_at,
            price_list_id: self.unit.price_list_id,
            subtotal: self.part.price,
            tax: self.part.tax(zero)?,
            discounts: self.part.discounts,
            total: self.part.left,
            tax_lines: self.part.tax_lines,
        })
    }
}

fn totals(
    zero: Money,
    lines: &BTreeMap<CartLineId, PricedLine>,
    shipping: Option<&PricedShipping>,
    tax_included: bool,
) -> Result<Totals, PricingError> {
    let subtotal = sum(zero, lines.values().map(|line| line.subtotal))?;
    let goods = sum(zero, lines.values().map(|line| line.total))?;
    let discount = subtotal.checked_sub(goods)?;
    let tax = sum(zero, lines.values().map(|line| line.tax).chain(shipping.map(|shipping| shipping.tax)))?;
    let shipping = shipping.map_or(zero, |shipping| shipping.total);
    let net = goods.checked_add(shipping)?;
    let total = if tax_included { net } else { net.checked_add(tax)? };
    Ok(Totals { subtotal, discount, shipping, tax, total })
}
