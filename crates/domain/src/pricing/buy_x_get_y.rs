//! "Buy X, get Y": how many units of which lines cost less.

use super::base::LineWork;
use crate::promotion::BuyXGetY;

/// What a line can do for the rule.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    index: usize,
    units: u64,
    unit_price: i64,
    buys: bool,
    gets: bool,
}

/// Units that only count as bought, that only can be got, and that can be either; each unit is used once.
#[derive(Debug, Default)]
struct Pools {
    buy_only: u64,
    get_only: u64,
    either: u64,
}

/// Of each line, how many units cost less: the cheapest ones, those of the smaller line id first where prices tie.
pub(super) fn units_off(rule: &BuyXGetY, lines: &[LineWork<'_>]) -> Vec<u32> {
    let candidate = |(index, work): (usize, &LineWork<'_>)| Candidate {
        index,
        units: u64::from(work.line.quantity.get()),
        unit_price: work.unit.amount.amount(),
        buys: rule.buy.matches(&work.line.item),
        gets: rule.get.matches(&work.line.item),
    };
    let mut candidates: Vec<Candidate> = lines.iter().enumerate().map(candidate).collect();
    let pools = Pools::of(&candidates);
    let buy = u64::from(rule.buy_quantity.get());
    let get = u64::from(rule.get_quantity.get());
    let times = pools.times(buy, get, rule.times_max.map_or(u64::MAX, |times| u64::from(times.get())));
    let mut wanted = times.saturating_mul(get);
    // The units that must stay bought because nothing else is cannot be had cheaper.
    let kept = times.saturating_mul(buy).saturating_sub(pools.buy_only);
    let mut from_either = pools.either.saturating_sub(kept);
    candidates.sort_by_key(|candidate| (candidate.unit_price, candidate.index));
    let mut off = vec![0_u32; lines.len()];
    for candidate in candidates.iter().filter(|candidate| candidate.gets) {
        let mut units = candidate.units.min(wanted);
        if candidate.buys {
            units = units.min(from_either);
            from_either = from_either.saturating_sub(units);
        }
        wanted = wanted.saturating_sub(units);
        if let Some(slot) = off.get_mut(candidate.index) {
            *slot = u32::try_from(units).unwrap_or(u32::MAX);
        }
    }
    off
}

impl Pools {
    fn of(candidates: &[Candidate]) -> Self {
        let mut pools = Self::default();
        for candidate in candidates {
            let pool = match (candidate.buys, candidate.gets) {
                (true, true) => &mut pools.either,
                (true, false) => &mut pools.buy_only,
                (false, true) => &mut pools.get_only,
                (false, false) => continue,
            };
            *pool = pool.saturating_add(candidate.units);
        }
        pools
    }

    /// How often `buy` and `get` units can be found that are all different, at most `limit` times.
    fn times(&self, buy: u64, get: u64, limit: u64) -> u64 {
        let enough = |times: u64| {
            let buys_missing = times.saturating_mul(buy).saturating_sub(self.buy_only);
            let gets_missing = times.saturating_mul(get).saturating_sub(self.get_only);
            buys_missing.saturating_add(gets_missing) <= self.either
        };
        // A bisection between what is enough and one more than there are units.
        let all = self.buy_only.saturating_add(self.get_only).saturating_add(self.either);
        let (mut enough_for, mut too_many) = (0_u64, all.saturating_add(1));
        while too_many.saturating_sub(enough_for) > 1 {
            let middle = enough_for.midpoint(too_many);
            if enough(middle) {
                enough_for = middle;
            } else {
                too_many = middle;
            }
        }
        enough_for.min(limit)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the tests compute expected values on small numbers")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_happens_as_often_as_different_units_suffice(
            buy_only in 0_u64..20, get_only in 0_u64..20, either in 0_u64..20, buy in 1_u64..5, get in 1_u64..5,
        ) {
            let pools = Pools { buy_only, get_only, either };
            let can = |times: u64| (0..=either).any(|bought| {
                times * buy <= buy_only + bought && times * get <= get_only + either - bought
            });
            let most = (0..100).take_while(|times| can(*times)).last().unwrap();
            prop_assert_eq!(pools.times(buy, get, u64::MAX), most);
            prop_assert_eq!(pools.times(buy, get, 1), most.min(1));
        }
    }
}
