//! Fulfillments: which units may still be promised to leave, and from where.

use std::collections::BTreeMap;

use crate::kernel::ids::{OrderLineId, StockLocationId};

/// How far a fulfillment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelStatus {
    /// To be packed: its units are taken for no other.
    Pending,
    /// Left.
    Shipped,
    /// Arrived.
    Delivered,
    /// Given up before it left.
    Canceled,
}

impl ParcelStatus {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Shipped, Self::Delivered, Self::Canceled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Units of a line that may still be promised to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine {
    /// The line.
    pub id: OrderLineId,
    /// Units that were neither sent nor canceled, and are in no fulfillment that is pending.
    pub open: u32,
    /// Where units of it belong to the order, and how many of these are in no pending fulfillment; `None` for a variant
    /// that nobody counts, which may leave from anywhere.
    pub places: Option<BTreeMap<StockLocationId, u32>>,
}

/// Why units cannot be promised to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanRefusal {
    /// The order has no such line.
    UnknownLine {
        /// Its place in what was asked for.
        index: usize,
    },
    /// More than is left of the line.
    TooMany {
        /// Its place in what was asked for.
        index: usize,
        /// Units that are left.
        left: u32,
    },
    /// Fewer lie at the place.
    Elsewhere {
        /// Its place in what was asked for.
        index: usize,
        /// Units of the order at the place.
        there: u32,
    },
    /// The units lie at several places: one has to be named.
    SeveralPlaces(Vec<StockLocationId>),
    /// Nothing is left to send.
    Nothing,
}

/// What leaves from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The place; `None` where it does not matter.
    pub location: Option<StockLocationId>,
    /// Units of lines, above zero.
    pub lines: Vec<(OrderLineId, u32)>,
}

/// Chooses what leaves together: the units asked for, all of them; or, when none are, all that is left there.
pub fn plan(
    lines: &[OpenLine],
    wanted: &[(OrderLineId, u32)],
    location: Option<StockLocationId>,
) -> Result<Plan, PlanRefusal> {
    let mut chosen: Vec<(usize, &OpenLine, u32)> = Vec::new();
    for (index, (id, units)) in wanted.iter().enumerate() {
        let line = lines.iter().find(|line| line.id == *id).ok_or(PlanRefusal::UnknownLine { index })?;
        if *units > line.open {
            return Err(PlanRefusal::TooMany { index, left: line.open });
        }
        chosen.push((index, line, *units));
    }
    if wanted.is_empty() {
        chosen.extend(lines.iter().filter(|line| line.open > 0).map(|line| (0, line, line.open)));
    }
    let location = match location {
        Some(location) => Some(location),
        None => only_place(chosen.iter().map(|(_, line, _)| *line))?,
    };
    let mut planned = Vec::with_capacity(chosen.len());
    for (index, line, units) in chosen {
        let there = match (&line.places, location) {
            (Some(places), Some(location)) => places.get(&location).copied().unwrap_or(0),
            (Some(_), None) => 0,
            (None, _) => line.open,
        };
        let units = if wanted.is_empty() { units.min(there) } else { units };
        if units > there {
            return Err(PlanRefusal::Elsewhere { index, there });
        }
        if units > 0 {
            planned.push((line.id, units));
        }
    }
    if planned.is_empty() { Err(PlanRefusal::Nothing) } else { Ok(Plan { location, lines: planned }) }
}

/// The one place where units of the lines lie; `None` where nobody counts them.
fn only_place<'a>(lines: impl Iterator<Item = &'a OpenLine>) -> Result<Option<StockLocationId>, PlanRefusal> {
    let mut places: Vec<StockLocationId> = lines
        .flat_map(|line| line.places.iter().flatten())
        .filter_map(|(place, units)| (*units > 0).then_some(*place))
        .collect();
    places.sort_unstable();
    places.dedup();
    if places.len() > 1 { Err(PlanRefusal::SeveralPlaces(places)) } else { Ok(places.pop()) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::kernel::ids::EntityId;

    fn id<T: EntityId>(number: u128) -> T {
        T::from_uuid(Uuid::from_u128(number))
    }

    fn line(number: u128, open: u32, places: &[(u128, u32)]) -> OpenLine {
        let places = places.iter().map(|(place, units)| (id(*place), *units)).collect();
        OpenLine { id: id(number), open, places: Some(places) }
    }

    fn planned(location: u128, lines: &[(u128, u32)]) -> Plan {
        let lines = lines.iter().map(|(line, units)| (id(*line), *units)).collect();
        Plan { location: Some(id(location)), lines }
    }

    #[test]
    fn what_is_asked_for_leaves_whole_or_not_at_all() {
        let lines = [line(1, 3, &[(7, 3)]), line(2, 2, &[(7, 1), (8, 1)])];
        assert_eq!(plan(&lines, &[(id(1), 2)], None), Ok(planned(7, &[(1, 2)])));
        assert_eq!(plan(&lines, &[(id(1), 4)], None), Err(PlanRefusal::TooMany { index: 0, left: 3 }));
        assert_eq!(plan(&lines, &[(id(1), 1), (id(9), 1)], None), Err(PlanRefusal::UnknownLine { index: 1 }));
        let split = Err(PlanRefusal::SeveralPlaces(vec![id(7), id(8)]));
        assert_eq!(plan(&lines, &[(id(2), 1)], None), split);
        assert_eq!(plan(&lines, &[(id(2), 1)], Some(id(8))), Ok(planned(8, &[(2, 1)])));
        let elsewhere = Err(PlanRefusal::Elsewhere { index: 0, there: 1 });
        assert_eq!(plan(&lines, &[(id(2), 2)], Some(id(8))), elsewhere);
    }

    #[test]
    fn without_a_wish_all_that_is_left_at_the_place_leaves() {
        let lines = [line(1, 3, &[(7, 3)]), line(2, 2, &[(7, 1), (8, 1)]), line(3, 0, &[(8, 0)])];
        assert_eq!(plan(&lines, &[], Some(id(7))), Ok(planned(7, &[(1, 3), (2, 1)])));
        assert_eq!(plan(&lines, &[], Some(id(9))), Err(PlanRefusal::Nothing));
        assert_eq!(plan(&lines[..1], &[], None), Ok(planned(7, &[(1, 3)])));
        assert_eq!(plan(&lines[2..], &[], None), Err(PlanRefusal::Nothing));
    }

    #[test]
    fn a_place_without_units_that_may_leave_is_none_of_several() {
        let lines = [line(1, 3, &[(7, 3), (9, 0)]), line(2, 0, &[(8, 2)])];
        assert_eq!(plan(&lines, &[], None), Ok(planned(7, &[(1, 3)])));
    }

    #[test]
    fn what_nobody_counts_leaves_from_anywhere() {
        let lines = [OpenLine { id: id(1), open: 2, places: None }, line(2, 1, &[(7, 1)])];
        assert_eq!(plan(&lines, &[], None), Ok(planned(7, &[(1, 2), (2, 1)])));
        let nowhere = Plan { location: None, lines: vec![(id(1), 2)] };
        assert_eq!(plan(&lines[..1], &[], None), Ok(nowhere));
    }

    #[test]
    fn a_status_reads_back_from_its_word() {
        for word in ["pending", "shipped", "delivered", "canceled"] {
            assert_eq!(ParcelStatus::parse(word).map(ParcelStatus::as_str), Some(word));
        }
        assert_eq!(ParcelStatus::parse("lost"), None);
    }
}
