//! Taxes on lines and on shipping, contained in the prices or added to them.
//!
//! The rates of a class are added up and the tax is rounded once, per line or per class of the order; what several rates
//! share is split by largest remainder. (Streamlined Sales and Use Tax Agreement, section 324: the combined rate of state and
//! local taxes is applied, and a seller may round on the item or on the invoice.)

use std::collections::BTreeMap;

use super::base::{Part, Pricer};
use super::explain::{Amount, Outcome, Phase, Rule, Step};
use super::priced::TaxLine;
use super::ratio::{Rounded, ratio, spread};
use super::{PricingError, sum};
use crate::kernel::ids::{TaxClassId, TaxRateId};
use crate::kernel::{Money, MoneyError};
use crate::tax::{RATE_WHOLE, RoundingLevel, TaxRate, TaxZone};

/// Lays the taxes of the zone on all parts of the cart.
pub(super) fn add(pricer: &mut Pricer<'_>) -> Result<(), PricingError> {
    let Some(zone) = &pricer.snapshot.tax else { return Ok(()) };
    let lines = pricer.lines.iter_mut().map(|work| (work.line.tax_class_id, &mut work.part));
    let shipping = pricer.shipping.iter_mut().map(|(method, part)| (method.tax_class_id, part));
    let groups = group(zone, lines.chain(shipping));
    let mut steps = Vec::new();
    for Group { rates, mut parts } in groups.into_values() {
        steps.push(tax_group(zone, &rates, &mut parts, pricer.zero)?);
    }
    pricer.steps.append(&mut steps);
    Ok(())
}

/// Parts that are taxed by the same rates.
struct Group<'a, 'p> {
    rates: Vec<&'a TaxRate>,
    parts: Vec<&'p mut Part>,
}

fn group<'a, 'p>(
    zone: &'a TaxZone,
    parts: impl Iterator<Item = (Option<TaxClassId>, &'p mut Part)>,
) -> BTreeMap<Vec<TaxRateId>, Group<'a, 'p>> {
    let mut groups: BTreeMap<Vec<TaxRateId>, Group<'a, 'p>> = BTreeMap::new();
    for (class, part) in parts {
        let rates = zone.rates_of(class);
        let ids: Vec<TaxRateId> = rates.iter().map(|rate| rate.id).collect();
        if !ids.is_empty() {
            groups.entry(ids).or_insert_with(|| Group { rates, parts: Vec::new() }).parts.push(part);
        }
    }
    groups
}

fn tax_group(
    zone: &TaxZone,
    rates: &[&TaxRate],
    parts: &mut [&mut Part],
    zero: Money,
) -> Result<Step, PricingError> {
    let weights: Vec<Money> = rates
        .iter()
        .map(|rate| Money::new(i64::from(rate.rate_ppm.get()), zero.currency()))
        .collect::<Result<_, _>>()?;
    let rate = sum(zero, weights.iter().copied())?.amount();
    let denominator = if zone.prices_include_tax {
        RATE_WHOLE.checked_add(rate).ok_or(MoneyError::TooLarge)?
    } else {
        RATE_WHOLE
    };
    let (taxes, rounded) = taxes(zone, parts, (rate, denominator), zero)?;
    let mut amounts = Vec::with_capacity(parts.len());
    for (part, tax) in parts.iter_mut().zip(taxes) {
        let shares = spread(tax.amount, &weights)?;
        let tax_line = |(rate, (amount, _)): (&&TaxRate, (Money, bool))| TaxLine {
            tax_rate_id: rate.id,
            name: rate.name.clone(),
            rate_ppm: rate.rate_ppm,
            base: part.left,
            amount,
        };
        part.tax_lines = rates.iter().zip(shares).map(tax_line).collect();
        amounts.push(tax);
    }
    let rule = Rule::Tax {
        zone_id: zone.id,
        zone: zone.name.clone(),
        rate_ids: rates.iter().map(|rate| rate.id).collect(),
        rate_ppm: rate,
        included: zone.prices_include_tax,
        source: zone.source,
    };
    let total = sum(zero, amounts.iter().map(|amount| amount.amount))?;
    Ok(Step { phase: Phase::Taxes, rule, outcome: Outcome::Applied, total, rounded, amounts })
}

/// The tax on each part: rounded for each, or once for all and spread.
fn taxes(
    zone: &TaxZone,
    parts: &[&mut Part],
    (rate, denominator): (i64, i64),
    zero: Money,
) -> Result<(Vec<Amount>, Option<Rounded>), PricingError> {
    match zone.rounding_level {
        RoundingLevel::Line => {
            let mut taxes = Vec::with_capacity(parts.len());
            for part in parts {
                let (amount, rounded) = ratio(part.left, rate, denominator, zone.rounding)?;
                let rounded = Some(rounded);
                taxes.push(Amount { target: part.target, amount, rounded, remainder_unit: false });
            }
            Ok((taxes, None))
        }
        RoundingLevel::Order => {
            let bases: Vec<Money> = parts.iter().map(|part| part.left).collect();
            let (whole, rounded) =
                ratio(sum(zero, bases.iter().copied())?, rate, denominator, zone.rounding)?;
            let shares = spread(whole, &bases)?.into_iter().zip(parts);
            let tax = |((amount, remainder_unit), part): ((Money, bool), &&mut Part)| Amount {
                target: part.target,
                amount,
                rounded: None,
                remainder_unit,
            };
            Ok((shares.map(tax).collect(), Some(rounded)))
        }
    }
}
