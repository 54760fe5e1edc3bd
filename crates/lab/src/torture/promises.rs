//! What is promised, and how often each promise was looked at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use tradepost_store::audit_rules::find_broken;
use tradepost_store::tally::{self, OrderTally};

use super::Torture;
use super::purchase::Purchase;
use super::report::PromiseReport;
use crate::LabError;

/// After the shop is ready, everything must be settled within this time.
pub(super) const SETTLED_WITHIN: Duration = Duration::from_secs(30);
/// After everything is settled, everybody must have been told within this time.
const TOLD_WITHIN: Duration = Duration::from_mins(2);
/// Broken promises that are told of each kind; the first ones say the most.
const TOLD_MAX: usize = 10;

/// Something that a merchant may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// No unit is sold twice.
    Stock,
    /// One order a click, a key and a cart.
    OneClick,
    /// What was confirmed is kept.
    Kept,
    /// Our books are the provider's.
    Books,
    /// Nobody pays twice.
    ChargedOnce,
    /// Coupons have their limits.
    Coupons,
    /// No more goes back than came.
    Refunds,
    /// Nobody waits for each other in a circle, and nobody is told of a fault of ours.
    NoFaults,
    /// Webhooks count once, in any order, and only from the provider.
    Webhooks,
    /// A provider in trouble is not our trouble.
    Provider,
    /// Search that is away is not the shop's end.
    Search,
    /// Those who buy are served before those who look around.
    Crowd,
    /// The shop comes back by itself.
    Recovers,
    /// The audit finds nothing.
    Rules,
    /// Who wants to know of an order is told.
    Told,
    /// Every point at which the process was to die was reached.
    Points,
}

impl Promise {
    /// In the words of a merchant.
    pub fn words(self) -> &'static str {
        match self {
            Self::Stock => "Nothing is sold that is not there",
            Self::OneClick => "One click is one order, however often it is repeated",
            Self::Kept => "A cart, order or payment that was confirmed to a buyer is never lost",
            Self::Books => "What Stripe took and gave back is what the shop's books say, order by order",
            Self::ChargedOnce => "Nobody is charged twice",
            Self::Coupons => "A coupon counts as often as it may, and no more",
            Self::Refunds => "No more is refunded than was asked for, and than was paid",
            Self::NoFaults => "Many buyers at once get orders or clear refusals, never errors or deadlocks",
            Self::Webhooks => "A message of Stripe counts once, in any order; a forged one never",
            Self::Provider => "A slow, failing or silent Stripe costs no order and does not stop the shop",
            Self::Search => "Without its search server the shop sells on and shows what it has",
            Self::Crowd => {
                "While a crowd asks for more than the shop can do, those who order and pay are served"
            }
            Self::Recovers => "After a crash the shop is ready within 5 s, and all is settled within 30 s",
            Self::Rules => "Every rule of stock, money and promotions holds (the shop's own audit)",
            Self::Told => {
                "Who wants to know of orders is told of every one, and a repetition can be known as one"
            }
            Self::Points => "The shop was killed at every named point of a purchase",
        }
    }
}

/// What was promised to one buyer.
#[derive(Debug, Clone)]
struct Confirmed {
    order: String,
    paid: bool,
}

/// The count of everything.
#[derive(Debug, Default)]
pub(super) struct Promises {
    looked: BTreeMap<Promise, u64>,
    broken: BTreeMap<Promise, Vec<String>>,
    confirmed: Vec<Confirmed>,
    /// Orders that buyers were told of.
    pub(super) orders: BTreeSet<String>,
    /// Orders of which more than one refund was asked for, with how many fit.
    pub(super) refunds: BTreeMap<String, usize>,
}

impl Promises {
    /// Looks at a promise; `say` tells how it was broken.
    pub(super) fn check(&mut self, promise: Promise, holds: bool, say: impl FnOnce() -> String) {
        *self.looked.entry(promise).or_insert(0) += 1;
        if !holds {
            self.broken.entry(promise).or_default().push(say());
        }
    }

    /// Takes in what a buyer was told.
    pub(super) fn take(&mut self, purchase: &Purchase, at: &str) {
        for surprise in &purchase.surprises {
            self.check(surprise.promise, false, || format!("{at}: {}", surprise.words));
        }
        let Some(placed) = &purchase.placed else { return };
        let is_new = self.orders.insert(placed.order.clone());
        self.check(Promise::OneClick, is_new, || {
            format!("{at}: two purchases were told the same order {}", placed.order)
        });
        self.confirmed.push(Confirmed { order: placed.order.clone(), paid: purchase.paid });
    }

    /// How often each promise that concerns these suites was looked at, and what broke it.
    pub(super) fn report(&self) -> Vec<PromiseReport> {
        let report = |(promise, looked): (&Promise, &u64)| {
            let broken = self.broken.get(promise).map_or(&[][..], Vec::as_slice);
            PromiseReport {
                promise: promise.words().to_owned(),
                looked: *looked,
                broken: u64::try_from(broken.len()).unwrap_or(u64::MAX),
                examples: broken.iter().take(TOLD_MAX).cloned().collect(),
            }
        };
        self.looked.iter().map(report).collect()
    }
}

impl Torture<'_> {
    /// Waits until both books agree; answers how long it took. What does not agree in time is a broken promise.
    pub(super) async fn settle(&mut self, at: &str) -> Result<Duration, LabError> {
        let begun = Instant::now();
        let mut differences = self.differences().await?;
        while !differences.is_empty() && begun.elapsed() < SETTLED_WITHIN {
            tokio::time::sleep(Duration::from_millis(100)).await;
            differences = self.differences().await?;
        }
        self.promises.check(Promise::Books, differences.is_empty(), || {
            let first = differences.first().cloned().unwrap_or_default();
            format!("{at}: {} orders differ from Stripe after 30 s: {first}", differences.len())
        });
        Ok(begun.elapsed())
    }

    /// Orders of which our books say something else than Stripe's.
    async fn differences(&self) -> Result<Vec<String>, LabError> {
        let tallies = self.tallies().await?;
        let mut takings = self.bed.stripe.takings_by_metadata("order_id");
        let mut differences = Vec::new();
        for (id, tally) in &tallies {
            let theirs = takings.remove(id).unwrap_or_default();
            if theirs.net != tally.booked {
                differences
                    .push(format!("order {id}: {} with Stripe, {} in the books", theirs.net, tally.booked));
            }
        }
        let lost = takings.iter().filter(|(_, theirs)| theirs.charges > 0);
        differences.extend(
            lost.map(|(id, theirs)| format!("Stripe took {} for {id}, which does not exist", theirs.net)),
        );
        Ok(differences)
    }

    /// Waits until every order was told of. A delivery that was in hand when a process died is sent again after 45 s.
    pub(super) async fn hear_of_all(&mut self) -> Result<(), LabError> {
        let begun = Instant::now();
        let mut unheard = self.unheard().await?;
        while !unheard.is_empty() && begun.elapsed() < TOLD_WITHIN {
            tokio::time::sleep(Duration::from_millis(200)).await;
            unheard = self.unheard().await?;
        }
        self.promises.check(Promise::Told, unheard.is_empty(), || {
            let first = unheard.first().cloned().unwrap_or_default();
            format!("{} orders were not told of, such as {first}", unheard.len())
        });
        for twice in self.bed.ears.told_twice() {
            self.promises.check(Promise::Told, false, || format!("told under two ids: {twice}"));
        }
        Ok(())
    }

    /// Orders that nobody was told of.
    async fn unheard(&self) -> Result<Vec<String>, LabError> {
        let heard = self.bed.ears.placed();
        Ok(self.tallies().await?.into_keys().filter(|id| !heard.contains(id)).collect())
    }

    async fn tallies(&self) -> Result<HashMap<String, OrderTally>, LabError> {
        let conn = self.bed.store().worker().conn().await?;
        let tallies = tally::orders(&conn).await?;
        Ok(tallies.into_iter().map(|tally| (tally.id.to_string(), tally)).collect())
    }

    /// Looks at everything that can be seen while nobody buys.
    pub(super) async fn look(&mut self, at: &str) -> Result<(), LabError> {
        let tallies = self.tallies().await?;
        for (id, theirs) in self.bed.stripe.takings_by_metadata("order_id") {
            self.promises.check(Promise::ChargedOnce, theirs.charges <= 1, || {
                format!("{at}: order {id} was charged {} times", theirs.charges)
            });
            self.promises.check(Promise::Refunds, theirs.net >= 0, || {
                format!("{at}: of order {id} more went back than came: {}", theirs.net)
            });
            let asked = self.promises.refunds.get(&id).copied().unwrap_or(1);
            self.promises.check(Promise::Refunds, theirs.refunds <= asked, || {
                format!("{at}: of order {id} {asked} refunds were asked for, Stripe made {}", theirs.refunds)
            });
        }
        let nobodys = tallies.keys().filter(|id| !self.promises.orders.contains(*id)).count();
        self.promises.check(Promise::OneClick, nobodys == 0, || {
            format!("{at}: {nobodys} orders were made that no buyer was told of")
        });
        for Confirmed { order, paid } in self.promises.confirmed.clone() {
            let tally = tallies.get(&order);
            let is_paid = |tally: &OrderTally| tally.booked > 0 || tally.payment_status.contains("refunded");
            let kept = tally.is_some_and(|tally| !paid || is_paid(tally));
            self.promises.check(Promise::Kept, kept, || match tally {
                None => format!("{at}: order {order} was confirmed to a buyer and is gone"),
                Some(tally) => {
                    format!("{at}: order {order} was paid, says its buyer; it is {}", tally.payment_status)
                }
            });
        }
        let conn = self.bed.store().worker().conn().await?;
        let sold: HashMap<String, i64> =
            tally::units(&conn).await?.into_iter().map(|(id, units)| (id.to_string(), units)).collect();
        for (variant, put) in &self.goods.put {
            let sold = sold.get(variant).copied().unwrap_or(0);
            self.promises.check(Promise::Stock, sold <= *put, || {
                format!("{at}: of {put} units of {variant}, {sold} were sold")
            });
        }
        // In this order: what is acknowledged while the shop is asked is no promise yet that this could see broken.
        let told = self.bed.stripe.acknowledged();
        let stored = tally::events(&conn).await?;
        let lost = told.difference(&stored).count();
        self.promises.check(Promise::Webhooks, lost == 0, || {
            format!("{at}: {lost} messages of Stripe were acknowledged and are not stored")
        });
        let broken = find_broken(&conn, self.bed.now()).await?;
        self.promises.check(Promise::Rules, broken.is_empty(), || {
            let first = broken.first().map(|broken| format!("{} of {}", broken.rule, broken.id));
            format!("{at}: {} rows break a rule: {}", broken.len(), first.unwrap_or_default())
        });
        Ok(())
    }
}
