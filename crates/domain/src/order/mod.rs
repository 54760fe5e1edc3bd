//! Orders: what was agreed. An order is a snapshot; what happens to it later is told by its states, which are derived
//! from what was paid and what was sent, never set.

pub mod fulfillment;
pub mod number;

pub use fulfillment::{OpenLine, ParcelStatus, Plan, PlanRefusal, plan};
pub use number::OrderNumber;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; its payment is awaited.
    Pending,
    /// To be sent: paid, authorized, or nothing to pay.
    Confirmed,
    /// Everything is sent and paid.
    Completed,
    /// Given up; nothing of it is sent any more.
    Canceled,
}

/// How much of an order is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentStatus {
    /// Nothing.
    Unfulfilled,
    /// Some.
    Partial,
    /// All.
    Fulfilled,
    /// All of it came back.
    Returned,
}

macro_rules! words {
    ($name:ident: $count:literal { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// Every one of them.
            pub const ALL: [Self; $count] = [$(Self::$variant),*];

            /// The word on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word; `None` for any other.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
words!(OrderStatus: 4 { Pending = "pending", Confirmed = "confirmed", Completed = "completed", Canceled = "canceled" });
words!(FulfillmentStatus: 4 {
    Unfulfilled = "unfulfilled",
    Partial = "partial",
    Fulfilled = "fulfilled",
    Returned = "returned",
});

/// Units of one line: to be sent, sent, come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineProgress {
    /// Units to be sent in all: ordered, and not canceled since.
    pub quantity: u32,
    /// Units sent.
    pub fulfilled: u32,
    /// Units of these that came back.
    pub returned: u32,
}

/// How much of an order is sent, over all its lines.
pub fn fulfillment_status(lines: &[LineProgress]) -> FulfillmentStatus {
    let sum = |units: fn(&LineProgress) -> u32| lines.iter().map(|line| u64::from(units(line))).sum::<u64>();
    let (ordered, sent, returned) =
        (sum(|line| line.quantity), sum(|line| line.fulfilled), sum(|line| line.returned));
    if sent == 0 {
        FulfillmentStatus::Unfulfilled
    } else if returned == ordered {
        FulfillmentStatus::Returned
    } else if sent == ordered {
        FulfillmentStatus::Fulfilled
    } else {
        FulfillmentStatus::Partial
    }
}

/// What an order's status follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderFacts {
    /// Whether it was given up.
    pub canceled: bool,
    /// Whether it may be sent: paid, authorized, or nothing to pay.
    pub payable_settled: bool,
    /// Whether all that was to be paid is paid, or was given back.
    pub paid: bool,
    /// How much is sent.
    pub fulfillment: FulfillmentStatus,
}

/// Where an order stands.
pub fn order_status(facts: OrderFacts) -> OrderStatus {
    let sent = matches!(facts.fulfillment, FulfillmentStatus::Fulfilled | FulfillmentStatus::Returned);
    if facts.canceled {
        OrderStatus::Canceled
    } else if sent && facts.paid {
        OrderStatus::Completed
    } else if facts.payable_settled || sent {
        OrderStatus::Confirmed
    } else {
        OrderStatus::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn progress() -> impl Strategy<Value = LineProgress> {
        (0_u32..6, 0_u32..6, 0_u32..6).prop_map(|(quantity, fulfilled, returned)| {
            let fulfilled = fulfilled.min(quantity);
            LineProgress { quantity, fulfilled, returned: returned.min(fulfilled) }
        })
    }

    proptest! {
        #[test]
        fn sent_is_what_every_line_says(lines in prop::collection::vec(progress(), 1..5)) {
            let all = |holds: fn(&LineProgress) -> bool| lines.iter().all(holds);
            let expected = if all(|line| line.fulfilled == 0) {
                FulfillmentStatus::Unfulfilled
            } else if all(|line| line.returned == line.quantity) {
                FulfillmentStatus::Returned
            } else if all(|line| line.fulfilled == line.quantity) {
                FulfillmentStatus::Fulfilled
            } else {
                FulfillmentStatus::Partial
            };
            prop_assert_eq!(fulfillment_status(&lines), expected);
        }
    }

    #[test]
    fn an_order_is_complete_when_it_is_sent_and_paid_and_never_after_it_was_canceled() {
        let facts = |canceled, payable_settled, paid, fulfillment| OrderFacts {
            canceled,
            payable_settled,
            paid,
            fulfillment,
        };
        for (facts, expected) in [
            (facts(false, false, false, FulfillmentStatus::Unfulfilled), OrderStatus::Pending),
            (facts(false, true, false, FulfillmentStatus::Unfulfilled), OrderStatus::Confirmed),
            (facts(false, true, true, FulfillmentStatus::Partial), OrderStatus::Confirmed),
            (facts(false, true, false, FulfillmentStatus::Fulfilled), OrderStatus::Confirmed),
            (facts(false, true, true, FulfillmentStatus::Fulfilled), OrderStatus::Completed),
            (facts(false, true, true, FulfillmentStatus::Returned), OrderStatus::Completed),
            (facts(true, true, true, FulfillmentStatus::Fulfilled), OrderStatus::Canceled),
        ] {
            assert_eq!(order_status(facts), expected, "{facts:?}");
        }
    }
}
