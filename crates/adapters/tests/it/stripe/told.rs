//! What Stripe tells unasked: webhooks in any number and order lead to the same end as answers.

use jiff::SignedDuration;
use tradepost_domain::payment::{Effect, PaymentFact, PaymentStatus};
use tradepost_fakestripe::{DeliveryPlan, SignedWebhook};
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{CaptureMethod, EventMeaning, IntentRef, WebhookError};

use super::{WEBHOOK_SECRET, WITHIN, World, applied, attempt_id, done, eur, refund_of};

impl World {
    /// Takes webhooks as the shop does, and reads back what they only hint at.
    async fn facts_of(&self, webhooks: &[SignedWebhook]) -> Vec<PaymentFact> {
        let mut facts = Vec::new();
        for webhook in webhooks {
            let envelope =
                self.gateway.verify_webhook(Some(&webhook.signature), &webhook.body, self.now()).unwrap();
            assert_eq!((&envelope.id, &envelope.kind), (&webhook.event_id, &webhook.kind));
            match self.gateway.read_event(&webhook.body).unwrap().meaning {
                EventMeaning::Facts(told) => facts.extend(told),
                EventMeaning::LookAt { intent_id } => {
                    let intent = IntentRef {
                        attempt_id: attempt_id(1),
                        intent_id,
                        amount: eur(1350),
                        capture: CaptureMethod::Automatic,
                    };
                    facts.extend(self.retrieve(&intent).await.unwrap().facts);
                }
                EventMeaning::Nothing => {}
            }
        }
        facts
    }
}

#[tokio::test]
async fn webhooks_in_any_number_and_order_pay_and_refund_the_order_once() {
    for plan in [DeliveryPlan::Once, DeliveryPlan::Twice, DeliveryPlan::Reversed, DeliveryPlan::BackAndForth]
    {
        let world = World::new().await;
        let intent = world.paid().await;
        let refund = done(world.gateway.refund(&refund_of(&intent, 1, eur(350)), WITHIN).await);
        let webhooks = plan.arrange(world.stripe.take_webhooks(WEBHOOK_SECRET));
        let facts = world.facts_of(&webhooks).await;
        assert!(facts.iter().all(|fact| fact.attempt_id == Some(attempt_id(1))), "{plan:?}");
        let (payment, mut effects) = applied(&facts);
        effects.sort();
        assert_eq!(
            effects,
            [
                Effect::MarkPaid { attempt: attempt_id(1) },
                Effect::SettleRefund { attempt: attempt_id(1), refund: refund.id },
            ],
            "{plan:?}"
        );
        assert_eq!(payment.status(), PaymentStatus::PartiallyRefunded, "{plan:?}");
    }
}

#[tokio::test]
async fn an_intent_and_its_charge_tell_one_fact_under_one_name() {
    let world = World::new().await;
    world.paid().await;
    let facts = world.facts_of(&world.stripe.take_webhooks(WEBHOOK_SECRET)).await;
    let names: Vec<_> = facts.iter().map(|fact| (fact.object_id.as_str(), fact.kind, fact.amount)).collect();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], names[1]);
    assert_ne!(facts[0].raw_event_id, facts[1].raw_event_id);
}

#[tokio::test]
async fn a_webhook_that_somebody_else_signed_or_that_is_late_is_refused() {
    let world = World::new().await;
    world.paid().await;
    let webhook = world.stripe.take_webhooks("whsec_of_somebody_else").remove(0);
    let check = |signature: Option<&str>, late: i64| {
        let now = world.now().checked_add(SignedDuration::from_secs(late)).unwrap();
        world.gateway.verify_webhook(signature, &webhook.body, now)
    };
    assert_eq!(check(Some(&webhook.signature), 0), Err(WebhookError::WrongSignature));
    assert_eq!(check(Some(&webhook.signature), 301), Err(WebhookError::OutsideTolerance));
    assert_eq!(check(None, 0), Err(WebhookError::MalformedSignature));
}

#[tokio::test]
async fn a_body_that_is_signed_and_no_event_is_refused() {
    let world = World::new().await;
    for event in ["[]", "{}", r#"{"id":"evt_1"}"#, r#""evt_1""#] {
        let value = serde_json::from_str(event).unwrap();
        let signed = SignedWebhook::sign(WEBHOOK_SECRET, world.now().as_second(), &value);
        let refused = world.gateway.verify_webhook(Some(&signed.signature), &signed.body, world.now());
        assert_eq!(refused, Err(WebhookError::MalformedBody), "{event}");
    }
}

#[tokio::test]
async fn an_amount_that_was_not_asked_for_holds_the_order() {
    let world = World::new().await;
    let intent = world.paid().await;
    world.stripe.falsify_received(&intent.intent_id, 675);
    let (payment, effects) = applied(&world.retrieve(&intent).await.unwrap().facts);
    assert_eq!(effects, [Effect::Hold { attempt: attempt_id(1) }]);
    assert_eq!(payment.status(), PaymentStatus::Mismatch);
}

#[tokio::test]
async fn a_success_that_comes_days_later_is_told_by_its_own_event() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    done(world.confirm(&intent, 1, "pm_processing").await);
    let processing = world.facts_of(&world.stripe.take_webhooks(WEBHOOK_SECRET)).await;
    assert_eq!(applied(&processing).0.status(), PaymentStatus::Pending);
    world.advance(3 * 24 * 60 * 60);
    assert!(world.stripe.settle(&intent.intent_id));
    let settled = world.facts_of(&world.stripe.take_webhooks(WEBHOOK_SECRET)).await;
    assert_eq!(applied(&[processing, settled].concat()).0.status(), PaymentStatus::Paid);
}
