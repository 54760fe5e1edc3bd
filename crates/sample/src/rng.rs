//! The generator of random numbers, and the numbers drawn from it: written here, in integers only, because a
//! seed must give the same shop with every version of every library and on every processor. (The libraries for
//! randomness keep the right to change their streams, and `exp` differs between platforms in its last digit.)

/// SplitMix64 (Steele, Lea, Flood 2014): one addition and three mixes a number, any seed is a good seed.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: u64,
}

/// The constant of SplitMix64: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: a bijection in which every input bit reaches every output bit.
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Rng {
    /// The stream `name` of product `ordinal`. Each part of a product draws from a stream of its own, so that a
    /// new draw in one part does not change the others.
    pub(crate) fn stream(seed: u64, ordinal: u64, name: &str) -> Self {
        let named = name.bytes().fold(seed, |hash, byte| mix(hash ^ u64::from(byte)));
        Self { state: mix(named ^ mix(ordinal.wrapping_add(GOLDEN))) }
    }

    /// The next 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number in `0..bound` (0 for a bound of 0). The bias of the remainder is below 2^-32 for our bounds.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add(i64::try_from(self.below(span.saturating_add(1))).unwrap_or(0))
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items, each equally likely; none only if there are none.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let length = u64::try_from(items.len()).unwrap_or(0);
        items.get(usize::try_from(self.below(length)).unwrap_or(0))
    }

    /// One of the texts; empty only if there are none.
    pub(crate) fn text<'a>(&mut self, items: &'a [String]) -> &'a str {
        self.pick(items).map_or("", String::as_str)
    }

    /// The index drawn from a table of weights.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (index, weight) in weights.enumerate() {
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }

    /// A log-normal amount around `median` with a sigma in percent: `median * exp(sigma * z)`, where `z` is the
    /// sum of twelve uniform numbers less six (normal to within what a price list can show, and bounded by 6),
    /// and `exp(x)` is `(1 + x/1024)^1024` in fixed point.
    pub(crate) fn lognormal(&mut self, median: i64, sigma_percent: i64) -> i64 {
        let sum: u64 = (0..12).map(|_| self.next() >> 48).sum();
        let z = i128::from(sum) - 6 * 65_536;
        let x = z * i128::from(sigma_percent) / 100;
        let mut power = (1_i128 << 40) + (x << 24) / 1024;
        for _ in 0..10 {
            power = (power * power) >> 40;
        }
        i64::try_from((i128::from(median) * power) >> 40).unwrap_or(median)
    }
}

/// Where `index` goes under a permutation of `0..size` chosen by `key`: a Feistel network over the next power of
/// four, walked until it lands inside. This gives ranks and numbers that look shuffled, without a shuffled list.
pub(crate) fn permute(key: u64, size: u64, index: u64) -> u64 {
    if size < 2 || index >= size {
        return index;
    }
    let bits = 64 - (size - 1).leading_zeros();
    let half = bits.div_ceil(2);
    let mask = (1_u64 << half) - 1;
    let mut value = index;
    loop {
        let (mut left, mut right) = (value >> half, value & mask);
        for round in 0..4 {
            let next = left ^ (mix(right ^ mix(key.wrapping_add(round))) & mask);
            left = right;
            right = next;
        }
        value = (left << half) | right;
        if value < size {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn permute_visits_every_index_once() {
        for size in [1_u64, 2, 3, 10, 1000, 4097] {
            let seen: HashSet<u64> = (0..size).map(|index| permute(7, size, index)).collect();
            assert_eq!(u64::try_from(seen.len()).unwrap(), size);
            assert!(seen.iter().all(|value| *value < size));
        }
    }

    #[test]
    fn lognormal_amounts_have_the_median_and_the_spread_asked_for() {
        let mut rng = Rng::stream(1, 1, "test");
        let mut amounts: Vec<i64> = (0..20_001).map(|_| rng.lognormal(10_000, 50)).collect();
        amounts.sort_unstable();
        let median = amounts[10_000];
        assert!((9_800..10_200).contains(&median), "median {median}");
        // One sigma above the median is exp(0.5) = 1.6487 times it.
        let high = amounts[16_827];
        assert!((16_000..17_000).contains(&high), "84th percentile {high}");
        let mean = amounts.iter().sum::<i64>() / 20_001;
        // exp(sigma^2 / 2) = 1.133
        assert!((11_100..11_600).contains(&mean), "mean {mean}");
    }

    #[test]
    fn streams_of_one_product_differ_from_each_other() {
        let first = Rng::stream(1, 1, "title").next();
        assert_ne!(first, Rng::stream(1, 1, "price").next());
        assert_ne!(first, Rng::stream(1, 2, "title").next());
        assert_ne!(first, Rng::stream(2, 1, "title").next());
    }
}
