//! Requests at the same moment: money goes back once, units leave once.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::super::Intruder;
use super::super::products::races::{all_at_once, statuses};
use super::{Placed, paid, post, product, read, shop, stock};

async fn paid_order(app: &TestApp) -> (Value, Placed) {
    let boot = product(app, "Boot", 5_000, 9).await;
    let placed = paid(app, &[(&boot, 2)]).await;
    (boot, placed)
}

/// Case C25: both refunds wait for the same order, so both have been asked for before either is decided.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_refunds_that_are_too_much_together_one_succeeds() {
    let app = shop().await;
    let (_, placed) = paid_order(&app).await;
    let lock = format!(
        "select 1 from orders where number = '{}' for update",
        placed.order["number"].as_str().unwrap()
    );
    let intruder = Intruder::begin(&app, &lock).await;
    let path = placed.path("/refunds");
    let refunds = all_at_once(&app, 2, |app, _| {
        let path = path.clone();
        async move { post(&app, &path, &json!({"amount": {"amount": 6_000, "currency": "EUR"}})).await }
    });
    let (responses, ()) = tokio::join!(refunds, intruder.finish_when_waited_for("select 1"));
    assert_eq!(statuses(&responses), [201, 409]);
    assert_eq!(read(&app, &placed).await["refunded"]["amount"], 6_000);
    app.audit().await;
}

/// Case C25: however many ask, the sum stays below what was paid.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_refunds_of_seven_fourteen_go_through() {
    let app = shop().await;
    let (_, placed) = paid_order(&app).await;
    let mut made = 0;
    for _ in 0..25 {
        let path = placed.path("/refunds");
        let responses = all_at_once(&app, 8, |app, _| {
            let path = path.clone();
            let body = json!({"amount": {"amount": 700, "currency": "EUR"}, "allow_duplicate": true});
            async move { post(&app, &path, &body).await }
        })
        .await;
        let statuses = statuses(&responses);
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
        made += statuses.iter().filter(|status| **status == 201).count();
    }
    assert_eq!((made, read(&app, &placed).await["refunded"]["amount"].clone()), (14, json!(9_800)));
    app.audit().await;
}

/// Case C26: a double click with one key is one refund.
#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_refunds_once() {
    let app = shop().await;
    let (_, placed) = paid_order(&app).await;
    let path = placed.path("/refunds");
    let responses = all_at_once(&app, 2, |app, _| {
        let path = path.clone();
        async move {
            let body = json!({"amount": {"amount": 392, "currency": "EUR"}});
            app.post(&path).admin().header("idempotency-key", "k").json(&body).send().await
        }
    })
    .await;
    assert!(statuses(&responses).contains(&201), "{responses:?}");
    assert_eq!(read(&app, &placed).await["refunded"]["amount"], 392);
    app.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fulfillment_leaves_once_and_units_are_taken_once() {
    let app = shop().await;
    let (boot, placed) = paid_order(&app).await;
    let path = placed.path("/fulfillments");
    let made = all_at_once(&app, 6, |app, _| {
        let path = path.clone();
        async move { post(&app, &path, &json!({})).await }
    })
    .await;
    assert_eq!(statuses(&made), [201, 409, 409, 409, 409, 409]);
    let made = made.iter().find(|response| response.status == 201).unwrap().json();
    let path = placed.path(&format!("/fulfillments/{}/shipments", made["id"].as_str().unwrap()));
    let sent = all_at_once(&app, 6, |app, _| {
        let path = path.clone();
        async move { post(&app, &path, &json!({})).await }
    })
    .await;
    assert_eq!(statuses(&sent), [201, 409, 409, 409, 409, 409]);
    assert_eq!(stock(&app, &boot).await, (7, 0));
    app.audit().await;
}
