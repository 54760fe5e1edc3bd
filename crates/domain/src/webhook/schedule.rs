//! What follows from a try: the delivery is done, tried again by the schedule of Svix, or given up
//! (<https://docs.svix.com/retries>).

/// Seconds between a failure and the next try, by the number of tries that failed.
const DELAYS_SECONDS: [u32; 7] = [5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 10 * 3_600];
/// A delay grows by up to this share, so that what failed together does not come back together.
const JITTER_PERCENT: u64 = 10;

/// Failures in a row from which on an endpoint is tried with one delivery at a time.
pub const FAILURES_BEFORE_CAUTION: i64 = 5;
/// An endpoint that took nothing for so long is disabled.
pub const FAILING_DAYS_MAX: i64 = 5;
/// Failed tries of one delivery before it may be what disables its endpoint: one bad moment after a quiet week is no
/// reason.
pub const TRIES_BEFORE_DISABLING: u32 = 3;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its first try.
    Pending,
    /// Its last try failed, and there is another to come.
    Failed,
    /// It was taken.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Failed, Self::Delivered, Self::Dead];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Why an endpoint is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledReason {
    /// Staff want it so.
    Staff,
    /// It answered 410 Gone.
    Gone,
    /// It took nothing for days.
    Failing,
}

impl DisabledReason {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// What follows from a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The delivery was taken.
    Delivered,
    /// It is tried again after so many milliseconds.
    Again {
        /// Milliseconds from now.
        delay_ms: u64,
    },
    /// It was the last try.
    GiveUp,
    /// The endpoint wants nothing any more.
    Gone,
}

/// Judges a try: `status` is that of the answer if there was one, `tries` counts this one, `chance` is any number.
pub fn judge(status: Option<u16>, tries: u32, chance: u64) -> Verdict {
    match status {
        Some(200..=299) => return Verdict::Delivered,
        Some(410) => return Verdict::Gone,
        _ => {}
    }
    let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(seconds) = DELAYS_SECONDS.get(place) else { return Verdict::GiveUp };
    let delay_ms = u64::from(*seconds) * 1_000;
    let jitter_ms = chance % (delay_ms * JITTER_PERCENT / 100 + 1);
    Verdict::Again { delay_ms: delay_ms + jitter_ms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn failures_are_tried_again_seven_times_over_a_day() {
        let delays: Vec<Verdict> = (1..=8).map(|tries| judge(Some(500), tries, 0)).collect();
        let again = |seconds: u64| Verdict::Again { delay_ms: seconds * 1_000 };
        let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(again);
        assert_eq!(delays.get(..7), Some(&expected[..]));
        assert_eq!(delays.get(7), Some(&Verdict::GiveUp));
        assert_eq!(judge(None, 9, 1), Verdict::GiveUp);
    }

    #[test]
    fn success_is_2xx_alone_and_410_ends_it() {
        for status in [200, 204, 299] {
            assert_eq!(judge(Some(status), 8, 0), Verdict::Delivered);
        }
        assert_eq!(judge(Some(410), 1, 0), Verdict::Gone);
        for status in [100, 199, 300, 301, 404, 429, 500, 503] {
            assert!(matches!(judge(Some(status), 1, 0), Verdict::Again { .. }), "{status}");
        }
    }

    proptest! {
        #[test]
        fn jitter_is_a_tenth_at_most_and_never_early(tries in 1_u32..=7, chance: u64) {
            let Verdict::Again { delay_ms: bare } = judge(None, tries, 0) else { panic!("no delay") };
            let Verdict::Again { delay_ms } = judge(None, tries, chance) else { panic!("no delay") };
            prop_assert!((bare..=bare + bare / 10).contains(&delay_ms));
        }
    }
}
