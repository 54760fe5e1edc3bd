//! Chance that comes again: the same seed makes the same choices. What it cannot make come again is the order in which
//! the machine runs what happens at the same time.

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and more than even enough for choices.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// Chance from a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another chance that depends on this one.
    pub(super) fn split(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        let span = most.saturating_sub(least).saturating_add(1);
        least.saturating_add(self.next().checked_rem(span).unwrap_or(0))
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(of.len()).ok()?.checked_sub(1)?;
        of.get(usize::try_from(self.between(0, last)).ok()?)
    }

    /// A key that nobody else has: 128 bits.
    pub(super) fn key(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices_within_their_bounds() {
        let choices = |seed| {
            let mut rng = Rng::new(seed);
            (0..200).map(|_| rng.between(3, 7)).collect::<Vec<_>>()
        };
        assert_eq!(choices(1), choices(1));
        assert_ne!(choices(1), choices(2));
        assert!((3..=7).all(|number| choices(1).contains(&number)));
        assert!(choices(1).iter().all(|number| (3..=7).contains(number)));
    }
}
