//! Many at once: the suite in which everybody wants the same, at the same moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::Barrier;
use tradepost_store::tally;

use super::client::{Call, Reply, until_answered};
use super::promises::Promise;
use super::purchase::{Purchase, Stage, Wish};
use super::{Told, Torture};
use crate::LabError;

/// How long all of a race may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// The statistics of the database are that much behind.
const STATISTICS_LAG: Duration = Duration::from_millis(1_500);

impl Torture<'_> {
    /// All races.
    pub(super) async fn races(&mut self, told: Told<'_>) -> Result<(), LabError> {
        let races = 7;
        told("200 buyers for 50 units", 0, races);
        self.limited_stock(200, 50).await?;
        told("the same click ten times", 1, races);
        self.double_click().await?;
        told("the same cart from ten devices", 2, races);
        self.same_cart().await?;
        told("a coupon for one, ten want it", 3, races);
        self.coupon(1, 10).await?;
        told("a coupon for twenty, fifty want it", 4, races);
        self.coupon(20, 50).await?;
        told("refunds that are too much together", 5, races);
        self.refunds().await?;
        told("carts of three in any order", 6, races);
        self.any_order().await?;
        self.settle("races").await?;
        self.look("races").await
    }

    /// Takes purchases to their end, so many at a time; what is not over when time is up is a broken promise.
    pub(super) async fn finish_all(
        &mut self,
        purchases: Vec<Purchase>,
        at: &str,
        promise: Promise,
    ) -> Result<Vec<Purchase>, LabError> {
        let done = self.take_on(purchases, self.plan.clients, PATIENCE).await?;
        for purchase in &done {
            self.promises.check(promise, purchase.is_over(), || {
                format!("{at}: a buyer still waits after {} s, at {:?}", PATIENCE.as_secs(), purchase.stage)
            });
            self.promises.take(purchase, at);
        }
        Ok(done)
    }

    /// Takes purchases on by so many clients until they are over or the patience is.
    pub(super) async fn take_on(
        &self,
        purchases: Vec<Purchase>,
        clients: usize,
        patience: Duration,
    ) -> Result<Vec<Purchase>, LabError> {
        let until = Instant::now() + patience;
        let waiting = Arc::new(std::sync::Mutex::new(purchases));
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                let (waiting, mut client, staff) = (waiting.clone(), self.bed.client(), self.bed.staff_key());
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    loop {
                        let next = waiting.lock().ok().and_then(|mut waiting| waiting.pop());
                        let Some(mut purchase) = next else { return done };
                        purchase.go_on(&mut client, &staff, until).await;
                        done.push(purchase);
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.map_err(std::io::Error::other)?);
        }
        Ok(all)
    }

    /// Fills carts, so that what is raced for is the order.
    async fn with_carts(&self, mut purchases: Vec<Purchase>) -> Result<Vec<Purchase>, LabError> {
        let (mut client, staff) = (self.bed.client(), self.bed.staff_key());
        for purchase in &mut purchases {
            let until = Instant::now() + PATIENCE;
            while purchase.stage == Stage::Cart && Instant::now() < until {
                purchase.send_next(&mut client, &staff).await;
            }
            if purchase.cart.is_none() {
                return Err(LabError::Preparation(format!("a cart could not be made: {:?}", purchase.stage)));
            }
        }
        Ok(purchases)
    }

    /// Releases all at the same moment, each on a connection of its own, and takes each to its end.
    async fn at_once(&mut self, purchases: Vec<Purchase>, at: &str) -> Result<Vec<Purchase>, LabError> {
        let purchases = self.with_carts(purchases).await?;
        let barrier = Arc::new(Barrier::new(purchases.len()));
        let until = Instant::now() + PATIENCE;
        let buyers: Vec<_> = purchases
            .into_iter()
            .map(|mut purchase| {
                let (barrier, mut client, staff) = (barrier.clone(), self.bed.client(), self.bed.staff_key());
                tokio::spawn(async move {
                    let _ = client.connect().await;
                    barrier.wait().await;
                    purchase.go_on(&mut client, &staff, until).await;
                    purchase
                })
            })
            .collect();
        let mut done = Vec::with_capacity(buyers.len());
        for buyer in buyers {
            let purchase = buyer.await.map_err(std::io::Error::other)?;
            self.promises.check(Promise::NoFaults, purchase.is_over() && purchase.faults == 0, || {
                format!("{at}: a buyer is at {:?}, with {} errors 500", purchase.stage, purchase.faults)
            });
            done.push(purchase);
        }
        Ok(done)
    }

    async fn limited_stock(&mut self, buyers: usize, units: usize) -> Result<(), LabError> {
        let article = self.goods.make(&self.bed, 1_990, i64::try_from(units).unwrap_or(0)).await?;
        let line = [(article.variant, 1)];
        let purchases = (0..buyers).map(|_| Purchase::new(&line, Wish::Pay, &mut self.rng)).collect();
        let done = self.at_once(purchases, "limited stock").await?;
        let (bought, refused) = count(&done, "insufficient_stock");
        self.promises.check(Promise::Stock, (bought, refused) == (units, buyers - units), || {
            format!("{buyers} buyers for {units} units: {bought} orders, {refused} told that it is sold out")
        });
        for purchase in &done {
            self.promises.take(purchase, "limited stock");
        }
        Ok(())
    }

    /// Sends the same calls at the same moment, each until it is answered for good.
    async fn repeat_at_once(&self, calls: Vec<Call>) -> Result<Vec<Reply>, LabError> {
        let barrier = Arc::new(Barrier::new(calls.len()));
        let until = Instant::now() + PATIENCE;
        let senders: Vec<_> = calls
            .into_iter()
            .map(|call| {
                let (barrier, mut client) = (barrier.clone(), self.bed.client());
                tokio::spawn(async move {
                    let _ = client.connect().await;
                    barrier.wait().await;
                    until_answered(&mut client, &call, until).await
                })
            })
            .collect();
        let mut replies = Vec::with_capacity(senders.len());
        for sender in senders {
            replies.push(sender.await.map_err(std::io::Error::other)??);
        }
        Ok(replies)
    }

    async fn one_cart(&mut self) -> Result<Purchase, LabError> {
        let article = self.goods.make(&self.bed, 2_500, 100).await?;
        let purchase = Purchase::new(&[(article.variant, 2)], Wish::LeaveUnpaid, &mut self.rng);
        let mut purchases = self.with_carts(vec![purchase]).await?;
        purchases.pop().ok_or_else(|| LabError::Preparation("no cart was made".to_owned()))
    }

    async fn double_click(&mut self) -> Result<(), LabError> {
        let purchase = self.one_cart().await?;
        let calls = vec![purchase.order_call(); 10].into_iter().flatten().collect();
        let replies = self.repeat_at_once(calls).await?;
        let first = replies.first().map(|reply| reply.text("/order/id").to_owned()).unwrap_or_default();
        self.promises.orders.insert(first.clone());
        let same = |reply: &Reply| reply.status == 201 && reply.text("/order/id") == first;
        let (equal, fresh) = (
            !first.is_empty() && replies.iter().all(same),
            replies.iter().filter(|reply| !reply.replayed).count(),
        );
        self.promises.check(Promise::OneClick, equal && fresh == 1, || {
            format!("ten equal clicks: {:?}", told_apart(&replies))
        });
        Ok(())
    }

    async fn same_cart(&mut self) -> Result<(), LabError> {
        let mut purchase = self.one_cart().await?;
        let calls = (0..10).filter_map(|_| purchase.another_device().order_call()).collect();
        let replies = self.repeat_at_once(calls).await?;
        let ordered: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 201).collect();
        self.promises.orders.extend(ordered.iter().map(|reply| reply.text("/order/id").to_owned()));
        let refused =
            replies.iter().filter(|reply| reply.status == 409 && reply.code() == "cart_closed").count();
        self.promises.check(Promise::OneClick, (ordered.len(), refused) == (1, 9), || {
            format!("one cart from ten devices: {:?}", told_apart(&replies))
        });
        Ok(())
    }

    async fn coupon(&mut self, limit: usize, buyers: usize) -> Result<(), LabError> {
        let article = self.goods.make(&self.bed, 2_000, 1_000).await?;
        let (name, code) = (format!("torture-{limit}"), format!("TORTURE{limit}"));
        let promotion = json!({
            "name": name, "handle": name, "requires_coupon": true, "combines": "none", "priority": 100,
            "effect": {"percentage": {"level": "order", "bps": 1_000}},
        });
        let promotion = self.bed.prepare("/api/admin/promotions", promotion).await?;
        let path = format!("/api/admin/promotions/{}/coupons", promotion.text("/id"));
        self.bed.prepare(&path, json!({"code": code, "usage_limit": limit})).await?;
        let line = [(article.variant, 1)];
        let purchases =
            (0..buyers).map(|_| Purchase::new(&line, Wish::Pay, &mut self.rng).with_coupon(&code)).collect();
        let done = self.at_once(purchases, "coupon").await?;
        let cheaper =
            |purchase: &&Purchase| purchase.placed.as_ref().is_some_and(|placed| placed.discount > 0);
        let cheaper = done.iter().filter(cheaper).count();
        self.promises.check(Promise::Coupons, cheaper == limit, || {
            format!("a coupon for {limit}: {cheaper} of {buyers} orders were cheaper")
        });
        for purchase in &done {
            self.promises.take(purchase, "coupon");
        }
        Ok(())
    }

    /// An order of 100.00 that is paid.
    async fn paid_order(&mut self) -> Result<String, LabError> {
        let article = self.goods.make(&self.bed, 10_000, 1).await?;
        let purchase = Purchase::new(&[(article.variant, 1)], Wish::Pay, &mut self.rng);
        let done = self.finish_all(vec![purchase], "an order to refund", Promise::NoFaults).await?;
        let placed = done.first().and_then(|purchase| purchase.placed.as_ref());
        let placed = placed.ok_or_else(|| LabError::Preparation("nothing could be ordered".to_owned()))?;
        Ok(placed.order.clone())
    }

    async fn refunds(&mut self) -> Result<(), LabError> {
        for (calls, amount, fit) in [(2, 6_000, 1), (200, 700, 14)] {
            let order = self.paid_order().await?;
            self.promises.refunds.insert(order.clone(), fit);
            let refund = |key: String| {
                let body: Value = json!({
                    "amount": {"amount": amount, "currency": "EUR"}, "reason": "torture",
                });
                let call = Call::post(format!("/api/admin/orders/{order}/refunds"), body);
                self.bed.as_staff(call).any_version().once(&key)
            };
            let keys: Vec<String> = (0..calls).map(|_| self.rng.key()).collect();
            let calls: Vec<Call> = keys.into_iter().map(refund).collect();
            let replies = self.repeat_at_once(calls).await?;
            let done = replies.iter().filter(|reply| reply.status == 201).count();
            self.promises.check(Promise::Refunds, done == fit, || {
                format!(
                    "refunds of {amount} of 10000: {fit} fit, {done} were taken: {:?}",
                    told_apart(&replies)
                )
            });
        }
        Ok(())
    }

    async fn any_order(&mut self) -> Result<(), LabError> {
        let before = self.deadlocks().await?;
        let mut articles = Vec::new();
        for price in [300, 400, 500, 600, 700] {
            articles.push(self.goods.make(&self.bed, price, 10_000).await?);
        }
        let mut purchases = Vec::new();
        for _ in 0..self.plan.clients * 25 {
            let mut lines: Vec<(String, u64)> = Vec::new();
            while lines.len() < 3 {
                let Some(article) = self.rng.pick(&articles) else { break };
                if lines.iter().all(|(variant, _)| *variant != article.variant) {
                    lines.push((article.variant.clone(), 1));
                }
            }
            purchases.push(Purchase::new(&lines, Wish::LeaveUnpaid, &mut self.rng));
        }
        let wanted = purchases.len();
        let done = self.finish_all(purchases, "carts of three", Promise::NoFaults).await?;
        let (bought, faults) = (count(&done, "").0, done.iter().map(|purchase| purchase.faults).sum::<u32>());
        self.promises.check(Promise::NoFaults, bought == wanted && faults == 0, || {
            format!("carts of three in any order: {bought} of {wanted} orders, {faults} errors 500")
        });
        tokio::time::sleep(STATISTICS_LAG).await;
        let deadlocks = self.deadlocks().await? - before;
        self.promises.check(Promise::NoFaults, deadlocks == 0, || {
            format!("carts of three in any order: the database had to break {deadlocks} deadlocks")
        });
        Ok(())
    }

    async fn deadlocks(&self) -> Result<i64, LabError> {
        Ok(tally::deadlocks(&*self.bed.store().worker().conn().await?).await?)
    }
}

/// Orders, and refusals with a code.
fn count(done: &[Purchase], code: &str) -> (usize, usize) {
    let ordered = done.iter().filter(|purchase| purchase.placed.is_some()).count();
    (ordered, done.iter().filter(|purchase| purchase.stage == Stage::Refused(code.to_owned())).count())
}

/// Answers by kind, with how many there were of each.
fn told_apart(replies: &[Reply]) -> std::collections::BTreeMap<String, usize> {
    let mut kinds = std::collections::BTreeMap::new();
    for reply in replies {
        let kind = format!("{} {}{}", reply.status, reply.code(), reply.text("/order/id"));
        *kinds.entry(kind).or_insert(0) += 1;
    }
    kinds
}
