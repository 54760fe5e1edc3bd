//! What the buyer of an order is told by mail.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tradepost_port::{Mail, MailError};
use tradepost_testkit::TestApp;

use super::super::products::count;
use super::super::{latest_audit, sql, sql_value, text};
use super::{Placed, confirm, paid, place, post, product, shop};

fn subjects(mails: &[Mail]) -> Vec<String> {
    let mut subjects: Vec<String> = mails.iter().map(|mail| mail.subject.clone()).collect();
    subjects.sort();
    subjects
}

fn number(placed: &Placed) -> &str {
    text(&placed.order, "number")
}

/// A product whose title tries to be more than text.
async fn evil(app: &TestApp) -> Value {
    product(app, "<script>alert(1)</script> {{ 7*7 }} \"Boot\"", 5_000, 9).await
}

#[tokio::test]
async fn a_paid_order_is_confirmed_once_with_all_that_was_agreed() {
    let app = shop().await;
    let boot = evil(&app).await;
    let placed = place(&app, &[(&boot, 2)]).await;
    assert!(app.send_mails().await.is_empty(), "nothing is confirmed before it is paid");
    confirm(&app, &placed, "succeed").await;
    let mails = app.send_mails().await;
    assert_eq!(subjects(&mails), [format!("Your order {}", number(&placed))]);
    let mail = &mails[0];
    assert_eq!(mail.to.as_str(), "ada@example.com");
    for expected in ["€100.00", "1 Engine Row", "0150 Oslo", "Test shop", "{{ 7*7 }}", "2 x "] {
        assert!(mail.body.contains(expected), "{expected}: {}", mail.body);
    }
    let page = mail.html.as_deref().unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;"), "{page}");
    assert!(page.contains("€100.00") && page.contains("{{ 7*7 }}"), "{page}");
    assert!(!format!("{}{page}", mail.body).contains(&placed.token), "the guest's secret stays the guest's");
    assert!(app.send_mails().await.is_empty(), "once");
    let queued = sql_value(&app, "select string_agg(payload::text, ' ') from job").await;
    assert!(!queued.contains("ot_") && !queued.contains('@'), "{queued}");
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_confirmed_when_it_is_placed_and_in_its_language() {
    let app = shop().await;
    let gift = product(&app, "Sticker", 0, 9).await;
    let body = json!({
        "items": [{"product_id": gift["id"], "quantity": 1}], "email": "ada@example.com", "locale": "de",
        "shipping_address": placed_at(),
    });
    let placed =
        app.post("/api/orders").header("idempotency-key", "free").json(&body).send().await.expect(201);
    let number = text(&placed.json()["order"], "number").to_owned();
    let mails = app.send_mails().await;
    assert_eq!(subjects(&mails), [format!("Deine Bestellung {number}")]);
    assert!(mails[0].body.contains("Gesamtsumme: 0,00\u{a0}€"), "{}", mails[0].body);
}

fn placed_at() -> Value {
    json!({"first_name": "Ada", "last_name": "Lovelace", "line1": "1 Engine Row", "city": "Oslo", "postal_code": "0150",
        "country": "NO"})
}

#[tokio::test]
async fn each_parcel_and_each_refund_is_told_once() {
    let app = shop().await;
    let boot = evil(&app).await;
    let placed = paid(&app, &[(&boot, 2)]).await;
    app.send_mails().await;
    let parcel = json!({"lines": [{"line_id": placed.line(0), "quantity": 1}]});
    let made = post(&app, &placed.path("/fulfillments"), &parcel).await.expect(201).json();
    assert!(app.send_mails().await.is_empty(), "nothing has left yet");
    let path = placed.path(&format!("/fulfillments/{}/shipments", text(&made, "id")));
    let tracked = json!({"carrier": "<b>Post</b>", "tracking_number": "JJ\"1", "tracking_url": "https://post.example/?a=1&b=\"x\""});
    let _ = post(&app, &path, &tracked).await.expect(201);
    let mails = app.send_mails().await;
    assert_eq!(subjects(&mails), [format!("Your order {} is on its way", number(&placed))]);
    let page = mails[0].html.as_deref().unwrap();
    assert!(!page.contains("<b>Post") && page.contains("&lt;b&gt;Post"), "{page}");
    assert!(page.contains("https:&#x2f;&#x2f;post.example&#x2f;?a=1&amp;b=&quot;x&quot;"), "{page}");
    assert!(mails[0].body.contains("JJ\"1") && mails[0].body.contains("1 x <script>"), "{}", mails[0].body);

    for cents in [1_000, 2_500] {
        let body = json!({"amount": {"amount": cents, "currency": "EUR"}, "reason": "a secret of the staff"});
        let _ = post(&app, &placed.path("/refunds"), &body).await.expect(201);
    }
    let mails = app.send_mails().await;
    let expected = format!("Refund for your order {}", number(&placed));
    assert_eq!(subjects(&mails), [expected.clone(), expected]);
    let mut amounts: Vec<bool> = mails.iter().map(|mail| mail.body.contains("€25.00")).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [false, true]);
    assert!(mails.iter().all(|mail| !mail.body.contains("secret of the staff")));
    assert!(app.send_mails().await.is_empty());
}

#[tokio::test]
async fn whoever_waits_for_an_order_that_was_given_up_is_told() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let unpaid = place(&app, &[(&boot, 1)]).await;
    let placed = paid(&app, &[(&boot, 1)]).await;
    app.send_mails().await;
    let reason = json!({"reason": "internal words"});
    let cancel = app.post(&placed.path("/cancel")).admin().header("if-match", "*").json(&reason);
    let _ = cancel.send().await.expect(200);
    app.clock.advance(SignedDuration::from_hours(1));
    app.sweep_orders().await;
    let mails = app.send_mails().await;
    let expected = |placed: &Placed| format!("Your order {} was canceled", number(placed));
    let mut both = [expected(&placed), expected(&unpaid)];
    both.sort();
    assert_eq!(subjects(&mails), both);
    let of = |placed: &Placed| mails.iter().find(|mail| mail.subject == expected(placed)).unwrap();
    assert!(of(&unpaid).body.contains("No payment reached us in time"));
    assert!(of(&placed).body.contains("What you have paid is refunded"));
    assert!(!of(&placed).body.contains("internal words"));
    app.pay_back().await;
    assert_eq!(subjects(&app.send_mails().await), [format!("Refund for your order {}", number(&placed))]);
}

#[tokio::test]
async fn a_fact_that_is_written_twice_is_mailed_once() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let placed = place(&app, &[(&boot, 3)]).await;
    confirm(&app, &placed, "succeed").await;
    let parcel = json!({"lines": [{"line_id": placed.line(0), "quantity": 1}]});
    // As if the memory of the confirmation were lost, and somebody changed the order then.
    for _ in 0..2 {
        sql(&app, "update orders set confirmed_at = null").await;
        let _ = post(&app, &placed.path("/fulfillments"), &parcel).await.expect(201);
        assert_eq!(count(&app, "orders where confirmed_at is not null").await, 1, "it was written again");
        assert_eq!(count(&app, "job where queue = 'send-order-mail'").await, 1);
    }
    assert_eq!(app.send_mails().await.len(), 1);
    sql(&app, "update orders set confirmed_at = null").await;
    let _ = post(&app, &placed.path("/fulfillments"), &parcel).await.expect(201);
    assert!(app.send_mails().await.is_empty(), "not even after it was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_look_at_once_send_a_mail_once() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 99).await;
    for _ in 0..12 {
        let _ = paid(&app, &[(&boot, 1)]).await;
    }
    let barrier = Arc::new(Barrier::new(3));
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let (app, barrier) = (app.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                app.send_mails().await.len()
            })
        })
        .collect();
    let mut sent = 0;
    for worker in workers {
        sent += worker.await.unwrap();
    }
    assert_eq!(sent, 12);
}

#[tokio::test]
async fn a_mail_whose_sender_died_is_sent_again_as_the_same_mail() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let _ = paid(&app, &[(&boot, 1)]).await;
    let first = app.send_mails().await.remove(0);
    // Killed between the server's word and ours.
    sql(&app, "update job set finished_at = null, locked_until = null").await;
    assert_eq!(app.send_mails().await, [first]);
}

#[tokio::test]
async fn a_mail_that_is_refused_is_put_aside_and_sent_when_somebody_says_so() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let _ = paid(&app, &[(&boot, 1)]).await;
    app.mails.fail_with(Some(MailError::Rejected("no such mailbox".to_owned())));
    assert!(app.send_mails().await.is_empty());
    app.mails.fail_with(None);
    assert!(app.send_mails().await.is_empty());
    let figures = app.get("/metrics").send().await.expect(200);
    let figures = String::from_utf8(figures.bytes).unwrap();
    assert!(figures.contains("mails_total{kind=\"order_confirmed\",outcome=\"parked\"} 1"), "{figures}");
    assert!(figures.contains("mails_pending{state=\"parked\"} 1"), "{figures}");
    assert_eq!(tradepost_app::mail::retry_parked_mails(&app.shop).await.unwrap(), 1);
    assert_eq!(app.send_mails().await.len(), 1);
}

#[tokio::test]
async fn staff_have_a_confirmation_sent_again() {
    let app = shop().await;
    let boot = product(&app, "Boot", 5_000, 9).await;
    let unpaid = place(&app, &[(&boot, 1)]).await;
    let refused = post(&app, &unpaid.path("/resend-confirmation"), &json!({})).await.expect(409);
    assert_eq!(refused.code(), "order_not_paid");
    let placed = paid(&app, &[(&boot, 1)]).await;
    let first = app.send_mails().await.remove(0);
    let path = placed.path("/resend-confirmation");
    for _ in 0..2 {
        let request = app.post(&path).admin().header("idempotency-key", "again").send().await.expect(201);
        assert_eq!(text(&request.json(), "kind"), "confirmation_resent");
    }
    let again = app.send_mails().await;
    assert_eq!((again.len(), &again[0].body), (1, &first.body));
    assert_ne!(again[0].id, first.id, "another mail, which no server takes for the first one");
    assert_eq!(
        text(&latest_audit(&app, text(&placed.order, "id")).await, "action"),
        "order.resend_confirmation"
    );
    let missing = app.post("/api/admin/orders/ord_00000000000000000000000001/resend-confirmation").admin();
    assert_eq!(missing.send().await.expect(404).code(), "order_not_found");
}
