//! How often somebody may try: limits on what can be guessed (passwords, addresses, coupons, numbers of cards), made by
//! the thousand (carts) or told by anybody (what became of a search), counted in this process.
//!
//! Each limit lets a burst through and then as many as its time gives back (GCRA). Names of accounts and addresses of
//! networks are told apart by buckets of their hash, so that no flood of names makes the counters grow; the hash is
//! salted, so that nobody can aim at another's bucket.
//!
//! What is left of the limits that a request met is told to its client, by whoever wraps it in [`noting_limits`].

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use tradepost_domain::kernel::ids::{CartId, PaymentId};
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

/// What is left of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Name of the limit, in snake case.
    pub limit: &'static str,
    /// Tries that it lets through in its time.
    pub quota: i64,
    /// Its time.
    pub window_seconds: i64,
    /// Tries that are left now.
    pub remaining: i64,
    /// When all of them are there again, or, with none left, one.
    pub reset_seconds: i64,
}

tokio::task_local! {
    static TIGHTEST: Cell<Option<Allowance>>;
}

/// Runs a request, and says what is left of the limit that it came closest to.
pub async fn noting_limits<F: Future>(request: F) -> (F::Output, Option<Allowance>) {
    let noted = async {
        let output = request.await;
        (output, TIGHTEST.with(Cell::get))
    };
    TIGHTEST.scope(Cell::new(None), noted).await
}

fn note(allowance: Allowance) {
    let _ = TIGHTEST.try_with(|tightest| {
        if tightest.get().is_none_or(|noted| allowance.remaining < noted.remaining) {
            tightest.set(Some(allowance));
        }
    });
}

/// How often what shoppers do is let through, a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopperLimits {
    /// Carts that a network makes.
    pub carts_network: u32,
    /// Coupons that are tried on a cart.
    pub coupons_cart: u32,
    /// Coupons that a network tries, on whatever cart.
    pub coupons_network: u32,
    /// Confirmations of a payment, each perhaps with another card.
    pub confirmations_payment: u32,
    /// Confirmations of a network, of whatever payment.
    pub confirmations_network: u32,
}

impl Default for ShopperLimits {
    fn default() -> Self {
        Self {
            carts_network: 120,
            coupons_cart: 10,
            coupons_network: 60,
            confirmations_payment: 20,
            confirmations_network: 120,
        }
    }
}

/// One limit: how long a try takes to be given back, how many may come at once, and when each bucket is empty again.
struct Limit {
    name: &'static str,
    quota: i64,
    interval_ms: i64,
    burst_ms: i64,
    empty_at: Mutex<HashMap<u64, i64>>,
    clock: Arc<dyn Clock>,
    salt: RandomState,
}

impl Limit {
    fn new(name: &'static str, count: u32, period: SignedDuration, clock: &Arc<dyn Clock>) -> Self {
        let count = i64::from(count);
        let interval_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX) / count.max(1);
        Self {
            name,
            quota: count,
            interval_ms,
            burst_ms: interval_ms.saturating_mul(count - 1),
            empty_at: Mutex::default(),
            clock: clock.clone(),
            salt: RandomState::new(),
        }
    }

    /// Counts a try, lets it through or not, and has its client told what is left.
    fn check(&self, name: impl std::hash::Hash) -> Result<(), Throttled> {
        let (checked, allowance) = self.count(name);
        note(allowance);
        checked
    }

    /// Counts a try, and says what is left.
    fn count(&self, name: impl std::hash::Hash) -> (Result<(), Throttled>, Allowance) {
        let bucket = self.salt.hash_one(name) % BUCKETS;
        let now = self.clock.now().as_millisecond();
        let mut buckets = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let empty_at = buckets.entry(bucket).or_insert(now);
        let next = now.max(*empty_at);
        let wait = next.saturating_sub(self.burst_ms).saturating_sub(now);
        if wait > 0 {
            let seconds = (wait / 1_000).saturating_add(1);
            let retry_after_seconds = u64::try_from(seconds).unwrap_or_default();
            return (Err(Throttled { retry_after_seconds }), self.allowance(0, seconds));
        }
        *empty_at = next.saturating_add(self.interval_ms);
        let used = empty_at.saturating_sub(now);
        let left = self.burst_ms.saturating_add(self.interval_ms).saturating_sub(used);
        let remaining = left / self.interval_ms.max(1);
        (Ok(()), self.allowance(remaining, used.saturating_add(999) / 1_000))
    }

    /// The same for a network. Who comes from this machine itself is the proxy or the shop's own server in front, and with it
    /// all of its shoppers: together they are no network.
    fn check_network(&self, ip: Option<&str>) -> Result<(), Throttled> {
        match network(ip) {
            Some(ip) if !ip.is_loopback() => self.check(ip),
            _ => Ok(()),
        }
    }

    fn allowance(&self, remaining: i64, reset_seconds: i64) -> Allowance {
        let window_seconds = self.interval_ms.saturating_mul(self.quota).saturating_add(999) / 1_000;
        Allowance { limit: self.name, quota: self.quota, window_seconds, remaining, reset_seconds }
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
    carts_network: Limit,
    coupons_cart: Limit,
    coupons_network: Limit,
    confirmations_payment: Limit,
    confirmations_network: Limit,
}

impl fmt::Debug for Throttle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Throttle").field(&self.0.is_some()).finish()
    }
}

impl Throttle {
    /// The usual limits and these, or none at all where somebody else keeps them (or a test of load would measure nothing
    /// else).
    pub fn new(clock: &Arc<dyn Clock>, shoppers: Option<ShopperLimits>) -> Self {
        let limit = |name, count, period| Limit::new(name, count, period, clock);
        let (minute, hour) = (SignedDuration::from_mins(1), SignedDuration::from_hours(1));
        Self(shoppers.map(|shoppers| Limits {
            sign_in_account: limit("sign_in_account", 5, minute),
            sign_in_network: limit("sign_in_network", 20, minute),
            attempt_network: limit("attempt_network", 20, minute),
            reset_account: limit("reset_account", 3, hour),
            reset_network: limit("reset_network", 20, hour),
            search_note_network: limit("search_note_network", 600, minute),
            search_event_network: limit("search_event_network", 300, minute),
            carts_network: limit("carts_network", shoppers.carts_network, minute),
            coupons_cart: limit("coupons_cart", shoppers.coupons_cart, minute),
            coupons_network: limit("coupons_network", shoppers.coupons_network, minute),
            confirmations_payment: limit("confirmations_payment", shoppers.confirmations_payment, minute),
            confirmations_network: limit("confirmations_network", shoppers.confirmations_network, minute),
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

    /// A search to be noted in the log: whoever searches more often is answered all the same, and so is told nothing of it.
    pub fn search_note(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.search_note_network.count(network(ip)).0
    }

    /// A request that tells what became of searches.
    pub fn search_event(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.search_event_network.check(network(ip))
    }

    /// A cart to be made.
    pub fn cart(&self, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.carts_network.check_network(ip)
    }

    /// A coupon tried on a cart: its code may be guessed.
    pub fn coupon(&self, cart: CartId, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.coupons_network.check_network(ip)?;
        limits.coupons_cart.check(cart)
    }

    /// A confirmation of a payment: whoever has a list of stolen cards finds out which of them work by paying.
    pub fn confirmation(&self, payment: PaymentId, ip: Option<&str>) -> Result<(), Throttled> {
        let Some(limits) = &self.0 else { return Ok(()) };
        limits.confirmations_network.check_network(ip)?;
        limits.confirmations_payment.check(payment)
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
        IpAddr::V6(ip) if ip.is_loopback() => Some(IpAddr::V6(ip)),
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
        (Throttle::new(&shared, enabled.then(ShopperLimits::default)), clock)
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

    #[test]
    fn what_comes_from_this_machine_is_everybodys_and_no_network() {
        let (throttle, _) = throttle(true);
        for ip in [None, Some("127.0.0.1"), Some("::1"), Some("::ffff:127.0.0.1")] {
            assert!((0..200).all(|_| throttle.cart(ip).is_ok()), "{ip:?}");
        }
        let from_elsewhere = (0..200).filter(|_| throttle.cart(Some("192.0.2.1")).is_ok()).count();
        assert_eq!(from_elsewhere, 120);
    }
}
