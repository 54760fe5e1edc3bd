//! C73: what is mailed: new passwords and proofs of addresses.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tokio::sync::Barrier;
use tradepost_port::{Mail, MailError};
use tradepost_testkit::{TEST_PASSWORD, TestApp, TestResponse};

use super::{log_in, refresh};
use crate::admin::{sql_value, text};

const NEW: &str = "a much better password";

async fn forgot(app: &TestApp, email: &str) -> TestResponse {
    app.post("/api/auth/password/forgot").json(&json!({"email": email})).send().await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> TestResponse {
    app.post("/api/auth/password/reset").json(&json!({"token": token, "password": password})).send().await
}

pub(crate) fn token_of(mail: &Mail) -> String {
    let link = mail.body.lines().find(|line| line.starts_with("https://shop.example.com/account/")).unwrap();
    link.split_once("?token=").unwrap().1.to_owned()
}

/// Asks for a new password and takes the token out of the mail.
async fn asked(app: &TestApp, email: &str) -> String {
    let _ = forgot(app, email).await.expect(204);
    let mails = app.send_mails().await;
    let mail = mails.iter().rfind(|mail| mail.subject == "Choose a new password").unwrap();
    assert_eq!(mail.to.as_str(), email);
    token_of(mail)
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_answer_and_one_gets_a_mail() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    app.send_mails().await;
    let known = forgot(&app, "ADA@example.com").await.expect(204);
    let unknown = forgot(&app, "eve@example.com").await.expect(204);
    assert_eq!((known.bytes.len(), known.statements), (0, unknown.statements));
    assert!(known.headers.keys().eq(unknown.headers.keys()));
    assert!(app.mails.take().is_empty(), "nothing leaves before the worker comes");
    let mails = app.send_mails().await;
    assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), [ada.email.as_str()]);
    assert!(app.send_mails().await.is_empty(), "a mail is sent once");
    let spoofed = app
        .post("/api/auth/password/forgot")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example");
    let _ = spoofed.json(&json!({"email": ada.email})).send().await.expect(204);
    assert!(
        app.send_mails().await[0].body.contains("https://shop.example.com/account/reset-password?token=mt_")
    );
    let queued = sql_value(&app, "select string_agg(payload::text, ' ') from job").await;
    assert!(!queued.contains("mt_"), "no token lies in a queue: {queued}");
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_the_token_works_once() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let token = asked(&app, &ada.email).await;
    assert_eq!(reset(&app, &token, "short").await.expect(422).code(), "password_too_short");
    let tokens = reset(&app, &token, NEW).await.expect(200).json();
    assert_eq!(refresh(&app, &ada.refresh_token).await.expect(401).code(), "refresh_token_expired");
    let _ = refresh(&app, text(&tokens, "refresh_token")).await.expect(200);
    assert_eq!(reset(&app, &token, NEW).await.expect(422).code(), "token_invalid");
    let _ = log_in(&app, &ada.email, TEST_PASSWORD).await.expect(401);
    let _ = log_in(&app, &ada.email, NEW).await.expect(200);
    let account =
        app.get("/api/account").bearer(text(&tokens, "access_token")).send().await.expect(200).json();
    assert_eq!(account["email_verified"], true, "the token came by mail");
    let subjects: Vec<String> = app.send_mails().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Your password was changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_five_that_use_a_token_at_once_one_does() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let token = asked(&app, &ada.email).await;
    let barrier = Arc::new(Barrier::new(5));
    let tasks: Vec<_> = (0..5)
        .map(|number| {
            let (app, barrier, token) = (app.clone(), barrier.clone(), token.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                reset(&app, &token, &format!("{NEW} {number}")).await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422, 422, 422, 422]);
}

#[tokio::test]
async fn the_newest_token_alone_works_for_half_an_hour_and_for_the_address_it_was_sent_to() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let (first, second) = (asked(&app, &ada.email).await, asked(&app, &ada.email).await);
    assert_eq!(reset(&app, &first, NEW).await.expect(422).code(), "token_invalid");
    app.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(reset(&app, &second, NEW).await.expect(422).code(), "token_invalid");

    let third = asked(&app, &ada.email).await;
    let tokens = super::signed_in(&app, &ada.email).await;
    let moved = json!({"email": "ada@elsewhere.example", "current_password": TEST_PASSWORD});
    let patch = app.patch("/api/account").bearer(text(&tokens, "access_token")).json(&moved).send().await;
    assert_eq!(patch.expect(200).json()["email_verified"], false);
    assert_eq!(reset(&app, &third, NEW).await.expect(422).code(), "token_invalid");
    let mut told: Vec<(String, String)> =
        app.send_mails().await.into_iter().map(|mail| (mail.to.as_str().to_owned(), mail.subject)).collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("ada@elsewhere.example".to_owned(), "Confirm your e-mail address".to_owned()),
            ("ada@example.com".to_owned(), "Your e-mail address was changed".to_owned()),
        ]
    );
}

#[tokio::test]
async fn an_address_is_proved_by_its_mail() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let mails = app.send_mails().await;
    assert_eq!(mails[0].subject, "Confirm your e-mail address");
    let token = token_of(&mails[0]);
    let verify =
        async |token: &str| app.post("/api/auth/email/verify").json(&json!({"token": token})).send().await;
    assert_eq!(reset(&app, &token, NEW).await.expect(422).code(), "token_invalid", "it is for nothing else");
    let _ = verify(&token).await.expect(204);
    assert_eq!(verify(&token).await.expect(422).code(), "token_invalid");
    assert_eq!(verify("mt_unknown").await.expect(422).code(), "token_invalid");
    let account = app.get("/api/account").bearer(&ada.access_token).send().await.expect(200).json();
    assert_eq!((&account["email_verified"], &account["version"]), (&json!(true), &json!(2)));
}

#[tokio::test]
async fn a_mail_that_panics_is_put_aside_in_the_end_and_the_others_are_sent() {
    let app = TestApp::new().await;
    for name in ["ada", "eve", "bob"] {
        app.customer(&format!("{name}@example.com")).await;
    }
    app.mails.panic_at("ada@example.com");
    let mut sent: Vec<String> =
        app.send_mails().await.into_iter().map(|mail| mail.to.as_str().to_owned()).collect();
    sent.sort();
    assert_eq!(sent, ["bob@example.com", "eve@example.com"]);
    for _ in 0..9 {
        app.clock.advance(SignedDuration::from_hours(10));
        assert!(app.send_mails().await.is_empty(), "each is sent once");
    }
    let aside = sql_value(&app, "select last_error from job where failed_at is not null").await;
    assert_eq!(aside, "writing or sending it panicked");
}

#[tokio::test]
async fn a_name_is_written_only_to_an_address_that_is_proved() {
    let app = TestApp::new().await;
    let body = json!({"email": "stranger@example.com", "password": TEST_PASSWORD, "first_name": "win at evil.example"});
    let tokens = app.post("/api/auth/register").json(&body).send().await.expect(201).json();
    let _ = forgot(&app, "stranger@example.com").await.expect(204);
    let mails = app.send_mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| !mail.body.contains("evil")), "{mails:?}");

    let verification = mails.iter().find(|mail| mail.subject == "Confirm your e-mail address").unwrap();
    let verify = json!({"token": token_of(verification)});
    let _ = app.post("/api/auth/email/verify").json(&verify).send().await.expect(204);
    let _ = forgot(&app, "stranger@example.com").await.expect(204);
    assert!(app.send_mails().await[0].body.starts_with("Hello win at evil.example,"), "it is their own");
    let moved = json!({"email": "other@example.com", "current_password": TEST_PASSWORD});
    let _ =
        app.patch("/api/account").bearer(text(&tokens, "access_token")).json(&moved).send().await.expect(200);
    let mails = app.send_mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| !mail.body.contains("evil")), "{mails:?}");
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_now_is_sent_later_and_one_that_is_refused_is_given_up() {
    let app = TestApp::new().await;
    app.customer("ada@example.com").await;
    app.mails.fail_with(Some(MailError::Unavailable("the server is away".to_owned())));
    assert!(app.send_mails().await.is_empty());
    app.mails.fail_with(None);
    assert!(app.send_mails().await.is_empty(), "not before its time");
    app.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(app.send_mails().await.len(), 1);

    app.mails.fail_with(Some(MailError::Rejected("no such mailbox".to_owned())));
    app.customer("eve@example.com").await;
    assert!(app.send_mails().await.is_empty());
    app.mails.fail_with(None);
    app.clock.advance(SignedDuration::from_hours(24));
    assert!(app.send_mails().await.is_empty());
    assert_eq!(sql_value(&app, "select count(*) from job where failed_at is not null").await, "1");
}
