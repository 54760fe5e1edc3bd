//! Answers that do not come: what may be concluded, and how the truth is found (case C20).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tradepost_adapters::{StripeGateway, StripeSettings};
use tradepost_domain::payment::{AttemptStatus, PaymentStatus};
use tradepost_fakestripe::{Fault, Step, Trouble};
use tradepost_port::PaymentGateway;
use tradepost_port::payment::{CaptureMethod, Intent, Outcome, ReadError};

use super::{WITHIN, World, applied, attempt_id, create, done, eur, settings};

fn is_unknown(outcome: &Outcome<Intent>) -> bool {
    matches!(outcome, Outcome::Unknown(_))
}

fn is_not_done(outcome: &Outcome<Intent>) -> bool {
    matches!(outcome, Outcome::NotDone(_))
}

#[tokio::test]
async fn a_confirmation_without_an_answer_is_unknown_and_reading_back_finds_it() {
    for trouble in [Trouble::HangAfter, Trouble::DropAfter, Trouble::Garbage] {
        let world = World::impatient().await;
        let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
        world.stripe.script(Fault::once(Step::Confirm, trouble.clone()));
        let lost = world.confirm(&intent, 1, "pm_card_visa").await;
        assert!(is_unknown(&lost), "{trouble:?}: {lost:?}");
        let read = world.retrieve(&intent).await.unwrap();
        assert_eq!(applied(&read.facts).0.status(), PaymentStatus::Paid, "{trouble:?}");
        let again = done(world.confirm(&intent, 1, "pm_card_visa").await);
        assert_eq!(again.status, AttemptStatus::Captured, "{trouble:?}");
        assert_eq!(world.charged(), (1, 1350), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_request_that_did_nothing_is_as_unknown_and_the_same_key_charges_once() {
    for trouble in [Trouble::HangBefore, Trouble::DropBefore] {
        let world = World::impatient().await;
        let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
        world.stripe.script(Fault::once(Step::Confirm, trouble.clone()));
        assert!(is_unknown(&world.confirm(&intent, 1, "pm_card_visa").await), "{trouble:?}");
        let read = world.retrieve(&intent).await.unwrap();
        assert_eq!((read.status, read.facts.len()), (AttemptStatus::Created, 0), "{trouble:?}");
        done(world.confirm(&intent, 1, "pm_card_visa").await);
        done(world.confirm(&intent, 1, "pm_card_visa").await);
        assert_eq!(world.charged(), (1, 1350), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_fault_of_stripe_comes_again_for_its_key_and_reading_back_tells_what_was_done() {
    for (trouble, status) in
        [(Trouble::FailAfter, AttemptStatus::Captured), (Trouble::FailBefore, AttemptStatus::Created)]
    {
        let world = World::new().await;
        let intent = world.created(1, eur(1350), CaptureMethod::Automatic).await;
        world.stripe.script(Fault::once(Step::Confirm, trouble.clone()));
        for _ in 0..2 {
            assert!(is_unknown(&world.confirm(&intent, 1, "pm_card_visa").await), "{trouble:?}");
        }
        assert_eq!(world.retrieve(&intent).await.unwrap().status, status, "{trouble:?}");
        let again = done(world.confirm(&intent, 2, "pm_card_visa").await);
        assert_eq!(again.status, AttemptStatus::Captured, "{trouble:?}");
        assert_eq!(world.charged(), (1, 1350), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_lost_intent_is_found_by_the_attempt_that_it_was_made_for() {
    let world = World::new().await;
    world.created(7, eur(1), CaptureMethod::Automatic).await;
    world.stripe.script(Fault::once(Step::Create, Trouble::DropAfter));
    let lost = world.gateway.create(&create(1, eur(1350), CaptureMethod::Automatic), WITHIN).await;
    assert!(is_unknown(&lost));
    let found = world.gateway.find(attempt_id(1), world.now(), WITHIN).await.unwrap().unwrap();
    assert_eq!(Some(&found.id), world.stripe.intents().last());
    assert!(world.gateway.find(attempt_id(2), world.now(), WITHIN).await.unwrap().is_none());
    // The intent was made long after the attempt: no list around that time holds it, the search does.
    world.advance(3600);
    done(world.gateway.create(&create(3, eur(5), CaptureMethod::Automatic), WITHIN).await);
    world.advance(3600);
    let began = world.now().checked_sub(jiff::SignedDuration::from_hours(2)).unwrap();
    assert!(world.gateway.find(attempt_id(3), began, WITHIN).await.unwrap().is_some());
}

#[tokio::test]
async fn an_intent_is_found_behind_a_full_page_of_others() {
    let world = World::new().await;
    for number in 1..=120 {
        world.created(number, eur(100), CaptureMethod::Automatic).await;
    }
    assert!(world.gateway.find(attempt_id(3), world.now(), WITHIN).await.unwrap().is_some());
}

#[tokio::test]
async fn what_cannot_have_arrived_is_not_done() {
    let world = World::new().await;
    world.stripe.script(Fault::once(Step::Create, Trouble::RateLimit));
    let request = create(1, eur(1350), CaptureMethod::Automatic);
    assert!(is_not_done(&world.gateway.create(&request, WITHIN).await));
    done(world.gateway.create(&request, WITHIN).await);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = StripeGateway::new(&settings(&format!("http://{nobody}"))).unwrap();
    assert!(is_not_done(&gateway.create(&request, WITHIN).await));
    assert!(matches!(gateway.find(attempt_id(1), world.now(), WITHIN).await, Err(ReadError::Unavailable(_))));
}

#[tokio::test]
async fn the_callers_time_ends_a_call_before_our_own_limit_does() {
    let world = World::new().await;
    world.stripe.script(Fault::once(Step::Create, Trouble::Slow(Duration::from_mins(10))));
    let request = create(1, eur(1350), CaptureMethod::Automatic);
    assert!(is_unknown(&world.gateway.create(&request, Duration::from_millis(300)).await));
}

#[tokio::test]
async fn calls_above_the_limit_wait_no_longer_than_their_time_and_are_not_sent() {
    let world = World::with(|settings| StripeSettings { calls_at_once: 1, ..settings }).await;
    world.stripe.script(Fault::once(Step::Create, Trouble::HangAfter));
    let first = create(1, eur(1350), CaptureMethod::Automatic);
    let hanging = world.gateway.create(&first, WITHIN);
    let second = create(2, eur(1350), CaptureMethod::Automatic);
    let waiting = async {
        // The first call has its permit once the stand-in has heard of it.
        while world.stripe.calls(Step::Create) == 0 {
            tokio::task::yield_now().await;
        }
        world.gateway.create(&second, Duration::from_millis(100)).await
    };
    tokio::select! {
        biased;
        ended = hanging => panic!("the first call ended: {ended:?}"),
        outcome = waiting => assert!(is_not_done(&outcome), "{outcome:?}"),
    }
    assert_eq!(world.stripe.calls(Step::Create), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_and_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"id\":\"")
            .await
            .unwrap();
        let flood = vec![b'x'; 64 * 1024];
        let mut sent = 0_usize;
        while stream.write_all(&flood).await.is_ok() {
            sent += flood.len();
        }
        sent
    });
    let gateway = StripeGateway::new(&settings(&base)).unwrap();
    let outcome = gateway.create(&create(1, eur(1350), CaptureMethod::Automatic), WITHIN).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
    assert!(server.await.unwrap() < 64 * 1024 * 1024);
}

#[tokio::test]
async fn no_key_stands_in_what_is_told_of_a_failure() {
    let world = World::impatient().await;
    for trouble in [Trouble::FailAfter, Trouble::DropAfter, Trouble::RateLimit, Trouble::Garbage] {
        world.stripe.script(Fault::once(Step::Create, trouble));
        let outcome = world.gateway.create(&create(1, eur(1350), CaptureMethod::Automatic), WITHIN).await;
        assert!(!format!("{outcome:?}").contains("sk_test_hidden"));
    }
    let made = done(world.gateway.create(&create(2, eur(1350), CaptureMethod::Automatic), WITHIN).await);
    assert!(!format!("{made:?} {:?}", world.gateway).contains("_secret_"), "{made:?}");
}
