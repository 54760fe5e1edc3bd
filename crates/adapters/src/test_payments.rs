//! The built-in payment provider: moves no money, keeps nothing, and does at each confirmation what it is told.
//!
//! It needs no key, so that a shop can be tried from cart to refund. What it is asked later (`retrieve`, lists) it answers
//! with no facts: nothing moved, so there is nothing to find, and a fact that is not told changes nothing. A shop that
//! takes real money must not offer it; whoever puts the shop together sees to that.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::PaymentAttemptId;
use tradepost_domain::payment::{AttemptStatus, FactKind, PaymentFact, PaymentProvider, RefundStage};
use tradepost_port::payment::{
    BalanceEntry, CaptureIntent, CaptureMethod, ClientAction, ConfirmIntent, CreateIntent, Decline,
    EventEnvelope, Intent, IntentRef, ListedEvent, NewCustomer, Outcome, Page, PaymentGateway, ProviderEvent,
    ProviderRefund, ReadError, RefundIntent, Refusal, SavedPaymentMethod, Since, WebhookError,
};
use tradepost_port::{BoxFuture, Clock};

/// What a confirmation is to end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestOutcome {
    /// The money is there.
    Succeed,
    /// The card is declined.
    Decline,
    /// The shopper has to do something first; the next confirmation says how it went.
    RequiresAction,
    /// No answer comes. Nothing was collected; it may be confirmed again.
    Timeout,
}

impl TestOutcome {
    /// Reads the word; `None` for any other.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "succeed" => Some(Self::Succeed),
            "decline" => Some(Self::Decline),
            "requires_action" => Some(Self::RequiresAction),
            "timeout" => Some(Self::Timeout),
            _ => None,
        }
    }
}

/// The built-in payment provider.
pub struct TestPayments {
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for TestPayments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TestPayments").finish_non_exhaustive()
    }
}

impl TestPayments {
    /// A provider that dates what it says by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }

    fn fact(&self, intent: &IntentRef, kind: FactKind, amount: Money) -> PaymentFact {
        PaymentFact {
            provider: PaymentProvider::Test,
            intent_id: intent.intent_id.clone(),
            object_id: intent.intent_id.clone(),
            kind,
            amount,
            occurred_at: self.clock.now(),
            raw_event_id: None,
            attempt_id: Some(intent.attempt_id),
            refund_id: None,
            reason: None,
        }
    }

    fn intent(&self, of: &IntentRef, status: AttemptStatus, kind: FactKind, amount: Money) -> Intent {
        Intent { facts: vec![self.fact(of, kind, amount)], ..untouched(&of.intent_id, status) }
    }

    fn confirmed(&self, request: &ConfirmIntent) -> Outcome<Intent> {
        let intent = &request.intent;
        match request.payment_method.as_deref().map_or(Some(TestOutcome::Succeed), TestOutcome::parse) {
            Some(TestOutcome::Succeed) => {
                let (status, kind) = match intent.capture {
                    CaptureMethod::Automatic => (AttemptStatus::Captured, FactKind::Captured),
                    CaptureMethod::Manual => (AttemptStatus::Authorized, FactKind::Authorized),
                };
                Outcome::Ok(self.intent(intent, status, kind, intent.amount))
            }
            Some(TestOutcome::Decline) => {
                let reason = Some("card_declined".to_owned());
                let fact = PaymentFact { reason, ..self.fact(intent, FactKind::Failed, intent.amount) };
                Outcome::Declined(Decline { code: "card_declined".to_owned(), facts: vec![fact] })
            }
            Some(TestOutcome::RequiresAction) => {
                let action = ClientAction { kind: "test".to_owned(), redirect_url: None };
                let (status, kind) = (AttemptStatus::RequiresAction, FactKind::RequiresAction);
                let waiting = self.intent(intent, status, kind, intent.amount);
                Outcome::RequiresAction(Intent { action: Some(action.clone()), ..waiting }, action)
            }
            Some(TestOutcome::Timeout) => Outcome::Unknown("the test was to get no answer".to_owned()),
            None => refused("unknown_outcome", "succeed, decline, requires_action or timeout"),
        }
    }
}

fn untouched(id: &str, status: AttemptStatus) -> Intent {
    Intent {
        id: id.to_owned(),
        status,
        client_secret: None,
        action: None,
        payment_method: None,
        facts: Vec::new(),
    }
}

fn refused<T>(code: &str, message: &str) -> Outcome<T> {
    Outcome::Refused(Refusal::new(code, message))
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl PaymentGateway for TestPayments {
    fn provider(&self) -> PaymentProvider {
        PaymentProvider::Test
    }

    fn keeps_books(&self) -> bool {
        false
    }

    fn create<'a>(&'a self, request: &'a CreateIntent, _: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        ready(Outcome::Ok(untouched(&format!("test_{}", request.attempt_id), AttemptStatus::Created)))
    }

    fn confirm<'a>(&'a self, request: &'a ConfirmIntent, _: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        ready(self.confirmed(request))
    }

    fn capture<'a>(&'a self, request: &'a CaptureIntent, _: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        let (status, kind) = (AttemptStatus::Captured, FactKind::Captured);
        ready(Outcome::Ok(self.intent(&request.intent, status, kind, request.amount)))
    }

    fn cancel<'a>(&'a self, intent: &'a IntentRef, _: Duration) -> BoxFuture<'a, Outcome<Intent>> {
        let (status, kind) = (AttemptStatus::Canceled, FactKind::Canceled);
        ready(Outcome::Ok(self.intent(intent, status, kind, intent.amount)))
    }

    fn refund<'a>(
        &'a self,
        request: &'a RefundIntent,
        _: Duration,
    ) -> BoxFuture<'a, Outcome<ProviderRefund>> {
        let id = format!("test_{}", request.refund_id);
        let fact = PaymentFact {
            object_id: id.clone(),
            refund_id: Some(request.refund_id),
            ..self.fact(&request.intent, FactKind::RefundSucceeded, request.amount)
        };
        ready(Outcome::Ok(ProviderRefund { id, stage: RefundStage::Succeeded, facts: vec![fact] }))
    }

    fn retrieve<'a>(
        &'a self,
        intent: &'a IntentRef,
        _: Duration,
    ) -> BoxFuture<'a, Result<Intent, ReadError>> {
        // Of all that was paid with it can only say that it was a card, made up for this attempt.
        let payment_method = Some(format!("test_card_{}", intent.attempt_id));
        ready(Ok(Intent { payment_method, ..untouched(&intent.intent_id, AttemptStatus::Created) }))
    }

    fn find(
        &self,
        attempt: PaymentAttemptId,
        _: Timestamp,
        _: Duration,
    ) -> BoxFuture<'_, Result<Option<Intent>, ReadError>> {
        ready(Ok(Some(untouched(&format!("test_{attempt}"), AttemptStatus::Created))))
    }

    fn dispute<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Result<ProviderEvent, ReadError>> {
        ready(Err(ReadError::NotFound))
    }

    fn events<'a>(
        &'a self,
        _: &'a Since,
        _: Duration,
    ) -> BoxFuture<'a, Result<Page<ListedEvent>, ReadError>> {
        ready(Ok(Page { items: Vec::new(), next: None }))
    }

    fn balance<'a>(
        &'a self,
        _: &'a Since,
        _: Duration,
    ) -> BoxFuture<'a, Result<Page<BalanceEntry>, ReadError>> {
        ready(Ok(Page { items: Vec::new(), next: None }))
    }

    fn create_customer<'a>(
        &'a self,
        customer: &'a NewCustomer,
        _: Duration,
    ) -> BoxFuture<'a, Outcome<String>> {
        ready(Outcome::Ok(format!("test_{}", customer.customer_id)))
    }

    fn payment_method<'a>(
        &'a self,
        _: &'a str,
        payment_method: &'a str,
        _: Duration,
    ) -> BoxFuture<'a, Result<SavedPaymentMethod, ReadError>> {
        ready(Ok(SavedPaymentMethod {
            id: payment_method.to_owned(),
            kind: "card".to_owned(),
            brand: Some("visa".to_owned()),
            last4: Some("4242".to_owned()),
            expires: Some((12, 2034)),
        }))
    }

    fn forget_payment_method<'a>(&'a self, _: &'a str, _: Duration) -> BoxFuture<'a, Outcome<()>> {
        ready(Outcome::Ok(()))
    }

    fn signature_header(&self) -> &'static str {
        "test-signature"
    }

    fn verify_webhook(&self, _: Option<&str>, _: &[u8], _: Timestamp) -> Result<EventEnvelope, WebhookError> {
        Err(WebhookError::Unsupported)
    }

    fn read_event(&self, _: &[u8]) -> Result<ProviderEvent, ReadError> {
        Err(ReadError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use tradepost_domain::kernel::Currency;
    use tradepost_domain::kernel::ids::{EntityId, OrderId, RefundId};
    use tradepost_domain::payment::{Attempt, Claim, Effect, Payment, PaymentStatus};
    use uuid::Uuid;

    use super::*;
    use crate::SystemClock;

    const WITHIN: Duration = Duration::from_secs(1);

    fn gateway() -> TestPayments {
        TestPayments::new(Arc::new(SystemClock))
    }

    async fn created(capture: CaptureMethod) -> IntentRef {
        let amount = Money::new(1350, Currency::EUR).unwrap();
        let attempt_id = PaymentAttemptId::from_uuid(Uuid::from_u128(1));
        let request = CreateIntent {
            attempt_id,
            order_id: OrderId::from_uuid(Uuid::from_u128(2)),
            amount,
            capture,
            provider_customer: None,
            save_payment_method: false,
        };
        let Outcome::Ok(intent) = gateway().create(&request, WITHIN).await else { panic!("not created") };
        IntentRef { attempt_id, intent_id: intent.id, amount, capture }
    }

    async fn confirm(intent: &IntentRef, outcome: &str) -> Outcome<Intent> {
        let request = ConfirmIntent {
            intent: intent.clone(),
            confirmation: 1,
            payment_method: Some(outcome.to_owned()),
            return_url: None,
            off_session: false,
        };
        gateway().confirm(&request, WITHIN).await
    }

    fn payment(intent: &IntentRef) -> Payment {
        let mut payment = Payment::new(PaymentProvider::Test, intent.amount);
        payment.attempts.insert(intent.attempt_id, Attempt::new(intent.attempt_id, intent.amount));
        payment
    }

    fn apply(payment: &Payment, facts: &[PaymentFact]) -> (Payment, Vec<Effect>) {
        facts.iter().fold((payment.clone(), Vec::new()), |(payment, mut effects), fact| {
            let (after, new) = payment.apply(fact.attempt_id.unwrap(), Claim::Held, fact).unwrap();
            effects.extend(new);
            (after, effects)
        })
    }

    #[tokio::test]
    async fn a_confirmation_that_succeeds_pays_the_order_and_can_be_refunded() {
        let intent = created(CaptureMethod::Automatic).await;
        let Outcome::Ok(paid) = confirm(&intent, "succeed").await else { panic!("not paid") };
        let (payment, effects) = apply(&payment(&intent), &paid.facts);
        assert_eq!(effects, [Effect::MarkPaid { attempt: intent.attempt_id }]);
        let refund_id = RefundId::from_uuid(Uuid::from_u128(3));
        let request = RefundIntent { intent: intent.clone(), refund_id, amount: intent.amount };
        let Outcome::Ok(refund) = gateway().refund(&request, WITHIN).await else { panic!("not refunded") };
        assert_eq!(apply(&payment, &refund.facts).0.status(), PaymentStatus::Refunded);
    }

    #[tokio::test]
    async fn a_manual_capture_is_authorized_first() {
        let intent = created(CaptureMethod::Manual).await;
        let Outcome::Ok(held) = confirm(&intent, "succeed").await else { panic!("not authorized") };
        let (payment, effects) = apply(&payment(&intent), &held.facts);
        assert_eq!(effects, [Effect::MarkAuthorized { attempt: intent.attempt_id }]);
        let request = CaptureIntent { intent: intent.clone(), amount: intent.amount };
        let Outcome::Ok(captured) = gateway().capture(&request, WITHIN).await else { panic!("not captured") };
        assert_eq!(apply(&payment, &captured.facts).0.status(), PaymentStatus::Paid);
    }

    #[tokio::test]
    async fn declines_actions_timeouts_and_nonsense_are_told_apart() {
        let intent = created(CaptureMethod::Automatic).await;
        let Outcome::Declined(decline) = confirm(&intent, "decline").await else { panic!("not declined") };
        assert_eq!(apply(&payment(&intent), &decline.facts).0.status(), PaymentStatus::Failed);
        assert!(matches!(confirm(&intent, "requires_action").await, Outcome::RequiresAction(..)));
        assert!(matches!(confirm(&intent, "timeout").await, Outcome::Unknown(_)));
        assert!(matches!(confirm(&intent, "pm_card_visa").await, Outcome::Refused(_)));
        let read = gateway().retrieve(&intent, WITHIN).await.unwrap();
        assert_eq!((read.status, read.facts.len()), (AttemptStatus::Created, 0));
    }
}
