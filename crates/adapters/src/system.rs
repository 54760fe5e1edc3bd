//! The machine's clock and randomness: the only place that reads them.

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::atomic::{AtomicU64, Ordering};
use tradepost_port::{Clock, IdSource};
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that all others are injected from")]
        let now = Timestamp::now();
        // PostgreSQL keeps microseconds: what is written must read back equal.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// UUIDv7 (RFC 9562, section 5.7) and secrets from the operating system's random source.
///
/// Ids of one process never go back in time: a millisecond that was used is not left behind when the clock is set back.
#[derive(Debug, Default)]
pub struct RandomIds {
    random: OsRandom,
    last_millisecond: AtomicU64,
}

/// `SystemRandom` with the `Default` that the struct above derives.
#[derive(Debug)]
struct OsRandom(SystemRandom);

impl Default for OsRandom {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl RandomIds {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness no id or secret may be made: stopping is the only safe answer"
        )]
        self.random.0.fill(bytes).expect("the operating system's random source answers");
    }
}

impl IdSource for RandomIds {
    fn next_uuid(&self) -> Uuid {
        let now = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or_default();
        let last = self.last_millisecond.fetch_max(now, Ordering::Relaxed);
        let mut random = [0; 10];
        self.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(now.max(last), &random).into_uuid()
    }

    fn next_secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        self.fill(&mut secret);
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_of_version_7_and_never_repeat() {
        let ids = RandomIds::default();
        let drawn: BTreeSet<Uuid> = (0..1_000).map(|_| ids.next_uuid()).collect();
        assert_eq!(drawn.len(), 1_000);
        assert!(drawn.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn the_clock_keeps_what_the_database_can_keep() {
        assert_eq!(SystemClock.now().subsec_nanosecond() % 1_000, 0);
    }
}
