//! Collecting money: at once, later, in part, after an action of the shopper, with saved payment methods.

use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{CustomerId, EntityId};
use tradepost_domain::payment::{AttemptStatus, Effect, PaymentStatus};
use tradepost_fakestripe::Step;
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{
    CaptureMethod, ConfirmIntent, CreateIntent, IntentRef, NewCustomer, Outcome, ReadError,
};
use uuid::Uuid;

use super::{WITHIN, World, applied, attempt_id, create, done, eur};

#[tokio::test]
async fn a_confirmation_takes_the_money_once_and_pays_the_order() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    let paid = done(world.confirm(&intent, 1, "pm_card_visa").await);
    assert_eq!(paid.status, AttemptStatus::Captured);
    let (payment, effects) = applied(&paid.facts);
    assert_eq!(effects, [Effect::MarkPaid { attempt: attempt_id(1) }]);
    assert_eq!(payment.status(), PaymentStatus::Paid);
    assert_eq!(world.charged(), (1, 1350));
}

#[tokio::test]
async fn the_same_attempt_is_one_intent_however_often_it_is_made() {
    let world = World::new().await;
    let request = create(1, eur(1350), CaptureMethod::Automatic);
    let first = done(world.gateway.create(&request, WITHIN).await);
    let second = done(world.gateway.create(&request, WITHIN).await);
    assert_eq!((first.id, 1), (second.id, world.stripe.intents().len()));
    assert!(first.client_secret.is_some());
}

#[tokio::test]
async fn a_key_that_comes_back_with_another_card_is_refused() {
    let world = World::new().await;
    let intent = world.paid().await;
    let Outcome::Refused(refusal) = world.confirm(&intent, 1, "pm_card_mastercard").await else {
        panic!("not refused")
    };
    assert_eq!(refusal.code, "idempotency_error");
    assert_eq!(world.charged(), (1, 1350));
}

#[tokio::test]
async fn a_declined_shopper_may_try_another_card() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    let declined = world.confirm(&intent, 1, "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    let Outcome::Declined(decline) = declined else { panic!("not declined") };
    assert_eq!(decline.code, "insufficient_funds");
    assert_eq!(decline.facts[0].reason.as_deref(), Some("insufficient_funds"));
    assert_eq!(applied(&decline.facts).0.status(), PaymentStatus::Failed);
    done(world.confirm(&intent, 2, "pm_card_visa").await);
    assert_eq!(world.charged(), (1, 1350));
}

#[tokio::test]
async fn a_shopper_who_has_to_act_is_told_where_and_pays_afterwards() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    let asked = world.confirm(&intent, 1, "pm_card_authenticationRequired").await;
    let Outcome::RequiresAction(waiting, action) = asked else { panic!("nothing asked") };
    assert_eq!(waiting.status, AttemptStatus::RequiresAction);
    assert_eq!(action.kind, "redirect_to_url");
    assert!(action.redirect_url.unwrap().starts_with("https://"));
    assert_eq!(world.charged(), (0, 0));
    assert!(world.stripe.settle(&intent.intent_id));
    let read = world.retrieve(&intent).await.unwrap();
    assert_eq!(applied(&read.facts).0.status(), PaymentStatus::Paid);
}

#[tokio::test]
async fn a_shopper_who_is_away_cannot_act_and_is_declined() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    let request = ConfirmIntent {
        intent,
        confirmation: 1,
        payment_method: Some("pm_card_authenticationRequired".to_owned()),
        return_url: None,
        off_session: true,
    };
    let Outcome::Declined(decline) = world.gateway.confirm(&request, WITHIN).await else {
        panic!("not declined")
    };
    assert_eq!(decline.code, "authentication_required");
}

#[tokio::test]
async fn money_that_was_set_aside_is_captured_once_in_part() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Manual).await;
    let held = done(world.confirm(&intent, 1, "pm_card_visa").await);
    assert_eq!(applied(&held.facts).1, [Effect::MarkAuthorized { attempt: attempt_id(1) }]);
    assert_eq!(world.charged(), (0, 0));
    let too_much = world.capture(&intent, eur(1351)).await;
    assert!(matches!(too_much, Outcome::Refused(_)), "{too_much:?}");
    let other_key = world.created(2, eur(1), CaptureMethod::Manual).await;
    let same_intent = IntentRef { attempt_id: other_key.attempt_id, ..intent.clone() };
    done(world.capture(&same_intent, eur(900)).await);
    assert_eq!(world.charged(), (1, 900));
}

#[tokio::test]
async fn who_captures_second_finds_the_capture_and_calls_it_a_success() {
    let world = World::new().await;
    let intent = world.created(1, eur(1350), CaptureMethod::Manual).await;
    done(world.confirm(&intent, 1, "pm_card_visa").await);
    done(world.capture(&intent, eur(1350)).await);
    let loser = IntentRef { attempt_id: attempt_id(9), ..intent.clone() };
    let found = done(world.capture(&loser, eur(1350)).await);
    assert_eq!(found.status, AttemptStatus::Captured);
    assert_eq!((world.charged(), world.stripe.calls(Step::Refund)), ((1, 1350), 0));
}

#[tokio::test]
async fn an_attempt_is_given_up_unless_it_has_taken_money() {
    let world = World::new().await;
    let held = world.created(2, eur(1350), CaptureMethod::Manual).await;
    done(world.confirm(&held, 1, "pm_card_visa").await);
    for _ in 0..2 {
        let canceled = done(world.gateway.cancel(&held, WITHIN).await);
        assert_eq!(canceled.status, AttemptStatus::Canceled);
    }
    let paid = world.paid().await;
    let Outcome::Refused(refusal) = world.gateway.cancel(&paid, WITHIN).await else { panic!("not refused") };
    assert_eq!(applied(&refusal.facts).0.status(), PaymentStatus::Paid);
    assert_eq!(world.charged(), (1, 1350));
}

#[tokio::test]
async fn amounts_travel_in_stripes_unit_and_come_back_in_ours() {
    let world = World::new().await;
    for (number, code, ours, theirs) in
        [(1, "JPY", 80, 80), (2, "ISK", 5, 500), (3, "MGA", 1200, 12), (4, "KWD", 12_340, 12_340)]
    {
        let amount = Money::new(ours, code.parse().unwrap()).unwrap();
        let intent = world.created(number, amount, CaptureMethod::Automatic).await;
        let paid = done(world.confirm(&intent, 1, "pm_card_visa").await);
        assert_eq!(world.stripe.net(&intent.intent_id), theirs, "{code}");
        assert_eq!(paid.facts[0].amount, amount, "{code}");
    }
}

#[tokio::test]
async fn an_amount_that_cannot_be_charged_is_not_sent() {
    let world = World::new().await;
    for (code, amount) in [("KWD", 12_345), ("MGA", 1250), ("IRR", 100)] {
        let amount = Money::new(amount, code.parse().unwrap()).unwrap();
        let outcome = world.gateway.create(&create(1, amount, CaptureMethod::Automatic), WITHIN).await;
        let Outcome::Refused(refusal) = outcome else { panic!("{code} was sent") };
        assert_eq!(refusal.code, "amount_not_chargeable");
    }
    assert_eq!(world.stripe.calls(Step::Create), 0);
}

#[tokio::test]
async fn a_payment_method_is_saved_read_and_forgotten() {
    let world = World::new().await;
    let customer_id = CustomerId::from_uuid(Uuid::from_u128(7));
    let new = NewCustomer { customer_id, email: "jo@example.com".to_owned() };
    let customer = done(world.gateway.create_customer(&new, WITHIN).await);
    assert_eq!(done(world.gateway.create_customer(&new, WITHIN).await), customer);
    let request = CreateIntent {
        provider_customer: Some(customer.clone()),
        save_payment_method: true,
        ..create(1, eur(1350), CaptureMethod::Automatic)
    };
    let made = done(world.gateway.create(&request, WITHIN).await);
    let intent = IntentRef {
        attempt_id: attempt_id(1),
        intent_id: made.id,
        amount: eur(1350),
        capture: CaptureMethod::Automatic,
    };
    let paid = done(world.confirm(&intent, 1, "pm_card_visa").await);
    let id = paid.payment_method.unwrap();
    let saved = world.gateway.payment_method(&customer, &id, WITHIN).await.unwrap();
    assert_eq!((saved.id.as_str(), saved.last4.as_deref()), (id.as_str(), Some("4242")));
    let nowhere = world.gateway.payment_method("cus_9", &id, WITHIN).await;
    assert_eq!(nowhere, Err(ReadError::NotFound));
    done(world.gateway.forget_payment_method(&id, WITHIN).await);
    assert_eq!(world.gateway.payment_method(&customer, &id, WITHIN).await, Err(ReadError::NotFound));
}

#[tokio::test]
async fn ids_that_are_none_never_reach_an_address() {
    let world = World::new().await;
    let good = world.created(1, eur(1350), CaptureMethod::Automatic).await;
    for id in ["", "../customers", "pi_1/cancel", "pi_1?x=1", "pi 1", "pi_\u{e9}"] {
        let bad = IntentRef { intent_id: id.to_owned(), ..good.clone() };
        assert!(matches!(world.confirm(&bad, 1, "pm_card_visa").await, Outcome::Refused(_)), "{id}");
        assert!(matches!(world.gateway.cancel(&bad, WITHIN).await, Outcome::Refused(_)), "{id}");
        assert!(world.retrieve(&bad).await.is_err(), "{id}");
    }
    assert_eq!(world.stripe.calls(Step::Confirm), 0);
    assert_eq!(world.stripe.calls(Step::Read), 0);
}
