//! Taking discounts off: lines, the order spread over its lines, or shipping.

use super::base::{LineWork, Part, Pricer};
use super::explain::{Amount, Outcome, Reason, Step};
use super::priced::{AppliedPromotion, Discount};
use super::ratio::{Rounded, ratio, spread};
use super::select::{Chosen, phase};
use super::{PricingError, buy_x_get_y, sum};
use crate::kernel::{Money, MoneyError};
use crate::promotion::effect::Form;
use crate::promotion::{BasisPoints, Level};

/// What a promotion takes off one part.
#[derive(Debug)]
struct Take {
    amount: Money,
    rounded: Option<Rounded>,
    remainder_unit: bool,
}

/// What a promotion takes off all parts, one entry each.
#[derive(Debug)]
struct Takes {
    parts: Vec<Take>,
    /// How the whole was rounded before it was spread.
    rounded: Option<Rounded>,
}

/// What a promotion works on: of each part, what is left of it where the promotion is about it, and its units.
#[derive(Debug)]
struct Base {
    left: Money,
    units: u32,
}

/// Applies the promotions of one level, in the order in which they were chosen.
pub(super) fn apply(
    pricer: &mut Pricer<'_>,
    chosen: &[Chosen<'_>],
    level: Level,
) -> Result<(), PricingError> {
    for promotion in chosen.iter().filter(|chosen| chosen.promotion.effect.level() == level) {
        let bases = bases(pricer, promotion);
        let takes = takes(pricer, promotion, &bases)?;
        take(pricer, promotion, takes)?;
    }
    Ok(())
}

fn bases(pricer: &Pricer<'_>, chosen: &Chosen<'_>) -> Vec<Base> {
    let effect = &chosen.promotion.effect;
    if effect.level() == Level::Shipping {
        return pricer.shipping.iter().map(|(_, part)| Base { left: part.left, units: 1 }).collect();
    }
    let base = |work: &LineWork<'_>| {
        let selected = effect.items().is_some_and(|items| items.matches(&work.line.item));
        let left = if selected { work.part.left } else { pricer.zero };
        Base { left, units: work.line.quantity.get() }
    };
    pricer.lines.iter().map(base).collect()
}

fn takes(pricer: &Pricer<'_>, chosen: &Chosen<'_>, bases: &[Base]) -> Result<Takes, PricingError> {
    let share = |left: Money, numerator: i64, denominator: i64| {
        ratio(left, numerator, denominator, pricer.rounding).map(|(amount, fact)| (amount, Some(fact)))
    };
    let whole = i64::from(BasisPoints::WHOLE.get());
    let all = || sum(pricer.zero, bases.iter().map(|base| base.left));
    match chosen.promotion.effect.form() {
        Form::Percentage { level: Level::Order, bps, .. } => {
            let (amount, rounded) = share(all()?, i64::from(bps.get()), whole)?;
            spread_over(amount, rounded, bases)
        }
        Form::Percentage { bps, .. } => each(bases, |base| share(base.left, i64::from(bps.get()), whole)),
        Form::Fixed { level, amounts, .. } => {
            let amount = amounts.in_currency(pricer.zero.currency()).unwrap_or(pricer.zero);
            match level {
                Level::Order => spread_over(at_most(amount, all()?), None, bases),
                Level::Line | Level::Shipping => each(bases, |base| {
                    // An amount too large to be one is larger than what is left.
                    let off = amount.checked_mul(base.units).unwrap_or(base.left);
                    Ok((at_most(off, base.left), None))
                }),
            }
        }
        Form::BuyXGetY(rule) => {
            let mut units_off = buy_x_get_y::units_off(rule, &pricer.lines).into_iter();
            each(bases, |base| {
                let units = i64::from(units_off.next().unwrap_or_default());
                let numerator = units.checked_mul(i64::from(rule.bps.get())).ok_or(MoneyError::TooLarge)?;
                let denominator = whole.checked_mul(i64::from(base.units)).ok_or(MoneyError::TooLarge)?;
                share(base.left, numerator, denominator)
            })
        }
        Form::FreeShipping {} => each(bases, |base| Ok((base.left, None))),
    }
}

fn at_most(amount: Money, limit: Money) -> Money {
    if amount.amount() > limit.amount() { limit } else { amount }
}

fn each(
    bases: &[Base],
    mut off: impl FnMut(&Base) -> Result<(Money, Option<Rounded>), MoneyError>,
) -> Result<Takes, PricingError> {
    let mut parts = Vec::with_capacity(bases.len());
    for base in bases {
        let (amount, rounded) = off(base)?;
        parts.push(Take { amount, rounded, remainder_unit: false });
    }
    Ok(Takes { parts, rounded: None })
}

fn spread_over(amount: Money, rounded: Option<Rounded>, bases: &[Base]) -> Result<Takes, PricingError> {
    let weights: Vec<Money> = bases.iter().map(|base| base.left).collect();
    let parts = spread(amount, &weights)?;
    let take = |(amount, remainder_unit)| Take { amount, rounded: None, remainder_unit };
    Ok(Takes { parts: parts.into_iter().map(take).collect(), rounded })
}

/// Takes the amounts off and writes it down.
fn take(pricer: &mut Pricer<'_>, chosen: &Chosen<'_>, takes: Takes) -> Result<(), PricingError> {
    let level = chosen.promotion.effect.level();
    let total = sum(pricer.zero, takes.parts.iter().map(|take| take.amount))?;
    let parts: Vec<&mut Part> = match level {
        Level::Shipping => pricer.shipping.iter_mut().map(|(_, part)| part).collect(),
        Level::Line | Level::Order => pricer.lines.iter_mut().map(|work| &mut work.part).collect(),
    };
    let mut amounts = Vec::new();
    for (part, take) in parts.into_iter().zip(takes.parts).filter(|(_, take)| take.amount.amount() > 0) {
        let Take { amount, rounded, remainder_unit } = take;
        part.left = part.left.checked_sub(amount)?;
        part.discounts.push(Discount {
            promotion_id: chosen.promotion.id,
            name: chosen.promotion.name.clone(),
            code: chosen.coupon.map(|coupon| coupon.code.clone()),
            level,
            amount,
        });
        amounts.push(Amount { target: part.target, amount, rounded, remainder_unit });
    }
    let outcome = if amounts.is_empty() {
        Outcome::NotApplied(Reason::NothingToDiscount)
    } else {
        pricer.applied.push(AppliedPromotion {
            promotion_id: chosen.promotion.id,
            coupon_id: chosen.coupon.map(|coupon| coupon.id),
            name: chosen.promotion.name.clone(),
            amount: total,
            first_order: chosen.first_order,
        });
        Outcome::Applied
    };
    let rounded = takes.rounded;
    pricer.steps.push(Step { phase: phase(level), rule: chosen.rule(), outcome, total, rounded, amounts });
    Ok(())
}
