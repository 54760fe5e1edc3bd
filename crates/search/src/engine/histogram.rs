//! Prices in equal steps. The lowest and the highest are known only in the end, so prices are kept until then.

use tradepost_port::search::Range;

/// Prices of products.
pub struct Histogram {
    steps: i64,
    /// Prices of one product after the other, each with whether it spoils its step for the product.
    prices: Vec<(i64, bool)>,
    /// Where the prices of each product end.
    ends: Vec<usize>,
}

impl Histogram {
    /// So many steps at most.
    pub fn new(steps: u16) -> Self {
        Self { steps: i64::from(steps).max(1), prices: Vec::new(), ends: Vec::new() }
    }

    /// Adds the prices of a product's variants. One that spoils (an orderable variant, where products without any are wanted)
    /// takes the product out of the step that it lies in.
    pub fn add(&mut self, prices: impl Iterator<Item = (i64, bool)>) {
        self.prices.extend(prices);
        self.ends.push(self.prices.len());
    }

    /// Products in each step, from the lowest price to the highest.
    pub fn finish(self) -> Vec<(Range<i64>, u64)> {
        let all = || self.prices.iter().map(|(price, _)| *price);
        let (Some(lowest), Some(highest)) = (all().min(), all().max()) else { return Vec::new() };
        let (count, width) = steps(lowest, highest, self.steps);
        let mut counts = vec![0_u64; usize::try_from(count).unwrap_or(1)];
        let mut touched: Vec<(usize, bool)> = Vec::new();
        let mut start = 0;
        for end in &self.ends {
            touched.clear();
            for (price, spoils) in self.prices.get(start..*end).unwrap_or_default() {
                let step = price.saturating_sub(lowest).checked_div(width).unwrap_or_default();
                let step = usize::try_from(step).unwrap_or_default();
                match touched.iter_mut().find(|(other, _)| *other == step) {
                    Some((_, spoilt)) => *spoilt |= spoils,
                    None => touched.push((step, *spoils)),
                }
            }
            for (step, _) in touched.iter().filter(|(_, spoilt)| !spoilt) {
                if let Some(count) = counts.get_mut(*step) {
                    *count = count.saturating_add(1);
                }
            }
            start = *end;
        }
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
}
