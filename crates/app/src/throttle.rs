//! How often somebody may try: limits on what can be guessed (passwords, addresses) or told by anybody (what became of a
//! search), counted in this process.
//!
//! Each limit lets a burst through and then as many as its time gives back (GCRA). Names of accounts and addresses of
//! networks are told apart by buckets of their hash, so that no flood of names makes the counters grow; the hash is
//! salted, so that nobody can aim at another's bucket.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use tradepost_port::Clock;

/// Counters of one limit, at most.
const BUCKETS: u64 = 1 << 16;

/// Tried too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {retry_after_seconds} s")]
pub struct Throttled {
    /// When the next try is let through.
    pub retry_after_seconds: u64,
}

/// One limit: how long a try takes to be given back, how many may come at once, and when each bucket is empty again.
struct Limit {
    interval_ms: i64,
    burst_ms: i64,
    empty_at: Mutex<HashMap<u64, i64>>,
    clock: Arc<dyn Clock>,
    salt: RandomState,
}

impl Limit {
    fn new(count: i64, period: SignedDuration, clock: &Arc<dyn Clock>) -> Self {
        let interval_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX) / count.max(1);
        Self {
            interval_ms,
            burst_ms: interval_ms.saturating_mul(count - 1),
            empty_at: Mutex::default(),
            clock: clock.clone(),
            salt: RandomState::new(),
        }
    }

    fn check(&self, name: impl std::hash::Hash) -> Result<(), Throttled> {
        let bucket = self.salt.hash_one(name) % BUCKETS;
        let now = self.clock.now().as_millisecond();
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let empty_at = buckets.entry(bucket).or_insert(now);
        let next = now.max(*empty_at);
        let wait = next.saturating_sub(self.burst_ms).saturating_sub(now);
        if wait > 0 {
            let seconds = u64::try_from(wait / 1_000).unwrap_or_default();
            return Err(Throttled { retry_after_seconds: seconds.saturating_add(1) });
        }
        *empty_at = next.saturating_add(self.interval_ms);
        Ok(())
    }
}

/// The limits of a shop.
pub struct Throttle(Option<Limits>);

struct Limits {
    sign_in_account: Limit,
    sign_in_network: Limit,
    attempt_network: Limit,
    reset_account: Limit,
    reset_network: Limit,
    search_note_network: Limit,
    search_event_network: Limit,
}

impl fmt::Debug for Throttle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Throttle").field(&self.0.is_some()).finish()
    }
}

impl Throttle {
    /// The usual limits, or none at all where somebody else keeps them (or a test of load would measure nothing else).
    pub fn new(clock: &Arc<dyn Clock>, enabled: bool) -> Self {
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        Self(enabled.then(|| Limits {
            sign_in_account: Limit::new(5, minute, clock),
            sign_in_network: Limit::new(20, minute, clock),
            attempt_network: Limit::new(20, minute, clock),
            reset_account: Limit::new(3, hour, clock),
            reset_network: Limit::new(20, hour, clock),
            search_note_network: Limit::new(600, minute, clock),
            search_event_network: Limit::new(300, minute, clock),
        }))
    }

    /// A try of a password for the account with this address.
    pub fn sign_in(&self, email_key: &str, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.sign_in_network.check(network(ip))?;
        limits.sign_in_account.check(email_key)
    }

    /// A costly try of something that names no account: one to make, a token to guess.
    pub fn attempt(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.attempt_network.check(network(ip))
    }

    /// A search to be noted in the log: whoever searches more often is answered all the same.
    pub fn search_note(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.search_note_network.check(network(ip))
    }

    /// A request that tells what became of searches.
    pub fn search_event(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.search_event_network.check(network(ip))
    }

    /// A mail to the account with this address.
    pub fn reset(&self, email_key: &str, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.reset_network.check(network(ip))?;
        limits.reset_account.check(email_key)
    }
}

/// Whose address it is: one of IPv4, the first half of one of IPv6, which a household or a server has whole.
fn network(ip: Option<&str>) -> Option<IpAddr> {
    match ip?.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V6(ip) => Some(IpAddr::V6((ip.to_bits() >> 64 << 64).into())),
        four @ IpAddr::V4(_) => Some(four),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use tradepost_port::fake::FakeClock;

    fn throttle(enabled: bool) -> (Throttle, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::at("2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap()));
        let shared: Arc<dyn Clock> = clock.clone();
        (Throttle::new(&shared, enabled), clock)
    }

    #[test]
    fn an_account_has_five_tries_a_minute_wherever_they_come_from() {
        let (throttle, clock) = throttle(true);
        let try_from = |host: u8| throttle.sign_in("ada@example.com", Some(&format!("10.0.0.{host}")));
        for host in 0..5 {
            assert_eq!(try_from(host), Ok(()));
        }
        assert_eq!(try_from(6), Err(Throttled { retry_after_seconds: 13 }));
        clock.advance(SignedDuration::from_secs(12));
        assert_eq!(try_from(7), Ok(()));
        assert!(try_from(8).is_err());
    }

    #[test]
    fn a_network_has_twenty_tries_a_minute_whatever_it_tries() {
        let (throttle, _) = throttle(true);
        let try_for = |account: u32, ip: &str| throttle.sign_in(&account.to_string(), Some(ip));
        for account in 0..20 {
            assert_eq!(try_for(account, &format!("2001:db8::{account}")), Ok(()));
        }
        assert!(try_for(20, "2001:db8::ffff").is_err());
        assert_eq!(try_for(21, "2001:db8:0:1::1"), Ok(()));
    }

    #[test]
    fn three_mails_an_hour_and_no_limit_where_there_is_none() {
        let (limited, _) = throttle(true);
        for _ in 0..3 {
            assert_eq!(limited.reset("ada@example.com", None), Ok(()));
        }
        assert!(limited.reset("ada@example.com", None).unwrap_err().retry_after_seconds > 1_100);
        let (free, _) = throttle(false);
        assert!(
            (0..100).all(|_| free.sign_in("ada@example.com", None).is_ok() && free.attempt(None).is_ok())
        );
    }
}
