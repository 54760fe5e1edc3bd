//! The decision over scarce units: an order gets all that it wants, or nothing.
//!
//! A shelf is what was read of the locked levels. Orders that are decided together are asked one after another, and each
//! finds what those before it have left.

use std::collections::BTreeMap;

use crate::kernel::ids::{OrderLineId, StockLevelId, StockLocationId, VariantId};

/// What can be had of some variants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    supplies: BTreeMap<VariantId, Supply>,
}

/// What can be had of one variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supply {
    /// As much as anyone wants: nobody counts it, and nothing is taken.
    Untracked,
    /// What is counted.
    Tracked {
        /// Whether more may be sold than lies there.
        backorder: bool,
        /// Where it lies, the place to take from first in front.
        places: Vec<Place>,
    },
}

/// A level from which units can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The level.
    pub level_id: StockLevelId,
    /// Where it is.
    pub location_id: StockLocationId,
    /// Units that nobody has been promised; below zero where more was promised than lies there.
    pub free: i64,
}

/// Units that a line of an order wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The line.
    pub order_line_id: OrderLineId,
    /// The variant.
    pub variant_id: VariantId,
    /// Units, above zero.
    pub quantity: i64,
}

/// Units of one level for one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// The line.
    pub order_line_id: OrderLineId,
    /// The variant.
    pub variant_id: VariantId,
    /// The level.
    pub level_id: StockLevelId,
    /// Where it is.
    pub location_id: StockLocationId,
    /// Units, above zero.
    pub quantity: i64,
}

/// A variant of which an order wants more than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// The variant.
    pub variant_id: VariantId,
    /// Units that the order wants, over all its lines.
    pub requested: i64,
    /// Units that it could have.
    pub available: i64,
}

impl Shelf {
    /// A shelf of these variants; one that is not named does not exist, and nothing can be had of it.
    pub fn new(supplies: BTreeMap<VariantId, Supply>) -> Self {
        Self { supplies }
    }

    /// Takes all that an order wants, line by line from the first place that has some, or nothing at all.
    ///
    /// Lines are counted together by variant before anything is taken: two lines of three units are not satisfied with
    /// five. The answer names every variant that is short, by id.
    pub fn take(&mut self, wants: &[Want]) -> Result<Vec<Pick>, Vec<Shortage>> {
        let mut requested: BTreeMap<VariantId, i64> = BTreeMap::new();
        for want in wants {
            let units = requested.entry(want.variant_id).or_default();
            *units = units.saturating_add(want.quantity);
        }
        let short = requested.into_iter().filter_map(|(variant_id, requested)| {
            let available = self.available(variant_id)?;
            (available < requested).then_some(Shortage { variant_id, requested, available })
        });
        let short: Vec<Shortage> = short.collect();
        if !short.is_empty() {
            return Err(short);
        }
        let mut picks = Vec::with_capacity(wants.len());
        for want in wants {
            if let Some(Supply::Tracked { places, .. }) = self.supplies.get_mut(&want.variant_id) {
                take_from(places, *want, &mut picks);
            }
        }
        Ok(picks)
    }

    /// Units of a variant that an order could have; `None` where there is no end to it.
    fn available(&self, variant_id: VariantId) -> Option<i64> {
        match self.supplies.get(&variant_id) {
            Some(Supply::Untracked) => None,
            Some(Supply::Tracked { backorder: true, places }) if !places.is_empty() => None,
            Some(Supply::Tracked { places, .. }) => {
                Some(places.iter().fold(0_i64, |sum, place| sum.saturating_add(place.free.max(0))))
            }
            None => Some(0),
        }
    }
}

/// Takes what is free, place by place; what is still missing then is promised by the first.
fn take_from(places: &mut [Place], want: Want, picks: &mut Vec<Pick>) {
    let mut missing = want.quantity;
    let first = picks.len();
    for place in places.iter_mut() {
        let quantity = place.free.clamp(0, missing);
        if quantity > 0 {
            missing = missing.saturating_sub(quantity);
            pick(place, want, quantity, picks);
        }
    }
    let Some(place) = places.first_mut().filter(|_| missing > 0) else { return };
    match picks.get_mut(first).filter(|pick| pick.level_id == place.level_id) {
        Some(pick) => {
            pick.quantity = pick.quantity.saturating_add(missing);
            place.free = place.free.saturating_sub(missing);
        }
        None => pick(place, want, missing, picks),
    }
}

fn pick(place: &mut Place, want: Want, quantity: i64, picks: &mut Vec<Pick>) {
    place.free = place.free.saturating_sub(quantity);
    picks.push(Pick {
        order_line_id: want.order_line_id,
        variant_id: want.variant_id,
        level_id: place.level_id,
        location_id: place.location_id,
        quantity,
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::ids::EntityId;

    fn variant(number: u128) -> VariantId {
        VariantId::from_uuid(Uuid::from_u128(number))
    }

    fn want(line: u128, of: u128, quantity: i64) -> Want {
        let order_line_id = OrderLineId::from_uuid(Uuid::from_u128(line));
        Want { order_line_id, variant_id: variant(of), quantity }
    }

    fn places(of: u128, free: &[i64]) -> Vec<Place> {
        let place = |(index, free): (usize, &i64)| Place {
            level_id: StockLevelId::from_uuid(Uuid::from_u128(of * 100 + u128::try_from(index).unwrap())),
            location_id: StockLocationId::from_uuid(Uuid::from_u128(u128::try_from(index).unwrap())),
            free: *free,
        };
        free.iter().enumerate().map(place).collect()
    }

    fn shelf(supplies: &[(u128, bool, &[i64])]) -> Shelf {
        let supply = |(of, backorder, free): &(u128, bool, &[i64])| {
            (variant(*of), Supply::Tracked { backorder: *backorder, places: places(*of, free) })
        };
        Shelf::new(supplies.iter().map(supply).collect())
    }

    fn taken(result: &Result<Vec<Pick>, Vec<Shortage>>) -> Vec<i64> {
        result.as_ref().unwrap().iter().map(|pick| pick.quantity).collect()
    }

    fn short(of: u128, requested: i64, available: i64) -> Shortage {
        Shortage { variant_id: variant(of), requested, available }
    }

    #[test]
    fn lines_of_one_variant_are_counted_together() {
        // medusajs/medusa #16502: each of the two would have found enough.
        let mut five = shelf(&[(1, false, &[5])]);
        let wants = [want(1, 1, 3), want(2, 1, 3)];
        assert_eq!(five.take(&wants), Err(vec![short(1, 6, 5)]));
        assert_eq!(five, shelf(&[(1, false, &[5])]), "nothing was taken");
        assert_eq!(taken(&shelf(&[(1, false, &[6])]).take(&wants)), [3, 3]);
    }

    #[test]
    fn one_short_variant_refuses_the_order_and_all_short_ones_are_named() {
        let mut shelf = shelf(&[(1, false, &[9]), (2, false, &[1, 1]), (3, false, &[-2, 1])]);
        let wants = [want(1, 1, 1), want(2, 2, 3), want(3, 3, 2), want(4, 4, 1)];
        assert_eq!(shelf.take(&wants), Err(vec![short(2, 3, 2), short(3, 2, 1), short(4, 1, 0)]));
        assert_eq!(taken(&shelf.take(&wants[..1])), [1]);
    }

    #[test]
    fn a_line_is_split_over_places_in_their_order() {
        let mut shelf = shelf(&[(1, false, &[2, 0, 4])]);
        let picks = shelf.take(&[want(1, 1, 3), want(2, 1, 2)]).unwrap();
        let of: Vec<(i64, u128)> =
            picks.iter().map(|pick| (pick.quantity, pick.location_id.as_uuid().as_u128())).collect();
        assert_eq!(of, [(2, 0), (1, 2), (2, 2)]);
        assert_eq!(shelf.take(&[want(3, 1, 2)]), Err(vec![short(1, 2, 1)]));
    }

    #[test]
    fn what_is_ordered_back_is_promised_by_the_first_place() {
        let mut lax = shelf(&[(1, true, &[1, 2])]);
        let picks = lax.take(&[want(1, 1, 5)]).unwrap();
        let of: Vec<(i64, u128)> =
            picks.iter().map(|pick| (pick.quantity, pick.location_id.as_uuid().as_u128())).collect();
        assert_eq!(of, [(3, 0), (2, 1)]);
        assert_eq!(taken(&lax.take(&[want(2, 1, 4)])), [4]);
        let mut second = shelf(&[(1, true, &[-1, 2])]);
        assert_eq!(taken(&second.take(&[want(1, 1, 3)])), [2, 1]);
        assert_eq!(shelf(&[(1, true, &[])]).take(&[want(1, 1, 1)]), Err(vec![short(1, 1, 0)]));
    }

    #[test]
    fn what_nobody_counts_is_had_without_taking_it() {
        let mut shelf = Shelf::new(BTreeMap::from([(variant(1), Supply::Untracked)]));
        assert_eq!(taken(&shelf.take(&[want(1, 1, 1_000)])), [0_i64; 0]);
    }

    proptest! {
        #[test]
        fn an_order_gets_everything_or_nothing_and_never_more_than_is_free(
            free in prop::collection::vec((any::<bool>(), prop::collection::vec(-3_i64..6, 0..4)), 1..4),
            orders in prop::collection::vec(prop::collection::vec((0_usize..4, 1_i64..5), 1..5), 1..6),
        ) {
            let supplies: Vec<(u128, bool, &[i64])> = free.iter().enumerate()
                .map(|(of, (backorder, free))| (u128::try_from(of).unwrap(), *backorder, free.as_slice())).collect();
            let mut shelf = shelf(&supplies);
            for order in orders {
                let wants: Vec<Want> = order.iter().enumerate()
                    .map(|(line, (of, quantity))| want(u128::try_from(line).unwrap(), u128::try_from(*of).unwrap(), *quantity))
                    .collect();
                let before = shelf.clone();
                match shelf.take(&wants) {
                    Err(short) => {
                        prop_assert_eq!(&shelf, &before);
                        prop_assert!(short.iter().all(|short| short.available < short.requested));
                    }
                    Ok(picks) => {
                        for want in &wants {
                            let got: i64 = picks.iter().filter(|pick| pick.order_line_id == want.order_line_id)
                                .map(|pick| pick.quantity).sum();
                            prop_assert_eq!(got, want.quantity);
                        }
                        prop_assert!(picks.iter().all(|pick| pick.quantity > 0));
                        for (variant_id, supply) in &shelf.supplies {
                            let Supply::Tracked { backorder, places } = supply else { continue };
                            let Some(Supply::Tracked { places: old, .. }) = before.supplies.get(variant_id) else { continue };
                            for (place, old) in places.iter().zip(old) {
                                let out: i64 = picks.iter().filter(|pick| pick.level_id == place.level_id)
                                    .map(|pick| pick.quantity).sum();
                                prop_assert_eq!(old.free - out, place.free);
                                prop_assert!(*backorder || place.free >= old.free.min(0));
                            }
                        }
                    }
                }
            }
        }
    }
}
