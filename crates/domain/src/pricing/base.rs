//! The first phase, unit prices, and the state that the phases hand on to each other.

use std::collections::BTreeMap;

use super::explain::{Amount, Explanation, Outcome, Phase, Reason, Rule, Step, Target};
use super::price_list::PriceList;
use super::priced::{AppliedPromotion, Discount, PricedCart, PricedLine, PricedShipping, TaxLine, Totals};
use super::snapshot::{PricingLine, PricingSnapshot};
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
    pub(super) unit_price: Money,
    price_list_id: Option<PriceListId>,
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
    let mut lists: Vec<(&PriceList, Option<Reason>)> =
        snapshot.price_lists.iter().map(|list| (list, list.obstacle(snapshot))).collect();
    lists.sort_by_key(|(list, _)| list.rank());
    let asked: Vec<&PriceList> =
        lists.iter().filter(|(_, obstacle)| obstacle.is_none()).map(|(list, _)| *list).collect();
    let mut lines = Vec::with_capacity(by_id.len());
    for line in by_id.into_values() {
        let in_cart = units.get(&line.item.variant_id).copied().unwrap_or_default();
        lines.push(price_line(snapshot, line, &asked, in_cart)?);
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
    for (list, obstacle) in lists {
        let rule = Rule::PriceList { id: list.id, name: list.name.clone() };
        pricer.explain_prices(rule, Some(list.id), obstacle)?;
    }
    Ok(pricer)
}

fn price_line<'a>(
    snapshot: &PricingSnapshot,
    line: &'a PricingLine,
    lists: &[&PriceList],
    in_cart: u32,
) -> Result<LineWork<'a>, PricingError> {
    let price_of =
        |list: &&PriceList| Some((list.price_of(line.item.variant_id, in_cart, snapshot)?, list.id));
    let listed = lists.iter().find_map(price_of);
    let own = line.base.map(|base| base.amount);
    let unit_price = listed.map(|(price, _)| price).or(own).ok_or(PricingError::NoPrice { line: line.id })?;
    if unit_price.is_negative() {
        return Err(PricingError::NegativePrice { line: line.id });
    }
    let subtotal = unit_price.checked_mul(line.quantity.get())?;
    let part = Part::new(Target::Line(line.id), subtotal);
    Ok(LineWork { line, unit_price, price_list_id: listed.map(|(_, id)| id), part })
}

impl LineWork<'_> {
    /// The higher price to show: the variant's own one, or its own price where a list has a lower one.
    fn compare_at(&self) -> Option<Money> {
        let base = self.line.base?;
        Some(base.compare_at.unwrap_or(base.amount))
            .filter(|higher| higher.amount() > self.unit_price.amount())
    }
}

impl Pricer<'_> {
    /// Notes the lines whose price came from a list, or from no list.
    fn explain_prices(
        &mut self,
        rule: Rule,
        list: Option<PriceListId>,
        obstacle: Option<Reason>,
    ) -> Result<(), PricingError> {
        let priced = self.lines.iter().filter(|line| line.price_list_id == list);
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
            unit_price: self.unit_price,
            compare_at: self.compare_at(),
            price_list_id: self.price_list_id,
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
