//! Giving money back: refunds that are made once, refunds that come back, disputes.

use tradepost_domain::payment::{AttemptStatus, Effect, PaymentStatus, RefundStage};
use tradepost_fakestripe::{Fault, Step, Trouble};
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{EventMeaning, Outcome};

use super::{WITHIN, World, applied, attempt_id, done, eur, refund_of};

#[tokio::test]
async fn a_refund_is_made_once_however_often_it_is_asked_for() {
    let world = World::new().await;
    let intent = world.paid().await;
    let request = refund_of(&intent, 1, eur(350));
    let first = done(world.gateway.refund(&request, WITHIN).await);
    let second = done(world.gateway.refund(&request, WITHIN).await);
    assert_eq!((&first, first.stage), (&second, RefundStage::Succeeded));
    assert_eq!(first.facts[0].refund_id, Some(request.refund_id));
    assert_eq!(first.facts[0].attempt_id, Some(attempt_id(1)));
    assert_eq!(world.charged(), (1, 1000));
}

#[tokio::test]
async fn a_refund_without_an_answer_is_found_by_reading_the_payment_back() {
    let world = World::new().await;
    let intent = world.paid().await;
    world.stripe.script(Fault::once(Step::Refund, Trouble::FailAfter));
    let request = refund_of(&intent, 1, eur(1350));
    assert!(matches!(world.gateway.refund(&request, WITHIN).await, Outcome::Unknown(_)));
    let read = world.retrieve(&intent).await.unwrap();
    assert_eq!(read.facts.iter().find_map(|fact| fact.refund_id), Some(request.refund_id));
    assert_eq!(applied(&read.facts).0.status(), PaymentStatus::Refunded);
    assert_eq!(world.charged(), (1, 0));
}

#[tokio::test]
async fn more_than_was_taken_is_not_given_back() {
    let world = World::new().await;
    let intent = world.paid().await;
    done(world.gateway.refund(&refund_of(&intent, 1, eur(1000)), WITHIN).await);
    let over = world.gateway.refund(&refund_of(&intent, 2, eur(351)), WITHIN).await;
    assert!(matches!(over, Outcome::Refused(_)), "{over:?}");
    done(world.gateway.refund(&refund_of(&intent, 3, eur(350)), WITHIN).await);
    assert_eq!(world.charged(), (1, 0));
}

#[tokio::test]
async fn a_refund_that_the_bank_sends_back_is_reverted() {
    let world = World::new().await;
    let intent = world.paid().await;
    let refund = done(world.gateway.refund(&refund_of(&intent, 1, eur(1350)), WITHIN).await);
    assert!(world.stripe.fail_refund(&refund.id));
    let read = world.retrieve(&intent).await.unwrap();
    let (payment, effects) = applied(&[refund.facts, read.facts].concat());
    assert!(effects.contains(&Effect::RevertRefund { attempt: attempt_id(1), refund: refund.id }));
    assert_eq!(payment.status(), PaymentStatus::Paid);
    assert_eq!(world.charged(), (1, 1350));
}

#[tokio::test]
async fn a_dispute_is_read_back_with_the_payment_and_by_its_own_id() {
    for (won, left) in [(false, 750), (true, 1350)] {
        let world = World::new().await;
        let intent = world.paid().await;
        let dispute = world.stripe.dispute(&intent.intent_id, 600).unwrap();
        let opened = world.retrieve(&intent).await.unwrap();
        assert_eq!(opened.status, AttemptStatus::Captured);
        let (payment, effects) = applied(&opened.facts);
        assert!(effects.contains(&Effect::OpenDispute { attempt: attempt_id(1), dispute: dispute.clone() }));
        let attempt = &payment.attempts[&attempt_id(1)];
        assert_eq!(attempt.balance().unwrap().refundable(), Ok(eur(750)));
        assert!(world.stripe.close_dispute(&dispute, won));
        let read = world.gateway.dispute(&dispute, WITHIN).await.unwrap();
        let EventMeaning::Facts(closed) = read.meaning else { panic!("nothing told") };
        let (payment, _) = applied(&[opened.facts, closed].concat());
        let attempt = &payment.attempts[&attempt_id(1)];
        assert_eq!(attempt.balance().unwrap().refundable(), Ok(eur(left)));
        assert_eq!(world.charged(), (1, left));
    }
}
