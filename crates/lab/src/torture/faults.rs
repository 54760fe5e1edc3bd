//! A payment provider that is slow, fails, loses its answers, is silent, repeats itself, or is somebody else.

use std::time::{Duration, Instant};

use serde_json::json;
use tradepost_fakestripe::{DeliveryPlan, Fault, SignedWebhook, Step, Trouble};
use tradepost_store::tally;

use super::client::Call;
use super::promises::Promise;
use super::purchase::{Purchase, Stage, Wish};
use super::{Told, Torture};
use crate::LabError;

/// A request that asks Stripe waits eight seconds for it at most; the rest is for a busy machine.
const BOUNDED: Duration = Duration::from_secs(12);
/// Shoppers who only look must not notice.
const PAGE_WITHIN: Duration = Duration::from_secs(2);
/// Buyers of one fault.
const BUYERS: usize = 12;

impl Torture<'_> {
    /// All faults.
    pub(super) async fn faults(&mut self, told: Told<'_>) -> Result<(), LabError> {
        let faults = 8;
        for (done, (what, step, trouble)) in [
            ("Stripe charges and its answer is lost", Step::Confirm, Trouble::DropAfter),
            ("Stripe makes a payment and its answer is lost", Step::Create, Trouble::DropAfter),
            ("Stripe charges and says 500", Step::Confirm, Trouble::FailAfter),
            ("Stripe hangs up before it does anything", Step::Confirm, Trouble::DropBefore),
        ]
        .into_iter()
        .enumerate()
        {
            told(what, u64::try_from(done).unwrap_or(0), faults);
            self.bed.stripe.script(Fault { step, trouble, times: 6 });
            self.buy_all(what, Promise::Provider).await?;
            self.bed.stripe.forgive();
        }
        told("Stripe takes ten seconds for everything", 4, faults);
        self.slow().await?;
        told("Stripe's messages come twice and the wrong way round", 5, faults);
        self.bed.deliver(DeliveryPlan::BackAndForth);
        self.buy_all("repeated messages", Promise::Webhooks).await?;
        told("Stripe's messages never come", 6, faults);
        self.silent().await?;
        told("somebody says that he is Stripe", 7, faults);
        self.forged().await?;
        self.look("faults").await
    }

    fn buyers(&mut self, wish: Wish) -> Vec<Purchase> {
        let articles = self.goods.shelf.clone();
        let mut buyers = Vec::with_capacity(BUYERS);
        while let (true, Some(article)) = (buyers.len() < BUYERS, self.rng.pick(&articles)) {
            buyers.push(Purchase::new(&[(article.variant.clone(), 1)], wish, &mut self.rng));
        }
        buyers
    }

    /// Everybody gets what they pay for, once, and both books agree afterwards.
    async fn buy_all(&mut self, at: &str, promise: Promise) -> Result<(), LabError> {
        self.goods.deliver(&self.bed).await?;
        let buyers = self.buyers(Wish::PayAndReturn);
        let done = self.finish_all(buyers, at, promise).await?;
        for purchase in &done {
            self.promises.check(promise, purchase.stage == Stage::Done, || {
                format!("{at}: a buyer could not pay: {:?}", purchase.stage)
            });
        }
        let took = self.settle(at).await?;
        self.promises.check(promise, took < super::promises::SETTLED_WITHIN, || {
            format!("{at}: it took {} s until the books agreed", took.as_secs())
        });
        Ok(())
    }

    async fn slow(&mut self) -> Result<(), LabError> {
        self.goods.deliver(&self.bed).await?;
        let slow = Trouble::Slow(Duration::from_secs(10));
        let times = u32::try_from(BUYERS).unwrap_or(0);
        self.bed.stripe.script(Fault { step: Step::Create, trouble: slow, times });
        let buyers = self.buyers(Wish::Pay);
        let (mut client, begun) = (self.bed.client(), Instant::now());
        let ordering = self.take_on(buyers, BUYERS, BOUNDED);
        let looking = async {
            let mut worst = Duration::ZERO;
            while begun.elapsed() < Duration::from_secs(7) {
                let asked = Instant::now();
                let page = client.send(&Call::get("/api/products?limit=20")).await?;
                if page.status != 200 {
                    worst = Duration::MAX;
                }
                worst = worst.max(asked.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok::<_, LabError>(worst)
        };
        let (done, worst) = tokio::join!(ordering, looking);
        let (done, worst) = (done?, worst?);
        let placed = done.iter().filter(|purchase| purchase.placed.is_some()).count();
        self.promises.check(Promise::Provider, placed == BUYERS, || {
            format!("slow Stripe: {placed} of {BUYERS} orders were answered within {} s", BOUNDED.as_secs())
        });
        self.promises.check(Promise::Provider, worst < PAGE_WITHIN, || {
            format!("slow Stripe: a page took {} ms", worst.as_millis())
        });
        self.bed.stripe.forgive();
        let done = self.finish_all(done, "slow Stripe", Promise::Provider).await?;
        for purchase in &done {
            self.promises.check(Promise::Provider, purchase.paid, || {
                format!("slow Stripe: a buyer could not pay: {:?}", purchase.stage)
            });
        }
        self.settle("slow Stripe").await.map(drop)
    }

    async fn silent(&mut self) -> Result<(), LabError> {
        self.bed.deliver(DeliveryPlan::Never);
        self.bed.stripe.script(Fault { step: Step::Confirm, trouble: Trouble::DropAfter, times: 6 });
        self.buy_all("silent Stripe", Promise::Provider).await?;
        self.bed.stripe.forgive();
        self.bed.deliver(DeliveryPlan::Once);
        Ok(())
    }

    /// Messages with a wrong secret, of an hour ago, without a signature, and with a body that was changed on its way.
    async fn forged(&mut self) -> Result<(), LabError> {
        self.goods.deliver(&self.bed).await?;
        let now = self.bed.now().as_second();
        let secret = self.bed.target().secret;
        let event = json!({
            "id": "evt_forged", "object": "event", "type": "payment_intent.succeeded", "created": now,
            "data": {"object": {"id": "pi_forged", "object": "payment_intent", "status": "succeeded"}},
        });
        let mut changed = SignedWebhook::sign(&secret, now, &event);
        changed.body.push(b' ');
        let mut unsigned = SignedWebhook::sign(&secret, now, &event);
        unsigned.signature = String::new();
        for (what, webhook) in [
            ("another secret", SignedWebhook::sign("whsec_somebody_else", now, &event)),
            ("an hour ago", SignedWebhook::sign(&secret, now - 3_600, &event)),
            ("a changed body", changed),
            ("no signature", unsigned),
        ] {
            let status = self.bed.target().send(&webhook).await?;
            self.promises.check(Promise::Webhooks, status == 400, || {
                format!("a message with {what} was answered {status}")
            });
        }
        let stored = tally::events(&*self.bed.store().worker().conn().await?).await?;
        self.promises.check(Promise::Webhooks, !stored.contains("evt_forged"), || {
            "a forged message was stored".to_owned()
        });
        Ok(())
    }
}
