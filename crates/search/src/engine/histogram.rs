//! Prices in equal steps. The lowest and the highest are known only in the end, so prices are kept until then.

use std::sync::Arc;

use tradepost_port::search::Range;

/// Prices of products, one product after the other.
#[derive(Debug, Default)]
struct Prices {
    /// Each with whether it spoils its step for the product.
    prices: Vec<(i64, bool)>,
    /// Where the prices of each product end.
    ends: Vec<usize>,
}

/// Prices of many products, ready to be counted in any steps.
#[derive(Debug)]
pub struct SortedPrices {
    /// Those of products that have one, in their order.
    single: Box<[i64]>,
    /// Those of products with several.
    several: Prices,
}

/// Prices of products.
#[derive(Debug)]
pub struct Histogram {
    steps: i64,
    prices: Prices,
    /// Prices of products that are counted once too often.
    gone: Prices,
    sorted: Vec<Arc<SortedPrices>>,
}

impl Prices {
    fn add(&mut self, prices: impl Iterator<Item = (i64, bool)>) {
        self.prices.extend(prices);
        self.ends.push(self.prices.len());
    }

    /// The prices of each product.
    fn each(&self) -> impl Iterator<Item = &[(i64, bool)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.prices.get(start..*end).unwrap_or_default())
    }

    /// Looks at every step that a product counts in, for each product.
    fn each_step(&self, step_of: impl Fn(i64) -> usize, mut look: impl FnMut(usize)) {
        let mut touched: Vec<(usize, bool)> = Vec::new();
        for prices in self.each() {
            if let [(price, spoils)] = prices {
                if !spoils {
                    look(step_of(*price));
                }
                continue;
            }
            touched.clear();
            for (price, spoils) in prices {
                let step = step_of(*price);
                match touched.iter_mut().find(|(other, _)| *other == step) {
                    Some((_, spoilt)) => *spoilt |= spoils,
                    None => touched.push((step, *spoils)),
                }
            }
            touched.iter().filter(|(_, spoilt)| !spoilt).for_each(|(step, _)| look(*step));
        }
    }

    fn all(&self) -> impl Iterator<Item = i64> {
        self.prices.iter().map(|(price, _)| *price)
    }
}

impl SortedPrices {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let several = size_of_val(&*self.several.prices).saturating_add(size_of_val(&*self.several.ends));
        size_of_val(&*self.single).saturating_add(several)
    }

    fn bounds(&self) -> impl Iterator<Item = i64> {
        let ends = [self.single.first(), self.single.last()];
        ends.into_iter().flatten().copied().chain(self.several.all())
    }
}

impl Histogram {
    /// So many steps at most.
    pub fn new(steps: u16) -> Self {
        let (prices, gone) = Default::default();
        Self { steps: i64::from(steps).max(1), prices, gone, sorted: Vec::new() }
    }

    /// Adds the prices of a product's variants. One that spoils (an orderable variant, where products without any are wanted)
    /// takes the product out of the step that it lies in.
    pub fn add(&mut self, prices: impl Iterator<Item = (i64, bool)>) {
        self.prices.add(prices);
    }

    /// Takes a product back that was added.
    pub fn take(&mut self, prices: impl Iterator<Item = i64>) {
        self.gone.add(prices.map(|price| (price, false)));
    }

    /// Adds prices of many products.
    pub fn add_sorted(&mut self, prices: &Arc<SortedPrices>) {
        self.sorted.push(Arc::clone(prices));
    }

    /// The prices that were added one product at a time, where none spoils.
    pub fn into_sorted(self) -> SortedPrices {
        let (mut single, mut several) = (Vec::new(), Prices::default());
        for prices in self.prices.each() {
            match prices {
                [(price, _)] => single.push(*price),
                prices => several.add(prices.iter().copied()),
            }
        }
        single.sort_unstable();
        several.prices.shrink_to_fit();
        several.ends.shrink_to_fit();
        SortedPrices { single: single.into(), several }
    }

    /// Products in each step, from the lowest price to the highest.
    pub fn finish(self) -> Vec<(Range<i64>, u64)> {
        let all = || self.prices.all().chain(self.sorted.iter().flat_map(|sorted| sorted.bounds()));
        let (Some(lowest), Some(highest)) = (all().min(), all().max()) else { return Vec::new() };
        let (count, width) = steps(lowest, highest, self.steps);
        let mut counts = vec![0_u64; usize::try_from(count).unwrap_or(1)];
        let step_of = |price: i64| {
            let step = price.saturating_sub(lowest).checked_div(width).unwrap_or_default();
            usize::try_from(step).unwrap_or_default()
        };
        let mut change = |step: usize, by: &dyn Fn(u64) -> u64| {
            if let Some(count) = counts.get_mut(step) {
                *count = by(*count);
            }
        };
        self.prices.each_step(step_of, |step| change(step, &|count| count.saturating_add(1)));
        for sorted in &self.sorted {
            sorted.several.each_step(step_of, |step| change(step, &|count| count.saturating_add(1)));
            let mut rest = &*sorted.single;
            while let Some(price) = rest.first() {
                let step = step_of(*price);
                let (inside, others) = rest.split_at(rest.partition_point(|other| step_of(*other) == step));
                let more = u64::try_from(inside.len()).unwrap_or(u64::MAX);
                change(step, &|count| count.saturating_add(more));
                rest = others;
            }
        }
        self.gone.each_step(step_of, |step| change(step, &|count| count.saturating_sub(1)));
        let starts = (0..).map(|step: i64| lowest.saturating_add(step.saturating_mul(width)));
        starts
            .zip(counts)
            .map(|(start, count)| {
                let end = start.saturating_add(width);
                (Range { gte: Some(start), lt: Some(end), ..Range::default() }, count)
            })
            .collect()
    }
}

/// How many steps of which width cover all prices: at most `most` of them, at least one, and none of no width.
pub fn steps(lowest: i64, highest: i64, most: i64) -> (i64, i64) {
    let span = highest.saturating_sub(lowest).saturating_add(1).max(1);
    let up = |part: i64, by: i64| part.saturating_add(by.saturating_sub(1)).checked_div(by).unwrap_or(1);
    let width = up(span, most.max(1));
    (up(span, width), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_all_prices() {
        assert_eq!(steps(100, 199, 10), (10, 10));
        assert_eq!(steps(5, 5, 10), (1, 1));
        assert_eq!(steps(0, 10, 4), (4, 3));
        assert_eq!(steps(0, 2, 10), (3, 1));
    }

    #[test]
    fn a_product_counts_once_for_each_step_that_it_has_a_price_in() {
        let mut histogram = Histogram::new(2);
        histogram.add([(0, false), (1, false), (9, false)].into_iter());
        histogram.add([(9, true), (8, false)].into_iter());
        let counts: Vec<u64> = histogram.finish().into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [1, 1]);
    }

    #[test]
    fn prices_put_in_order_before_count_as_they_do_one_by_one() {
        let products: Vec<Vec<i64>> = (0..60_i64)
            .map(|number| (0..number % 4).map(|price| number * 37 % 50 + price * 9).collect())
            .collect();
        let of = |products: &[Vec<i64>]| {
            let mut histogram = Histogram::new(7);
            for prices in products {
                histogram.add(prices.iter().map(|price| (*price, false)));
            }
            histogram
        };
        let (left, right) = products.split_at(23);
        let sorted = |products: &[Vec<i64>]| Arc::new(of(products).into_sorted());
        let mut together = of(&[]);
        together.add_sorted(&sorted(left));
        together.add_sorted(&sorted(right));
        let twice = &products[9..30];
        together.add_sorted(&sorted(twice));
        for prices in twice {
            together.take(prices.iter().copied());
        }
        assert_eq!(together.finish(), of(&products).finish());
    }
}
