//! Requests at the same moment: money goes back once, units leave once.

use serde_json::{Value, json};
use tradepost_testkit::TestApp;

use super::super::products::races::{all_at_once, statuses};
use super::super::{Intruder, sql};
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
            let body = json!({"amount": {"amount": 700, "currency": "EUR"}});
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
            app.post(&path)
                .admin()
                .header("if-match", "*")
                .header("idempotency-key", "k")
                .json(&body)
                .send()
                .await
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

/// Two orders of the same two products, of which each has one back on the shelf that was sent, and one that was not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn units_that_come_back_and_units_that_stay_do_not_wait_in_a_circle() {
    let app = shop().await;
    let (boot, hat) = (product(&app, "Boot", 5_000, 9).await, product(&app, "Hat", 900, 9).await);
    let mut paths = Vec::new();
    for sent in [0, 1] {
        let placed = paid(&app, &[(&boot, 1), (&hat, 1)]).await;
        let body = json!({"lines": [{"line_id": placed.line(sent), "quantity": 1}]});
        let made = post(&app, &placed.path("/fulfillments"), &body).await.expect(201).json();
        let path = placed.path(&format!("/fulfillments/{}/shipments", made["id"].as_str().unwrap()));
        let _ = post(&app, &path, &json!({})).await.expect(201);
        let lines: Vec<Value> =
            [0, 1].iter().map(|line| json!({"line_id": placed.line(*line), "quantity": 1})).collect();
        paths.push((placed.path("/refunds"), json!({"lines": lines, "restock": true})));
    }
    // What stays is taken back before what was sent: whoever has done the first waits here.
    let gate = "create function wait_at_gate() returns trigger language plpgsql as
                    $$ begin perform pg_advisory_xact_lock_shared(hashtext(current_schema())); return new; end $$;
                create trigger gate after update on stock_level for each row
                   when (new.moved_kind = 'deallocated') execute function wait_at_gate()";
    sql(&app, gate).await;
    let gate = Intruder::begin(&app, "select pg_advisory_xact_lock(hashtext(current_schema()))").await;
    let refunds: Vec<_> = paths
        .into_iter()
        .map(|(path, body)| {
            let app = app.clone();
            tokio::spawn(async move { post(&app, &path, &body).await })
        })
        .collect();
    gate.wait_until_waited_for_by(2).await;
    gate.finish("select 1").await;
    for refund in refunds {
        let _ = refund.await.unwrap().expect(201);
    }
    assert_eq!((stock(&app, &boot).await, stock(&app, &hat).await), ((9, 0), (9, 0)));
    app.audit().await;
}

/// Case C12: whoever waits for an order sees what the one before made of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_changes_an_order_waits_for_the_one_that_has_it() {
    let app = shop().await;
    let (_, placed) = paid_order(&app).await;
    let intruder = Intruder::begin(&app, "select 1 from orders for no key update").await;
    let made: Vec<_> = (0..2)
        .map(|_| {
            let (app, path) = (app.clone(), placed.path("/fulfillments"));
            tokio::spawn(async move { post(&app, &path, &json!({})).await })
        })
        .collect();
    intruder.wait_until_waited_for_by(2).await;
    intruder
        .finish("update orders set status = 'canceled', canceled_at = now(), cancel_reason = 'first', version = 9")
        .await;
    for made in made {
        assert_eq!(made.await.unwrap().expect(409).code(), "order_canceled");
    }
    let order = read(&app, &placed).await;
    assert_eq!((&order["version"], &order["cancel_reason"]), (&json!(9), &json!("first")));
}
