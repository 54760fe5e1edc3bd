//! C71: refresh tokens rotate, two tabs go on together, a copy ends the session.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::sync::Barrier;
use tradepost_testkit::TestApp;

use super::{opens, refresh, signed_in};
use crate::admin::{events, latest_audit, sql_value, text};

#[tokio::test]
async fn each_refresh_gives_a_pair_that_takes_the_place_of_the_one_before() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let first = refresh(&app, &ada.refresh_token).await.expect(200);
    assert_eq!(first.statements, 4, "the token is found, marked, followed; the session is touched");
    let first = first.json();
    assert_ne!(text(&first, "refresh_token"), ada.refresh_token);
    assert!(opens(&app, text(&first, "access_token")).await);
    app.clock.advance(SignedDuration::from_secs(300));
    let second = refresh(&app, text(&first, "refresh_token")).await.expect(200).json();
    assert!(opens(&app, text(&second, "access_token")).await);
    for bad in ["", "rt_", "rt_unknown", &ada.access_token, "mt_abc"] {
        assert_eq!(refresh(&app, bad).await.expect(401).code(), "refresh_token_invalid", "{bad}");
    }
}

#[tokio::test]
async fn within_the_grace_a_used_token_gets_the_same_successor_and_after_it_ends_the_session() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let other = signed_in(&app, &ada.email).await;
    let next = refresh(&app, &ada.refresh_token).await.expect(200).json();
    app.clock.advance(SignedDuration::from_secs(10));
    let again = refresh(&app, &ada.refresh_token).await.expect(200).json();
    assert_eq!(again["refresh_token"], next["refresh_token"]);
    let live = "select count(*) from refresh_token t join customer_session s on s.id = t.session_id where t.rotated_at is null";
    assert_eq!(sql_value(&app, live).await, "2", "one a session");

    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(refresh(&app, &ada.refresh_token).await.expect(401).code(), "refresh_token_reused");
    let dead = refresh(&app, text(&next, "refresh_token")).await.expect(401);
    assert_eq!(dead.code(), "refresh_token_expired");
    let kinds: Vec<String> = events(&app).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["customer.created", "customer.session_revoked"]);
    assert_eq!(text(&latest_audit(&app, &ada.id).await, "action"), "customer.session_revoke");
    let _ = refresh(&app, text(&other, "refresh_token")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_at_once_go_on_with_one_session() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let barrier = Arc::new(Barrier::new(6));
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (app, barrier, token) = (app.clone(), barrier.clone(), ada.refresh_token.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                refresh(&app, &token).await.expect(200).json()
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(text(&task.await.unwrap(), "refresh_token").to_owned());
    }
    given.dedup();
    assert_eq!(given.len(), 1, "{given:?}");
    assert_eq!(sql_value(&app, "select count(*) from refresh_token where rotated_at is null").await, "1");
    let _ = refresh(&app, &given[0]).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_idle_after_two_weeks_and_at_last_after_thirty_days() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let idle = signed_in(&app, &ada.email).await;
    let mut token = ada.refresh_token.clone();
    for _ in 0..2 {
        app.clock.advance(SignedDuration::from_hours(13 * 24));
        token = text(&refresh(&app, &token).await.expect(200).json(), "refresh_token").to_owned();
    }
    assert_eq!(refresh(&app, text(&idle, "refresh_token")).await.expect(401).code(), "refresh_token_expired");
    app.clock.advance(SignedDuration::from_hours(4 * 24));
    assert_eq!(
        refresh(&app, &token).await.expect(401).code(),
        "refresh_token_expired",
        "thirty days are over"
    );
}
