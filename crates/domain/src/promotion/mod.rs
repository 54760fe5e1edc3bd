//! Promotions: under which conditions how much is taken off what, the coupons that switch them on, and how they combine.
//!
//! Everything here is data with its own checks: a value that exists can be evaluated, in bounded time. `pricing` applies it.

pub mod condition;
pub mod coupon;
pub mod effect;
pub mod items;
pub mod stacking;

pub use condition::{Condition, ConditionError, ConditionFacts};
pub use coupon::{CodeError, Coupon, CouponCode, customer_key};
pub use effect::{BasisPoints, BuyXGetY, Effect, EffectError, Level};
pub use items::{ItemFacts, Items, ItemsError};
pub use stacking::{Combines, GroupName, Stacking};

use jiff::Timestamp;

use crate::kernel::ids::PromotionId;

/// A span of time in which a rule holds; open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Schedule {
    /// First moment.
    pub starts_at: Option<Timestamp>,
    /// First moment at which it holds no more.
    pub ends_at: Option<Timestamp>,
}

/// Where a moment lies to a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before its start.
    Early,
    /// Within it.
    Running,
    /// At its end or after.
    Over,
}

/// A moment at which a schedule turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Its first moment.
    Start,
    /// The first at which it holds no more.
    End,
}

impl Schedule {
    /// When it turns after one moment and up to another, in the order of time.
    pub fn turns(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Turn> + use<> {
        let turns = [(self.starts_at, Turn::Start), (self.ends_at, Turn::End)];
        let within = move |at: Timestamp| after < at && at <= until;
        turns.into_iter().filter(move |(at, _)| at.is_some_and(within)).map(|(_, turn)| turn)
    }

    /// Where `now` lies.
    pub fn at(&self, now: Timestamp) -> When {
        if self.starts_at.is_some_and(|start| now < start) {
            When::Early
        } else if self.ends_at.is_some_and(|end| now >= end) {
            When::Over
        } else {
            When::Running
        }
    }
}

/// How often something may be used, and how often it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Most uses by all together.
    pub limit: Option<u32>,
    /// Uses so far.
    pub used: u32,
    /// Most uses by one customer.
    pub limit_per_customer: Option<u32>,
    /// Uses by this customer so far; 0 while nobody knows who it is.
    pub used_by_customer: u32,
}

/// Which limit is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedUp {
    /// By all together.
    ByAll,
    /// By this customer.
    ByCustomer,
}

impl Usage {
    /// The limit that is used up, if one is.
    pub fn used_up(&self) -> Option<UsedUp> {
        if self.limit.is_some_and(|limit| self.used >= limit) {
            Some(UsedUp::ByAll)
        } else if self.limit_per_customer.is_some_and(|limit| self.used_by_customer >= limit) {
            Some(UsedUp::ByCustomer)
        } else {
            None
        }
    }
}

/// A promotion with the facts of its use.
#[derive(Debug, Clone, PartialEq)]
pub struct Promotion {
    /// Id; breaks ties of priority, the smaller first.
    pub id: PromotionId,
    /// Name as shoppers see it.
    pub name: String,
    /// The larger is considered first.
    pub priority: i32,
    /// Which others it goes together with.
    pub stacking: Stacking,
    /// When it runs.
    pub schedule: Schedule,
    /// Whether it needs one of its coupons.
    pub requires_coupon: bool,
    /// How often it may be used.
    pub usage: Usage,
    /// What must hold.
    pub condition: Condition,
    /// What it takes off.
    pub effect: Effect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_includes_its_start_and_excludes_its_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let schedule = Schedule { starts_at: Some(at(10)), ends_at: Some(at(20)) };
        assert_eq!([9, 10, 19, 20, 21].map(|second| schedule.at(at(second))), {
            [When::Early, When::Running, When::Running, When::Over, When::Over]
        });
        assert_eq!(Schedule::default().at(at(-1)), When::Running);
    }

    #[test]
    fn a_schedule_turns_when_where_a_moment_lies_to_it_changes() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let schedule = Schedule { starts_at: Some(at(10)), ends_at: Some(at(20)) };
        let turns = |after, until| schedule.turns(at(after), at(until)).collect::<Vec<_>>();
        assert_eq!((turns(8, 9), turns(9, 10), turns(10, 19)), (vec![], vec![Turn::Start], vec![]));
        assert_eq!((turns(19, 20), turns(20, 99)), (vec![Turn::End], vec![]));
        assert_eq!(turns(0, 99), [Turn::Start, Turn::End]);
        for second in 8..22 {
            let moved = schedule.at(at(second)) != schedule.at(at(second + 1));
            assert_eq!(!turns(second, second + 1).is_empty(), moved, "{second}");
        }
        assert_eq!(Schedule::default().turns(at(0), at(99)).count(), 0);
    }

    #[test]
    fn a_limit_is_used_up_when_it_is_reached() {
        let usage = |used, used_by_customer| Usage {
            limit: Some(3),
            used,
            limit_per_customer: Some(1),
            used_by_customer,
        };
        assert_eq!(usage(2, 0).used_up(), None);
        assert_eq!(usage(3, 1).used_up(), Some(UsedUp::ByAll));
        assert_eq!(usage(4, 0).used_up(), Some(UsedUp::ByAll));
        assert_eq!(usage(2, 1).used_up(), Some(UsedUp::ByCustomer));
        assert_eq!(Usage { used: 9, used_by_customer: 9, ..Usage::default() }.used_up(), None);
    }
}
