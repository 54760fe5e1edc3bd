//! Which promotions apply: asked in the order of priority and id, before anything is taken off.
//!
//! Conditions look at prices before discounts, so whether a promotion applies does not depend on what another one takes.

use std::cmp::Reverse;

use super::base::Pricer;
use super::explain::{Outcome, Phase, Reason, Rule};
use super::priced::CouponOutcome;
use super::{PricingError, buy_x_get_y, sum};
use crate::promotion::UsedUp;
use crate::promotion::effect::Form;
use crate::promotion::{Condition, ConditionFacts, Coupon, Level, Promotion, Schedule, Usage, When};

/// A promotion that applies, and the coupon that switched it on.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub(super) promotion: &'a Promotion,
    pub(super) coupon: Option<&'a Coupon>,
    /// Whether its condition holds only because this is the customer's first order.
    pub(super) first_order: bool,
}

impl Chosen<'_> {
    pub(super) fn rule(&self) -> Rule {
        rule(self.promotion, self.coupon)
    }
}

fn rule(promotion: &Promotion, coupon: Option<&Coupon>) -> Rule {
    Rule::Promotion {
        id: promotion.id,
        name: promotion.name.clone(),
        code: coupon.map(|coupon| coupon.code.clone()),
    }
}

/// The phase in which a promotion does its work.
pub(super) fn phase(level: Level) -> Phase {
    match level {
        Level::Line => Phase::LinePromotions,
        Level::Order => Phase::OrderPromotions,
        Level::Shipping => Phase::ShippingPromotions,
    }
}

/// Chooses the promotions that apply, and notes why the others do not.
pub(super) fn select<'a>(pricer: &mut Pricer<'a>) -> Result<Vec<Chosen<'a>>, PricingError> {
    let snapshot = pricer.snapshot;
    let mut facts = ConditionFacts {
        now: snapshot.now,
        channel: snapshot.channel,
        groups: &snapshot.customer.group_ids,
        first_order: snapshot.customer.first_order,
        country: snapshot.destination.as_ref().map(|destination| destination.country),
        subtotal: sum(pricer.zero, pricer.lines.iter().map(|line| line.part.price))?,
        items: snapshot.lines.iter().map(|line| (&line.item, line.quantity.get())).collect(),
    };
    let mut promotions: Vec<&Promotion> = snapshot.promotions.iter().collect();
    promotions.sort_by_key(|promotion| (Reverse(promotion.priority), promotion.id));
    let mut chosen: Vec<Chosen<'a>> = Vec::new();
    for promotion in promotions {
        let coupon = coupon_for(pricer, promotion);
        let obstacle = own_obstacle(pricer, promotion, coupon)
            .or_else(|| cart_obstacle(pricer, promotion, &facts))
            .or_else(|| not_combinable(promotion, &chosen));
        match obstacle {
            None => {
                chosen.push(Chosen { promotion, coupon: coupon.and_then(Result::ok), first_order: false });
            }
            Some(reason) => {
                let rule = rule(promotion, coupon.and_then(Result::ok));
                let phase = phase(promotion.effect.level());
                pricer.note(phase, rule, Outcome::NotApplied(reason), Vec::new())?;
            }
        }
    }
    facts.first_order = false;
    for chosen in &mut chosen {
        chosen.first_order = !chosen.promotion.condition.holds(&facts);
    }
    Ok(chosen)
}

/// The coupon for a promotion: the first usable one by code, or what is wrong with the first; none when none was entered.
fn coupon_for<'a>(pricer: &Pricer<'a>, promotion: &Promotion) -> Option<Result<&'a Coupon, Obstacle>> {
    let snapshot = pricer.snapshot;
    let mut entered: Vec<&Coupon> =
        snapshot.coupons.iter().filter(|coupon| coupon.promotion_id == promotion.id).collect();
    entered.sort_by_key(|coupon| &coupon.code);
    let obstacle = |coupon: &Coupon| obstacle(pricer, &coupon.schedule, &coupon.usage);
    let usable = entered.iter().find(|coupon| obstacle(coupon).is_none());
    match usable {
        Some(coupon) => Some(Ok(coupon)),
        None => entered.first().and_then(|coupon| obstacle(coupon)).map(Err),
    }
}

/// What is wrong with a promotion or coupon itself.
#[derive(Debug, Clone, Copy)]
enum Obstacle {
    Time(When),
    Limit(UsedUp),
}

impl From<Obstacle> for Reason {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Time(When::Early) => Self::NotStarted,
            Obstacle::Time(_) => Self::Ended,
            Obstacle::Limit(UsedUp::ByAll) => Self::UsageLimitReached,
            Obstacle::Limit(UsedUp::ByCustomer) => Self::CustomerLimitReached,
        }
    }
}

fn obstacle(pricer: &Pricer<'_>, schedule: &Schedule, usage: &Usage) -> Option<Obstacle> {
    match schedule.at(pricer.snapshot.now) {
        When::Running => usage.used_up().map(Obstacle::Limit),
        outside => Some(Obstacle::Time(outside)),
    }
}

fn own_obstacle(
    pricer: &Pricer<'_>,
    promotion: &Promotion,
    coupon: Option<Result<&Coupon, Obstacle>>,
) -> Option<Reason> {
    if let Some(obstacle) = obstacle(pricer, &promotion.schedule, &promotion.usage) {
        return Some(obstacle.into());
    }
    match coupon {
        _ if !promotion.requires_coupon => None,
        None => Some(Reason::CouponRequired),
        Some(coupon) => coupon.err().map(Reason::from),
    }
}

fn cart_obstacle(pricer: &Pricer<'_>, promotion: &Promotion, facts: &ConditionFacts<'_>) -> Option<Reason> {
    if !Condition::holds(&promotion.condition, facts) {
        return Some(Reason::ConditionNotMet);
    }
    let snapshot = pricer.snapshot;
    let found = match (promotion.effect.level(), promotion.effect.form()) {
        (Level::Shipping, _) => {
            snapshot.shipping.is_some() && snapshot.lines.iter().any(|line| line.requires_shipping)
        }
        (_, Form::BuyXGetY(rule)) => {
            buy_x_get_y::units_off(rule, &pricer.lines).iter().any(|units| *units > 0)
        }
        (Level::Line | Level::Order, _) => {
            let items = promotion.effect.items();
            snapshot.lines.iter().any(|line| items.is_some_and(|items| items.matches(&line.item)))
        }
    };
    if !found {
        return Some(Reason::NoMatchingItems);
    }
    match promotion.effect.form() {
        Form::Fixed { amounts, .. } if amounts.in_currency(snapshot.currency).is_none() => {
            Some(Reason::NoAmountInCurrency)
        }
        _ => None,
    }
}

fn not_combinable(promotion: &Promotion, chosen: &[Chosen<'_>]) -> Option<Reason> {
    let refused = chosen.iter().find(|other| !promotion.stacking.combines_with(&other.promotion.stacking));
    refused.map(|other| Reason::NotCombinable { with: other.promotion.id })
}

/// What became of each coupon, by code.
pub(super) fn coupon_outcomes(pricer: &Pricer<'_>) -> Vec<CouponOutcome> {
    let mut coupons: Vec<&Coupon> = pricer.snapshot.coupons.iter().collect();
    coupons.sort_by_key(|coupon| (&coupon.code, coupon.id));
    let outcome = |coupon: &Coupon| CouponOutcome {
        coupon_id: coupon.id,
        code: coupon.code.clone(),
        reason: coupon_reason(pricer, coupon),
    };
    coupons.into_iter().map(outcome).collect()
}

fn coupon_reason(pricer: &Pricer<'_>, coupon: &Coupon) -> Option<Reason> {
    let applied = pricer.applied.iter().find(|applied| applied.promotion_id == coupon.promotion_id);
    if applied.is_some_and(|applied| applied.coupon_id == Some(coupon.id)) {
        return None;
    }
    let own = obstacle(pricer, &coupon.schedule, &coupon.usage).map(Reason::from);
    let of_promotion = || {
        let step = pricer
            .steps
            .iter()
            .find(|step| matches!(&step.rule, Rule::Promotion { id, .. } if *id == coupon.promotion_id));
        match step.map(|step| &step.outcome) {
            Some(Outcome::NotApplied(reason)) => reason.clone(),
            Some(Outcome::Applied) => Reason::OtherCouponUsed,
            None => Reason::PromotionInactive,
        }
    };
    Some(own.unwrap_or_else(of_promotion))
}
