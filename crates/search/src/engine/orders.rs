//! Products in the order of each sort, kept up to date, so that a page is read where it would have to be sorted for otherwise.
//!
//! An order is cut into blocks: a product that changes moves its neighbours alone. Blocks of the order of prices know the prices
//! of their products, so that those are passed over in which no product can have a price that is wanted.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use tradepost_port::search::{Position, Range};

use super::ranking::Order;
use super::table::Row;
use super::values::index;

/// Products of a block at most: one that has more becomes two.
const BLOCK_MAX: usize = 128;

/// Neighbours in an order.
#[derive(Debug, Default)]
struct Block {
    rows: Vec<u32>,
    /// All prices of its products lie between these.
    lowest: i64,
    highest: i64,
}

impl Block {
    fn of(rows: Vec<u32>, table: &[Row]) -> Self {
        let mut block = Self { rows, lowest: 0, highest: 0 };
        block.measure(table);
        block
    }

    fn measure(&mut self, table: &[Row]) {
        let rows = || self.rows.iter().filter_map(|number| table.get(index(*number)));
        let lowest = rows().map(|row| row.price_min).min().unwrap_or_default();
        let highest = rows().map(|row| row.price_max).max().unwrap_or_default();
        (self.lowest, self.highest) = (lowest, highest);
    }

    /// Whether a product of it may have a price in each of these ranges.
    fn may_cost(&self, prices: &[Range<i64>]) -> bool {
        may_cost((self.lowest, self.highest), prices)
    }
}

/// Whether there may be a price in each of these ranges where all are between the lowest and the highest.
fn may_cost((lowest, highest): (i64, i64), prices: &[Range<i64>]) -> bool {
    prices.iter().all(|range| {
        range.gte.is_none_or(|bound| highest >= bound)
            && range.gt.is_none_or(|bound| highest > bound)
            && range.lte.is_none_or(|bound| lowest <= bound)
            && range.lt.is_none_or(|bound| lowest < bound)
    })
}

/// All products on the shelf in one order, ascending.
#[derive(Debug)]
struct Ordered {
    order: Order,
    blocks: Vec<Block>,
}

impl Ordered {
    /// The block that a product is in or belongs into, and the place in it.
    fn find(&self, row: &Row, table: &[Row]) -> (usize, usize) {
        let is_before = |number: &u32| {
            table
                .get(index(*number))
                .is_some_and(|other| self.order.compare_rows(other, row) == Ordering::Less)
        };
        let behind = self.blocks.partition_point(|block| block.rows.first().is_some_and(is_before));
        let is_first = |block: usize| {
            let first = self.blocks.get(block).and_then(|block| block.rows.first());
            first.and_then(|number| table.get(index(*number))).is_some_and(|first| first.id == row.id)
        };
        if is_first(behind) {
            return (behind, 0);
        }
        let block = behind.saturating_sub(1);
        let place = self.blocks.get(block).map_or(0, |block| block.rows.partition_point(is_before));
        (block, place)
    }

    fn insert(&mut self, number: u32, table: &[Row]) {
        let Some(row) = table.get(index(number)) else { return };
        let (place, at) = self.find(row, table);
        let Some(block) = self.blocks.get_mut(place) else {
            self.blocks.push(Block::of(vec![number], table));
            return;
        };
        block.rows.insert(at.min(block.rows.len()), number);
        block.lowest = block.lowest.min(row.price_min);
        block.highest = block.highest.max(row.price_max);
        if block.rows.len() > BLOCK_MAX {
            let behind = block.rows.split_off(BLOCK_MAX / 2);
            block.measure(table);
            self.blocks.insert(place.saturating_add(1), Block::of(behind, table));
        }
    }

    /// Takes out a product whose row is still as it was when it was put in.
    fn remove(&mut self, number: u32, table: &[Row]) {
        let Some(row) = table.get(index(number)) else { return };
        let (place, at) = self.find(row, table);
        let Some(block) = self.blocks.get_mut(place) else { return };
        if block.rows.get(at) != Some(&number) {
            return;
        }
        block.rows.remove(at);
        if block.rows.is_empty() {
            self.blocks.remove(place);
        } else if self.order == Order::Cheapest {
            block.measure(table);
        }
    }
}

/// All products on the shelf in every order.
#[derive(Debug)]
pub struct Orders([Ordered; 5]);

impl Default for Orders {
    fn default() -> Self {
        let kept = [Order::Published, Order::Cheapest, Order::Title, Order::Popularity, Order::Rating];
        Self(kept.map(|order| Ordered { order, blocks: Vec::new() }))
    }
}

/// What is looked for in an order.
#[derive(Debug, Clone, Copy)]
pub struct Walk<'a> {
    /// The order.
    pub order: Order,
    /// It begins behind this place.
    pub after: Option<&'a Position>,
    /// Ranges in each of which what is looked for has a price.
    pub prices: &'a [Range<i64>],
}

impl Orders {
    /// Puts in a product that was put on the shelf.
    pub fn insert(&mut self, number: u32, table: &[Row]) {
        self.0.iter_mut().for_each(|ordered| ordered.insert(number, table));
    }

    /// Takes out a product before it is taken off the shelf or changed.
    pub fn remove(&mut self, number: u32, table: &[Row]) {
        self.0.iter_mut().for_each(|ordered| ordered.remove(number, table));
    }

    /// Puts in a product that was taken out because its prices change.
    pub fn insert_price(&mut self, number: u32, table: &[Row]) {
        self.by_price_mut().for_each(|ordered| ordered.insert(number, table));
    }

    /// Takes out a product before its prices change.
    pub fn remove_price(&mut self, number: u32, table: &[Row]) {
        self.by_price_mut().for_each(|ordered| ordered.remove(number, table));
    }

    fn by_price_mut(&mut self) -> impl Iterator<Item = &mut Ordered> {
        self.0.iter_mut().filter(|ordered| ordered.order == Order::Cheapest)
    }

    /// How many products are in them.
    pub fn len(&self) -> usize {
        let blocks = self.0.first().map(|ordered| ordered.blocks.iter());
        blocks.into_iter().flatten().map(|block| block.rows.len()).sum()
    }

    /// Gives back memory that was taken ahead.
    pub fn settle(&mut self) {
        for ordered in &mut self.0 {
            ordered.blocks.shrink_to_fit();
            ordered.blocks.iter_mut().for_each(|block| block.rows.shrink_to_fit());
        }
    }

    /// Products that may have a price in each of these ranges, and some others.
    pub fn costing(&self, prices: &[Range<i64>]) -> Vec<&[u32]> {
        let by_price = self.0.iter().filter(|ordered| ordered.order == Order::Cheapest);
        let blocks = by_price.flat_map(|ordered| &ordered.blocks);
        blocks.filter(|block| block.may_cost(prices)).map(|block| block.rows.as_slice()).collect()
    }

    /// Looks at products one after the other until told to stop, but for those that cannot have such prices; at none where the place to begin behind is one of another order.
    pub fn walk(&self, walk: Walk<'_>, table: &[Row], mut look: impl FnMut(u32, &Row) -> ControlFlow<()>) {
        let kept = if walk.order == Order::Dearest { Order::Cheapest } else { walk.order };
        let Some(ordered) = self.0.iter().find(|ordered| ordered.order == kept) else { return };
        if walk.after.is_some_and(|after| !walk.order.takes(&after.key)) {
            return;
        }
        let descends = walk.order.descending();
        // Ascending, what comes first is what the walk has passed, or what it comes to when it goes down.
        let is_first = |number: &u32| {
            let Some(after) = walk.after else { return descends };
            let row = table.get(index(*number));
            let stands = row.and_then(|row| walk.order.against_row(row, after));
            stands.is_some_and(|stands| stands == Ordering::Less || (stands == Ordering::Equal && !descends))
        };
        let split = ordered.blocks.partition_point(|block| block.rows.first().is_some_and(is_first));
        let (before, behind) = ordered.blocks.split_at(split);
        let cut = before.last().map_or(0, |block| block.rows.partition_point(is_first));
        let (earlier, later) = before.last().map_or((&[][..], &[][..]), |block| block.rows.split_at(cut));
        // Only the order of prices knows them to the last.
        let may_hold = |block: &&Block| kept != Order::Cheapest || block.may_cost(walk.prices);
        // A product's variants lie elsewhere in memory: they are not gone through for nothing.
        let mut look = |number: &u32| match table.get(index(*number)) {
            Some(row) if may_cost((row.price_min, row.price_max), walk.prices) => look(*number, row),
            _ => ControlFlow::Continue(()),
        };
        let _ = if descends {
            let rest = before.split_last().map_or(&[][..], |(_, rest)| rest);
            let rest = rest.iter().rev().filter(may_hold).flat_map(|block| block.rows.iter().rev());
            earlier.iter().rev().chain(rest).try_for_each(&mut look)
        } else {
            let rest = behind.iter().filter(may_hold).flat_map(|block| block.rows.iter());
            later.iter().chain(rest).try_for_each(&mut look)
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tradepost_domain::kernel::ids::{EntityId, ProductId, VariantId};
    use tradepost_port::search::{Live, LiveVariant, SearchDocument, SearchVariant, SortKey};
    use uuid::Uuid;

    use super::*;
    use crate::engine::table::Table;

    const ORDERS: [Order; 6] =
        [Order::Published, Order::Cheapest, Order::Dearest, Order::Title, Order::Popularity, Order::Rating];

    fn id(number: u16) -> ProductId {
        ProductId::from_uuid(Uuid::from_u128(u128::from(number)))
    }

    fn variant(number: u16, price: i64) -> SearchVariant {
        SearchVariant {
            id: VariantId::from_uuid(Uuid::from_u128(u128::from(number))),
            codes: Vec::new(),
            options: Vec::new(),
            price,
            in_stock: true,
        }
    }

    /// Few different values, so that many products are the same to an order.
    fn product(number: u16, (price, dearest): (i64, i64)) -> SearchDocument {
        SearchDocument {
            popularity: price % 5,
            rating_hundredths: dearest % 7,
            variants: vec![variant(0, price), variant(1, dearest)],
            ..SearchDocument::titled(id(number), &format!("Title {}", price % 11))
        }
    }

    #[derive(Debug, Clone)]
    enum Change {
        Put(u16, (i64, i64)),
        Price(u16, i64),
        Remove(u16),
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let prices = || (0_i64..60, 0_i64..60);
        let change = prop_oneof![
            6 => (0_u16..900, prices()).prop_map(|(number, prices)| Change::Put(number, prices)),
            2 => (0_u16..900, 0_i64..60).prop_map(|(number, price)| Change::Price(number, price)),
            1 => (0_u16..900).prop_map(Change::Remove),
        ];
        proptest::collection::vec(change, 0..1_500)
    }

    fn walked(table: &Table, walk: Walk<'_>) -> Vec<ProductId> {
        let mut seen = Vec::new();
        table.walk(walk, |_, row| {
            seen.push(row.id);
            ControlFlow::Continue(())
        });
        seen
    }

    /// The same by sorting.
    fn sorted(table: &Table, walk: Walk<'_>) -> Vec<ProductId> {
        let may_cost = |row: &&Row| may_cost((row.price_min, row.price_max), walk.prices);
        let mut rows: Vec<&Row> = table.rows().iter().filter(|row| row.on_shelf).filter(may_cost).collect();
        rows.sort_by(|first, second| walk.order.compare_rows(first, second));
        let mut wanted = Ordering::Greater;
        if walk.order.descending() {
            rows.reverse();
            wanted = Ordering::Less;
        }
        let is_behind =
            |row: &&Row| walk.after.is_none_or(|after| walk.order.against_row(row, after) == Some(wanted));
        rows.into_iter().filter(is_behind).map(|row| row.id).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn an_order_is_the_sorted_shelf_whatever_changed(changes in changes(), gte in 0_i64..70, at in 0_i64..60) {
            let mut table = Table::default();
            for change in changes {
                match change {
                    Change::Put(number, prices) => drop(table.put(&product(number, prices))),
                    Change::Price(number, price) => {
                        let first = variant(0, price);
                        let live = LiveVariant { id: first.id, price, in_stock: true };
                        table.take(id(number), &Live { variants: vec![live] });
                    }
                    Change::Remove(number) => table.remove(id(number)),
                }
            }
            let some = [Range { gte: Some(gte), lt: Some(gte + 3), ..Range::default() }];
            for order in ORDERS {
                let key = match order {
                    Order::Title => SortKey::Text(format!("Title {}", at % 11)),
                    Order::Published => SortKey::Time(jiff::Timestamp::UNIX_EPOCH),
                    _ => SortKey::Integer(at % 8),
                };
                let after = Position { key, id: id(450) };
                for (after, prices) in [(None, &some[..0]), (None, &some), (Some(&after), &some[..0]), (Some(&after), &some)] {
                    let walk = Walk { order, after, prices };
                    prop_assert_eq!(walked(&table, walk), sorted(&table, walk), "{:?}", walk);
                }
            }
            let on_shelf = table.rows().iter().filter(|row| row.on_shelf).count();
            prop_assert_eq!(table.on_shelf(), u64::try_from(on_shelf).unwrap());
        }
    }
}
