//! `kill -9`, again and again: at any moment, at every named point of a purchase, and of the database itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tradepost_fakestripe::{Fault, Step, Trouble};

use super::client::until_answered;
use super::promises::{Promise, SETTLED_WITHIN};
use super::purchase::{Purchase, Sent, Wish};
use super::report::KillCount;
use super::rng::Rng;
use super::{Told, Torture, TorturePlan};
use crate::LabError;

/// The shop must be ready within this time.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(5);
/// So long a planned end is waited for; then the shop is killed where it is.
const POINT_PATIENCE: Duration = Duration::from_secs(6);
/// Every so many rounds the database dies instead of the shop.
const DATABASE_EVERY: u32 = 10;
/// The latest hit of a point at which the process ends.
const HITS_MAX: u64 = 8;
/// The same of the points at the provider: asked to pay, to charge and to refund, and a kill is to meet each of them.
const PROVIDER_HITS_MAX: u64 = 24;
/// Purchases whose order is sent once more in each round although it was answered.
const REPEATS: usize = 8;

/// What the rounds came to.
#[derive(Debug, Default)]
pub(super) struct Kills {
    points: BTreeMap<&'static str, (u32, u32)>,
    random: u32,
    database: u32,
    /// Milliseconds until ready, and until settled, a round.
    pub(super) ready_ms: Vec<u64>,
    pub(super) settled_ms: Vec<u64>,
    pub(super) unanswered: u64,
    pub(super) put_off: u64,
}

/// How a round's shop dies.
#[derive(Debug, Clone)]
enum End {
    Random,
    Point(&'static str, u64),
    Database,
}

impl Kills {
    pub(super) fn new(plan: &TorturePlan) -> Self {
        let points = plan.crash_points.iter().map(|point| (*point, (0, 0))).collect();
        Self { points, ..Self::default() }
    }

    /// How often each end was planned and came.
    pub(super) fn counts(&self) -> Vec<KillCount> {
        let count = |name: &str, planned, hit| KillCount { at: name.to_owned(), planned, hit };
        let points = self.points.iter().map(|(name, (planned, hit))| count(name, *planned, *hit));
        let others = [
            count("any moment", self.random, self.random),
            count("the database itself", self.database, self.database),
        ];
        points.chain(others).filter(|count| count.planned > 0).collect()
    }
}

/// Buyers who buy until they are stopped or nobody answers.
pub(super) struct Buying {
    over: Arc<AtomicBool>,
    buyers: Vec<JoinHandle<Vec<Purchase>>>,
}

impl Buying {
    /// Stops them; all their purchases, over or not.
    pub(super) async fn stop(self) -> Result<Vec<Purchase>, LabError> {
        self.over.store(true, Ordering::Relaxed);
        let mut purchases = Vec::new();
        for buyer in self.buyers {
            purchases.extend(buyer.await.map_err(std::io::Error::other)?);
        }
        Ok(purchases)
    }
}

impl Torture<'_> {
    /// All rounds.
    pub(super) async fn kill_rounds(&mut self, told: Told<'_>) -> Result<(), LabError> {
        let rounds = self.plan.rounds;
        for round in 0..rounds {
            told("kill -9", u64::from(round), u64::from(rounds));
            let end = self.choose_end(round);
            let at = format!("round {round} ({end:?})");
            match end {
                End::Database => {
                    let ready = self.database_round(&at).await?;
                    self.kills.database += 1;
                    self.kills.ready_ms.push(millis(ready));
                }
                End::Random | End::Point(..) => self.kill_round(&end, &at).await?,
            }
        }
        let missed: Vec<&str> =
            self.kills.points.iter().filter(|(_, (_, hit))| *hit == 0).map(|(name, _)| *name).collect();
        // A run that is too short for all of them says so by its counts, and promises nothing.
        let enough = self.kills.points.values().all(|(planned, _)| *planned > 1);
        if enough {
            self.promises.check(Promise::Points, missed.is_empty(), || format!("never reached: {missed:?}"));
        }
        Ok(())
    }

    /// The points in turn, any moment after each turn of them, and every tenth round the database.
    fn choose_end(&mut self, round: u32) -> End {
        if round % DATABASE_EVERY == DATABASE_EVERY - 1 {
            return End::Database;
        }
        let points = &self.plan.crash_points;
        let turn = usize::try_from(round - round / DATABASE_EVERY).unwrap_or(0) % (points.len() + 1);
        match points.get(turn) {
            Some(point) if is_at_provider(point) => End::Point(point, self.rng.between(1, PROVIDER_HITS_MAX)),
            Some(point) => End::Point(point, self.rng.between(1, HITS_MAX)),
            None => End::Random,
        }
    }

    /// Buyers who buy whatever there is, as many as the plan says, each with this wish or any.
    pub(super) fn start_buying(&mut self, wish: Option<Wish>) -> Buying {
        let over = Arc::new(AtomicBool::new(false));
        let buyers = (0..self.plan.clients).map(|_| {
            let (over, mut client, staff) = (over.clone(), self.bed.client(), self.bed.staff_key());
            let (mut rng, articles) = (self.rng.split(), self.goods.shelf.clone());
            tokio::spawn(async move {
                let mut purchases = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let Some(mut purchase) = any_purchase(&articles, wish, &mut rng) else { break };
                    let mut sent = Sent::Moved;
                    while !purchase.is_over() && sent != Sent::NoAnswer && !over.load(Ordering::Relaxed) {
                        sent = purchase.send_next(&mut client, &staff).await;
                        if sent == Sent::ComeAgain {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                    purchases.push(purchase);
                    if sent == Sent::NoAnswer {
                        break;
                    }
                }
                purchases
            })
        });
        Buying { buyers: buyers.collect(), over: over.clone() }
    }

    async fn kill_round(&mut self, end: &End, at: &str) -> Result<(), LabError> {
        self.goods.deliver(&self.bed).await?;
        let plan = match end {
            End::Point(point, hit) => Some(format!("{point}:{hit}")),
            End::Random | End::Database => None,
        };
        if let Some(plan) = &plan {
            if plan.starts_with("after_provider_request") {
                // Stripe thinks for a moment, so that a request of ours can be under way.
                for step in [Step::Create, Step::Confirm, Step::Refund] {
                    let trouble = Trouble::Slow(Duration::from_millis(40));
                    self.bed.stripe.script(Fault { step, trouble, times: 50 });
                }
            }
            self.bed.start_shop(Some(plan)).await?;
        }
        let at_provider = plan.as_deref().is_some_and(is_at_provider);
        let buying = self.start_buying(at_provider.then_some(Wish::PayAndReturn));
        let by_itself = self.until_the_end(plan.is_some()).await?;
        self.bed.kill_shop()?;
        let purchases = buying.stop().await?;
        self.bed.stripe.forgive();
        match end {
            End::Point(point, _) => {
                let count = self.kills.points.entry(point).or_default();
                *count = (count.0 + 1, count.1 + u32::from(by_itself));
            }
            End::Random | End::Database => self.kills.random += 1,
        }
        let ready = self.bed.start_shop(None).await?;
        self.promises.check(Promise::Recovers, ready < READY_WITHIN, || {
            format!("{at}: the shop was ready after {} ms", ready.as_millis())
        });
        self.kills.ready_ms.push(millis(ready));
        self.recover(purchases, at).await
    }

    /// Waits for the moment of the kill; whether the shop had ended by itself.
    async fn until_the_end(&mut self, planned: bool) -> Result<bool, LabError> {
        if !planned {
            let moment = self.rng.between(300, 800);
            tokio::time::sleep(Duration::from_millis(moment)).await;
            return Ok(false);
        }
        let begun = Instant::now();
        while begun.elapsed() < POINT_PATIENCE {
            if self.bed.has_ended()? {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(false)
    }

    /// The shop is back: every buyer goes on with the same keys, and then everything is looked at.
    pub(super) async fn recover(&mut self, purchases: Vec<Purchase>, at: &str) -> Result<(), LabError> {
        let begun = Instant::now();
        let (over, open): (Vec<_>, Vec<_>) = purchases.into_iter().partition(Purchase::is_over);
        let mut all = self.take_on(open, self.plan.clients, SETTLED_WITHIN).await?;
        for purchase in &all {
            self.promises.check(Promise::Recovers, purchase.is_over(), || {
                format!("{at}: a buyer still waits after 30 s, at {:?}", purchase.stage)
            });
        }
        all.extend(over);
        self.repeat_some(&all, at).await?;
        for purchase in &all {
            self.kills.unanswered += u64::from(purchase.unanswered);
            self.kills.put_off += u64::from(purchase.put_off);
            self.promises.take(purchase, at);
        }
        self.settle(at).await?;
        let settled = begun.elapsed();
        self.promises.check(Promise::Recovers, settled < SETTLED_WITHIN, || {
            format!("{at}: it took {} ms until all was settled", settled.as_millis())
        });
        self.kills.settled_ms.push(millis(settled));
        self.look(at).await
    }

    /// Buyers who were told of an order send it once more with its key: they must be told of the same order.
    async fn repeat_some(&mut self, purchases: &[Purchase], at: &str) -> Result<(), LabError> {
        let mut client = self.bed.client();
        let until = Instant::now() + SETTLED_WITHIN;
        let told = purchases
            .iter()
            .rev()
            .filter_map(|purchase| Some((purchase.order_call()?, purchase.placed.as_ref()?)));
        for (call, placed) in told.take(REPEATS) {
            let reply = until_answered(&mut client, &call, until).await?;
            let same = reply.status == 201 && reply.text("/order/id") == placed.order;
            self.promises.check(Promise::OneClick, same && reply.replayed, || {
                format!(
                    "{at}: order {} sent once more was answered {} {}",
                    placed.order, reply.status, reply.body
                )
            });
        }
        Ok(())
    }
}

/// Whether a point is met once for each call of the provider.
fn is_at_provider(point: &str) -> bool {
    point.starts_with("after_provider_")
}

fn any_purchase(shelf: &[super::goods::Article], wish: Option<Wish>, rng: &mut Rng) -> Option<Purchase> {
    let mut lines: Vec<(String, u64)> = Vec::new();
    for _ in 0..rng.between(1, 3) {
        let article = rng.pick(shelf)?;
        if lines.iter().all(|(variant, _)| *variant != article.variant) {
            lines.push((article.variant.clone(), rng.between(1, 2)));
        }
    }
    let wish = wish.unwrap_or(match rng.between(1, 10) {
        1 => Wish::LeaveUnpaid,
        2..=4 => Wish::PayAndReturn,
        _ => Wish::Pay,
    });
    Some(Purchase::new(&lines, wish, rng))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
