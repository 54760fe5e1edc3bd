//! The Stripe adapter against a stand-in with a ledger of its own, and its requests against Stripe's own description.

mod books;
mod collect;
mod give_back;
mod lost_answers;
mod specification;
mod told;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tradepost_adapters::{StripeGateway, StripeSettings};
use tradepost_domain::kernel::ids::{EntityId, OrderId, PaymentAttemptId, RefundId};
use tradepost_domain::kernel::{Currency, Money};
use tradepost_domain::payment::{Attempt, Claim, Effect, Payment, PaymentFact, PaymentProvider};
use tradepost_fakestripe::FakeStripe;
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{
    CaptureIntent, CaptureMethod, ConfirmIntent, CreateIntent, Intent, IntentRef, Outcome, ReadError,
    RefundIntent,
};
use uuid::Uuid;

const START: i64 = 1_790_000_000;
const WITHIN: Duration = Duration::from_secs(8);
const WEBHOOK_SECRET: &str = "whsec_test_of_the_adapter";

/// A stand-in for Stripe, a gateway to it, and the time that both live in.
struct World {
    stripe: FakeStripe,
    gateway: StripeGateway,
    seconds: Arc<AtomicI64>,
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR).unwrap()
}

fn attempt_id(number: u128) -> PaymentAttemptId {
    PaymentAttemptId::from_uuid(Uuid::from_u128(number))
}

fn order_id() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(1))
}

fn settings(base: &str) -> StripeSettings {
    let secrets = vec![SecretString::from(WEBHOOK_SECRET)];
    StripeSettings {
        api_base: base.to_owned(),
        ..StripeSettings::new(SecretString::from("sk_test_hidden"), secrets)
    }
}

impl World {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    /// A gateway that gives up after a second, for calls that get no answer.
    async fn impatient() -> Self {
        Self::with(|settings| StripeSettings { total_timeout: Duration::from_secs(1), ..settings }).await
    }

    async fn with(change: impl FnOnce(StripeSettings) -> StripeSettings) -> Self {
        let seconds = Arc::new(AtomicI64::new(START));
        let clock = seconds.clone();
        let stripe = FakeStripe::start(Arc::new(move || clock.load(Ordering::SeqCst))).await.unwrap();
        let gateway = StripeGateway::new(&change(settings(&stripe.base_url()))).unwrap();
        Self { stripe, gateway, seconds }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Makes an intent and gives the reference to it.
    async fn created(&self, number: u128, amount: Money, capture: CaptureMethod) -> IntentRef {
        let intent = done(self.gateway.create(&create(number, amount, capture), WITHIN).await);
        IntentRef { attempt_id: attempt_id(number), intent_id: intent.id, amount, capture }
    }

    /// An intent that took 13.50 euro.
    async fn paid(&self) -> IntentRef {
        let intent = self.created(1, eur(1350), CaptureMethod::Automatic).await;
        done(self.confirm(&intent, 1, "pm_card_visa").await);
        intent
    }

    async fn confirm(&self, intent: &IntentRef, confirmation: u32, method: &str) -> Outcome<Intent> {
        let request = ConfirmIntent {
            intent: intent.clone(),
            confirmation,
            payment_method: Some(method.to_owned()),
            return_url: Some("https://shop.example/back".to_owned()),
            off_session: false,
        };
        self.gateway.confirm(&request, WITHIN).await
    }

    async fn capture(&self, intent: &IntentRef, amount: Money) -> Outcome<Intent> {
        self.gateway.capture(&CaptureIntent { intent: intent.clone(), amount }, WITHIN).await
    }

    async fn retrieve(&self, intent: &IntentRef) -> Result<Intent, ReadError> {
        self.gateway.retrieve(intent, WITHIN).await
    }

    /// What the stand-in charged for the order, and what is left of it.
    fn charged(&self) -> (usize, i64) {
        let order = order_id().to_string();
        let charges = self.stripe.charges_by_metadata("order_id", &order);
        (charges, self.stripe.net_by_metadata("order_id", &order))
    }
}

fn create(number: u128, amount: Money, capture: CaptureMethod) -> CreateIntent {
    CreateIntent {
        attempt_id: attempt_id(number),
        order_id: order_id(),
        amount,
        capture,
        provider_customer: None,
        save_payment_method: false,
    }
}

/// Asks for some of an attempt's money back.
fn refund_of(intent: &IntentRef, number: u128, amount: Money) -> RefundIntent {
    RefundIntent { intent: intent.clone(), refund_id: RefundId::from_uuid(Uuid::from_u128(number)), amount }
}

/// What was done; fails when it was not.
fn done<T: std::fmt::Debug>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Ok(done) => done,
        other => panic!("not done: {other:?}"),
    }
}

/// A payment of 13.50 euro with one attempt, and what facts make of it.
fn applied(facts: &[PaymentFact]) -> (Payment, Vec<Effect>) {
    let mut start = Payment::new(PaymentProvider::Stripe, eur(1350));
    start.attempts.insert(attempt_id(1), Attempt::new(attempt_id(1), eur(1350)));
    facts.iter().fold((start, Vec::new()), |(payment, mut effects), fact| {
        let (after, new) = payment.apply(attempt_id(1), Claim::Held, fact).unwrap();
        effects.extend(new);
        (after, effects)
    })
}
