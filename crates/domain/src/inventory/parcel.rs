//! What leaves the house: units that belong to the lines of an order, and lie where they are taken from.

use std::collections::BTreeMap;

use crate::kernel::ids::{OrderLineId, ReservationId, StockLevelId, VariantId};

/// Units of one level that an order reserved, in whatever state they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The line.
    pub order_line_id: OrderLineId,
    /// The variant.
    pub variant_id: VariantId,
    /// The level.
    pub level_id: StockLevelId,
    /// Units, above zero.
    pub quantity: i64,
    /// Whether they can leave: they belong to the order, are not gone yet, and lie where they are taken from.
    pub ready: bool,
}

/// Units of a line that are to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackWant {
    /// The line.
    pub order_line_id: OrderLineId,
    /// Units, above zero.
    pub quantity: i64,
}

/// Units of one reservation that leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packed {
    /// The reservation; what does not leave stays in it.
    pub reservation_id: ReservationId,
    /// Units, above zero.
    pub quantity: i64,
}

/// Why units cannot leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackRefusal {
    /// The line has fewer units at this place: they are not paid, shipped already, or lie elsewhere.
    NotAllocated {
        /// The line.
        order_line_id: OrderLineId,
        /// Units that are to leave.
        requested: i64,
        /// Units that could.
        allocated: i64,
    },
    /// They belong to the order, but do not lie there yet: they were ordered back.
    NotOnHand {
        /// The variant.
        variant_id: VariantId,
        /// Units that are to leave.
        requested: i64,
        /// Units that lie there.
        on_hand: i64,
    },
}

/// Takes units from the reservations of lines, in their order; says which lines have too few.
///
/// A line that never reserved anything is of a variant that nobody counts: nothing is taken for it.
fn take<'a>(wants: &[PackWant], promises: &'a [Promise]) -> (Vec<(&'a Promise, i64)>, Vec<PackRefusal>) {
    let mut refusals = Vec::new();
    let mut taken: Vec<(&Promise, i64)> = Vec::new();
    let mut requested: BTreeMap<OrderLineId, i64> = BTreeMap::new();
    for want in wants {
        let units = requested.entry(want.order_line_id).or_default();
        *units = units.saturating_add(want.quantity);
    }
    for (order_line_id, requested) in requested {
        let of_line = || promises.iter().filter(|promise| promise.order_line_id == order_line_id);
        if of_line().next().is_none() {
            continue;
        }
        let mut missing = requested;
        for promise in of_line().filter(|promise| promise.ready) {
            let quantity = promise.quantity.min(missing);
            if quantity > 0 {
                taken.push((promise, quantity));
                missing = missing.saturating_sub(quantity);
            }
        }
        if missing > 0 {
            let allocated = requested.saturating_sub(missing);
            refusals.push(PackRefusal::NotAllocated { order_line_id, requested, allocated });
        }
    }
    (taken, refusals)
}

fn parcel(taken: Vec<(&Promise, i64)>) -> Vec<Packed> {
    let packed = taken
        .into_iter()
        .map(|(promise, quantity)| Packed { reservation_id: promise.reservation_id, quantity });
    packed.collect()
}

/// Takes units that are not to leave any more from the reservations of lines; all of them or none. They need not lie
/// there.
pub fn unpack(wants: &[PackWant], promises: &[Promise]) -> Result<Vec<Packed>, Vec<PackRefusal>> {
    let (taken, refusals) = take(wants, promises);
    if refusals.is_empty() { Ok(parcel(taken)) } else { Err(refusals) }
}

/// Takes units that leave from the reservations of lines, in their order; all of them or none.
///
/// A line that never reserved anything is of a variant that nobody counts: it leaves without taking from any level.
pub fn pack(
    wants: &[PackWant],
    promises: &[Promise],
    on_hand: &BTreeMap<StockLevelId, i64>,
) -> Result<Vec<Packed>, Vec<PackRefusal>> {
    let (taken, mut refusals) = take(wants, promises);
    let mut leaving: BTreeMap<StockLevelId, (VariantId, i64)> = BTreeMap::new();
    for (promise, quantity) in &taken {
        let (_, units) = leaving.entry(promise.level_id).or_insert((promise.variant_id, 0));
        *units = units.saturating_add(*quantity);
    }
    refusals.extend(leaving.into_iter().filter_map(|(level_id, (variant_id, requested))| {
        let on_hand = on_hand.get(&level_id).copied().unwrap_or(0);
        (on_hand < requested).then_some(PackRefusal::NotOnHand { variant_id, requested, on_hand })
    }));
    if refusals.is_empty() { Ok(parcel(taken)) } else { Err(refusals) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::kernel::ids::EntityId;

    fn id<T: EntityId>(number: u128) -> T {
        T::from_uuid(Uuid::from_u128(number))
    }

    fn promise(number: u128, line: u128, quantity: i64, ready: bool) -> Promise {
        Promise {
            reservation_id: id(number),
            order_line_id: id(line),
            variant_id: id(line),
            level_id: id(line),
            quantity,
            ready,
        }
    }

    fn want(line: u128, quantity: i64) -> PackWant {
        PackWant { order_line_id: id(line), quantity }
    }

    fn packed(number: u128, quantity: i64) -> Packed {
        Packed { reservation_id: id(number), quantity }
    }

    #[test]
    fn units_are_taken_from_reservations_in_their_order() {
        let promises = [promise(1, 1, 2, true), promise(2, 1, 9, false), promise(3, 1, 3, true)];
        let there = BTreeMap::from([(id(1), 5)]);
        assert_eq!(pack(&[want(1, 2)], &promises, &there), Ok(vec![packed(1, 2)]));
        assert_eq!(pack(&[want(1, 1), want(1, 3)], &promises, &there), Ok(vec![packed(1, 2), packed(3, 2)]));
        let refusal = PackRefusal::NotAllocated { order_line_id: id(1), requested: 6, allocated: 5 };
        assert_eq!(pack(&[want(1, 6)], &promises, &there), Err(vec![refusal]));
    }

    #[test]
    fn what_was_ordered_back_waits_until_it_lies_there() {
        let promises = [promise(1, 1, 2, true), promise(2, 2, 2, true)];
        let there = BTreeMap::from([(id(1), 1), (id(2), 2)]);
        let refusal = PackRefusal::NotOnHand { variant_id: id(1), requested: 2, on_hand: 1 };
        assert_eq!(pack(&[want(1, 2), want(2, 2)], &promises, &there), Err(vec![refusal]));
        assert_eq!(pack(&[want(1, 1), want(2, 2)], &promises, &there), Ok(vec![packed(1, 1), packed(2, 2)]));
    }

    #[test]
    fn units_that_are_not_to_leave_need_not_lie_there() {
        let promises = [promise(1, 1, 2, true), promise(2, 1, 3, false)];
        assert_eq!(unpack(&[want(1, 1)], &promises), Ok(vec![packed(1, 1)]));
        let refusal = PackRefusal::NotAllocated { order_line_id: id(1), requested: 3, allocated: 2 };
        assert_eq!(unpack(&[want(1, 3)], &promises), Err(vec![refusal]));
    }

    #[test]
    fn what_nobody_counts_leaves_without_taking_anything() {
        assert_eq!(pack(&[want(7, 3)], &[], &BTreeMap::new()), Ok(Vec::new()));
    }
}
