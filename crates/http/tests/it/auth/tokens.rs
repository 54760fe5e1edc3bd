//! Access tokens from outside (C70; the matrix of forged ones is beside the code that reads them).

use jiff::SignedDuration;
use serde_json::json;
use tradepost_testkit::TestApp;

use super::{opens, signed_in};
use crate::admin::{sql, sql_value, text};
use crate::store::put;

#[tokio::test]
async fn a_token_is_good_for_ten_minutes_and_a_little() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    app.clock.advance(SignedDuration::from_secs(629));
    assert!(opens(&app, &ada.access_token).await);
    app.clock.advance(SignedDuration::from_secs(1));
    let over = app.get("/api/account").bearer(&ada.access_token).send().await.expect(401);
    assert_eq!(over.code(), "token_expired");
    assert_eq!(over.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn what_is_no_access_token_opens_nothing() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let other = TestApp::new().await;
    let theirs = other.customer("ada@example.com").await;
    let good = &ada.access_token;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    for bad in [
        "x",
        "..",
        &ada.refresh_token,
        &app.admin_key,
        &theirs.access_token,
        &format!("{head}."),
        &format!("{head}.{flipped}{}", &signature[1..]),
        &format!("{good}="),
        &good.to_lowercase(),
        &"a".repeat(3_000),
    ] {
        let refused = app.get("/api/account").bearer(bad).send().await.expect(401);
        assert_eq!(refused.code(), "token_invalid", "{bad}");
    }
    assert_eq!(app.get("/api/account").send().await.expect(401).code(), "authentication_required");
    let staff = app.get("/api/admin/products").bearer(good).send().await.expect(401);
    assert_eq!(staff.code(), "invalid_credentials", "a customer is no staff");
}

#[tokio::test]
async fn the_public_keys_are_there_for_others_and_a_key_that_is_taken_back_stops() {
    let app = TestApp::new().await;
    let ada = app.customer("ada@example.com").await;
    let set = app.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!((set.header("cache-control"), set.statements), ("public, max-age=60", 0));
    let keys = set.json()["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(
        (text(&keys[0], "kty"), text(&keys[0], "crv"), text(&keys[0], "alg")),
        ("OKP", "Ed25519", "EdDSA")
    );
    assert!(keys[0].get("d").is_none(), "no secret part");

    sql(&app, "delete from signing_key").await;
    app.clock.advance(SignedDuration::from_secs(61));
    assert!(!opens(&app, &ada.access_token).await, "a minute later every process knows");
    assert!(opens(&app, text(&signed_in(&app, &ada.email).await, "access_token")).await);
}

#[tokio::test]
async fn keys_take_turns_with_a_day_of_overlap() {
    let app = TestApp::new().await;
    app.customer("ada@example.com").await;
    let kids = async || {
        let set = app.get("/.well-known/jwks.json").send().await.expect(200).json();
        set["keys"].as_array().unwrap().iter().map(|key| text(key, "kid").to_owned()).collect::<Vec<_>>()
    };
    let first = kids().await;
    app.clock.advance(SignedDuration::from_hours(89 * 24 + 12));
    let both = kids().await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "the next one is published a day before");
    let old = signed_in(&app, "ada@example.com").await;
    app.clock.advance(SignedDuration::from_hours(12) - SignedDuration::from_secs(300));
    let late = signed_in(&app, "ada@example.com").await;
    app.clock.advance(SignedDuration::from_secs(400));
    let new = signed_in(&app, "ada@example.com").await;
    assert!(!opens(&app, text(&old, "access_token")).await);
    assert!(opens(&app, text(&late, "access_token")).await, "signed by the last one just before its end");
    assert!(opens(&app, text(&new, "access_token")).await);
    assert_eq!(kids().await, both);
    app.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(kids().await, both[1..]);
    assert_eq!(sql_value(&app, "select count(*) from signing_key").await, "2", "the sweep deletes it later");
}

#[tokio::test]
async fn the_catalogue_is_the_same_for_all_whatever_they_bear() {
    let app = TestApp::new().await;
    put(&app, "Boot", 100, json!({})).await;
    app.project().await;
    let ada = app.customer("ada@example.com").await;
    let guest = app.get("/api/products").send().await.expect(200);
    for token in [&ada.access_token, "nonsense", &app.admin_key] {
        let other = app.get("/api/products").bearer(token).send().await.expect(200);
        assert_eq!((&other.bytes, other.statements), (&guest.bytes, 0));
        assert_eq!(other.header("cache-control"), guest.header("cache-control"));
    }
}
