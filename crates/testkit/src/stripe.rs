//! A shop that takes money through a stand-in for Stripe: both live in one time, and webhooks come when a test says so.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tradepost_adapters::{StripeGateway, StripeSettings, TestPayments};
use tradepost_app::payment::InboxWorker;
use tradepost_app::{Checkout, count_statements};
use tradepost_fakestripe::{DeliveryPlan, FakeStripe, SignedWebhook};
use tradepost_port::Clock;
use tradepost_port::fake::FakeClock;
use tradepost_port::payment::PaymentGateway;

use crate::TestDatabase;
use crate::app::{TestApp, TestResponse, test_clock};

/// Secret of the shop's webhook endpoint at the stand-in.
pub const WEBHOOK_SECRET: &str = "whsec_test_of_the_shop";
/// The one that it has beside it, as while one is replaced by another.
pub const FORMER_WEBHOOK_SECRET: &str = "whsec_test_of_before";

/// A shop with its stand-in for Stripe.
#[derive(Debug)]
pub struct StripeShop {
    /// The shop. Stripe is its usual provider; the built-in one is there besides.
    pub app: TestApp,
    /// The stand-in, with its own ledger.
    pub stripe: FakeStripe,
}

impl StripeShop {
    /// A shop whose payments are taken at once.
    pub async fn new() -> Self {
        Self::with(|checkout| checkout).await
    }

    /// The same with another checkout. A call without an answer is given up after a second.
    pub async fn with(change: impl FnOnce(Checkout) -> Checkout) -> Self {
        Self::over(TestDatabase::new().await, change).await
    }

    /// The same over a database that is there and has nothing in it.
    pub async fn over(database: TestDatabase, change: impl FnOnce(Checkout) -> Checkout) -> Self {
        let clock = test_clock();
        let seconds = clock.clone();
        let stripe = FakeStripe::start(Arc::new(move || seconds.now().as_second())).await.unwrap();
        let secrets = [WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET].map(SecretString::from).to_vec();
        let settings = StripeSettings {
            api_base: stripe.base_url(),
            total_timeout: Duration::from_secs(1),
            ..StripeSettings::new(SecretString::from("sk_test_hidden"), secrets)
        };
        let gateway: Arc<dyn PaymentGateway> = Arc::new(StripeGateway::new(&settings).unwrap());
        let checkout =
            |clock: Arc<FakeClock>| change(Checkout::new(vec![gateway, Arc::new(TestPayments::new(clock))]));
        Self { app: TestApp::over(database, false, clock, checkout).await, stripe }
    }

    /// Sends a webhook to the shop.
    pub async fn send(&self, webhook: &SignedWebhook) -> TestResponse {
        let request = self.app.post("/api/payments/webhook").header("stripe-signature", &webhook.signature);
        request.raw("application/json", webhook.body.clone()).send().await
    }

    /// Sends the webhooks of what has happened since the last call, so often and in such an order; each is taken.
    pub async fn deliver(&self, plan: DeliveryPlan) {
        for webhook in plan.arrange(self.stripe.take_webhooks(WEBHOOK_SECRET)) {
            let _ = self.send(&webhook).await.expect(200);
        }
    }

    /// Lets the worker work off the inbox; answers how many events it looked at.
    pub async fn work_inbox(&self) -> usize {
        count_statements(Box::pin(InboxWorker::new(self.app.shop.clone()).work(1_000))).await.0.unwrap()
    }
}
