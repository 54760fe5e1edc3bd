//! How often somebody may try: limits on what can be guessed (passwords, addresses), counted in this process.
//!
//! Each limit lets a burst through and then as many as its time gives back (GCRA). Names of accounts and addresses of
//! networks are told apart by buckets of their hash, so that no flood of names makes the counters grow; the hash is
//! salted, so that nobody can aim at another's bucket.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
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

/// The shop's clock as the time since 1970.
#[derive(Clone)]
struct ShopClock(Arc<dyn Clock>);

impl GovernorClock for ShopClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().as_millisecond()).unwrap_or_default())
    }
}

type Counters = RateLimiter<u64, HashMapStateStore<u64>, ShopClock, NoOpMiddleware<Duration>>;

struct Limit {
    counters: Counters,
    clock: ShopClock,
    salt: RandomState,
}

impl Limit {
    fn new(count: u32, period: Duration, clock: &ShopClock) -> Self {
        let burst = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(period / burst.get()).unwrap_or_else(|| Quota::per_second(burst));
        let counters = RateLimiter::hashmap_with_clock(quota.allow_burst(burst), clock.clone());
        Self { counters, clock: clock.clone(), salt: RandomState::new() }
    }

    fn check(&self, name: impl std::hash::Hash) -> Result<(), Throttled> {
        let bucket = self.salt.hash_one(name) % BUCKETS;
        self.counters.check_key(&bucket).map_err(|not_until| {
            let wait: Duration = not_until.earliest_possible().duration_since(self.clock.now()).into();
            Throttled { retry_after_seconds: wait.as_secs().saturating_add(1) }
        })
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
}

impl fmt::Debug for Throttle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Throttle").field(&self.0.is_some()).finish()
    }
}

impl Throttle {
    /// The usual limits, or none at all where somebody else keeps them (or a test of load would measure nothing else).
    pub fn new(clock: Arc<dyn Clock>, enabled: bool) -> Self {
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        let clock = ShopClock(clock);
        Self(enabled.then(|| Limits {
            sign_in_account: Limit::new(5, minute, &clock),
            sign_in_network: Limit::new(20, minute, &clock),
            attempt_network: Limit::new(20, minute, &clock),
            reset_account: Limit::new(3, hour, &clock),
            reset_network: Limit::new(20, hour, &clock),
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
    use jiff::{SignedDuration, Timestamp};
    use tradepost_port::fake::FakeClock;

    fn throttle(enabled: bool) -> (Throttle, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::at("2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap()));
        (Throttle::new(clock.clone(), enabled), clock)
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
