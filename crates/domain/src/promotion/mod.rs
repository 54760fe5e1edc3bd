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

impl Schedule {
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
