//! What becomes of deliveries that fail: tried again on a schedule, given up, sent anew; and of endpoints that only fail.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;
use tradepost_app::rounds::Round;
use tradepost_app::webhook::WebhookWorker;
use tradepost_port::EgressResponse;
use tradepost_testkit::TestApp;

use super::{body, endpoint, header, make_brand, pass, read, sent_to};
use crate::admin::{sql, sql_value, text};

/// Who of the staff of a shop under test is written to.
const STAFF: &str = "staff@shop.example.com";

/// Waits until so many requests were sent to a host.
async fn sent(app: &TestApp, host: &str, count: usize) {
    let all = async {
        while sent_to(app, host).len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let patience = Duration::from_mins(1);
    assert!(tokio::time::timeout(patience, all).await.is_ok(), "{count} requests to {host}");
}

async fn only_delivery(app: &TestApp, path: &str) -> serde_json::Value {
    let list = read(app, &format!("{path}/deliveries")).await;
    let id = text(&list["data"][0], "id").to_owned();
    read(app, &format!("{path}/deliveries/{id}")).await
}

#[tokio::test]
async fn a_failure_is_tried_again_on_the_schedule_until_it_is_given_up_and_can_be_sent_anew() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    app.outside.answer_status(302);
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    for (tries, seconds) in [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].into_iter().enumerate() {
        assert_eq!(text(&only_delivery(&app, &path).await, "state"), "failed");
        pass(&app, seconds - 1);
        app.send_webhooks().await;
        assert_eq!(sent_to(&app, "a.example").len(), tries + 1, "not before its time");
        pass(&app, seconds / 10 + 2);
        app.send_webhooks().await;
        assert_eq!(sent_to(&app, "a.example").len(), tries + 2, "the jitter is a tenth at most");
    }
    let dead = only_delivery(&app, &path).await;
    assert_eq!((text(&dead, "state"), &dead["attempt_count"]), ("dead", &json!(8)));
    assert!(read(&app, &path).await["failing_since"].is_string());

    app.outside.answer_status(200);
    let replay = json!({"id": dead["id"]});
    let replayed = app.post(&format!("{path}/replay")).admin().json(&replay).send().await.expect(202);
    assert_eq!(replayed.json(), json!({"replayed": 1, "next": null}));
    app.send_webhooks().await;
    let done = only_delivery(&app, &path).await;
    assert_eq!((text(&done, "state"), &done["attempt_count"]), ("delivered", &json!(9)));
    let all = sent_to(&app, "a.example");
    assert!(all.iter().all(|request| header(request, "webhook-id") == text(&done, "id")));
    assert!(all.iter().all(|request| request.body == all[0].body), "the same bytes at every try");
    assert_eq!(read(&app, &path).await["failing_since"], serde_json::Value::Null);
    app.project().await;
    app.audit().await;
}

#[tokio::test]
async fn a_worker_that_dies_between_the_post_and_the_mark_is_followed_by_the_same_delivery() {
    let app = TestApp::new().await;
    endpoint(&app, "a.example", &["brand.*"]).await;
    make_brand(&app, "one").await;
    app.outside.answer(|_| None);
    let dying = tokio::spawn({
        let app = app.clone();
        async move { app.send_webhooks().await }
    });
    sent(&app, "a.example", 1).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());

    app.outside.answer_status(200);
    app.send_webhooks().await;
    assert_eq!(sent_to(&app, "a.example").len(), 1, "it is leased: it may still be under way");
    pass(&app, 44);
    // Whatever makes it due: who has it may still be waiting for an answer, or for a connection to note it.
    sql(&app, "update webhook_delivery set next_at = '2026-11-01T12:00:00Z'").await;
    app.send_webhooks().await;
    assert_eq!(sent_to(&app, "a.example").len(), 1);
    pass(&app, 2);
    app.send_webhooks().await;
    let both = sent_to(&app, "a.example");
    assert_eq!(both.len(), 2);
    assert_eq!(header(&both[0], "webhook-id"), header(&both[1], "webhook-id"));
    assert_eq!(both[0].body, both[1].body);
    assert_eq!(sql_value(&app, "select string_agg(state, ' ') from webhook_delivery").await, "delivered");
    app.audit().await;
}

/// A shop that is killed again and again would send nothing else: each time as much as has room stays behind for its lease.
#[tokio::test]
async fn what_a_dead_process_left_under_way_is_sent_at_once_by_the_next_one_that_is_alone() {
    let app = TestApp::new().await;
    endpoint(&app, "a.example", &["brand.*"]).await;
    for number in 0..6 {
        make_brand(&app, &format!("brand-{number}")).await;
    }
    app.outside.answer(|_| None);
    let dying = tokio::spawn({
        let app = app.clone();
        async move { app.send_webhooks().await }
    });
    sent(&app, "a.example", 4).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    app.outside.answer_status(200);
    let run = |stop: &Arc<Notify>| {
        let (shop, stop) = (app.shop.clone(), stop.clone());
        tokio::spawn(async move { WebhookWorker::new(shop).run(async { stop.notified().await }).await })
    };

    // While another process sends, it may be what is under way there.
    let (other, connection) =
        tokio_postgres::connect(&app.database.url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let present = "select pg_advisory_lock_shared(hashtext('tradepost-webhook-sender-' || current_schema()))";
    other.simple_query(present).await.unwrap();
    let stop = Arc::new(Notify::new());
    let beside = run(&stop);
    tokio::time::sleep(Duration::from_millis(600)).await;
    stop.notify_one();
    beside.await.unwrap();
    assert_eq!(sent_to(&app, "a.example").len(), 4, "the room is taken");

    drop(other);
    connection.await.unwrap().unwrap();
    let sending = "select count(*) from pg_locks join pg_database d on d.oid = database
                    where locktype = 'advisory' and mode = 'ShareLock' and datname = current_database()";
    while sql_value(&app, sending).await != "0" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let next = run(&stop);
    sent(&app, "a.example", 10).await;
    stop.notify_one();
    next.await.unwrap();
    let delivered =
        "select count(*) from webhook_delivery where state = 'delivered' and leased_until is null";
    assert_eq!(sql_value(&app, delivered).await, "6");
    app.audit().await;
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_up_nobody_else_and_has_four_deliveries_under_way() {
    let app = TestApp::new().await;
    endpoint(&app, "hanging.example", &["brand.*"]).await;
    endpoint(&app, "healthy.example", &["brand.*"]).await;
    let ok = || Some(Ok(EgressResponse { status: 200, body: bytes() }));
    app.outside.answer(move |request| if request.url.contains("hanging") { None } else { ok() });
    let stop = Arc::new(Notify::new());
    let worker = tokio::spawn({
        let (shop, stop) = (app.shop.clone(), stop.clone());
        async move { WebhookWorker::new(shop).run(async { stop.notified().await }).await }
    });
    for number in 0..40 {
        make_brand(&app, &format!("brand-{number}")).await;
    }
    sent(&app, "healthy.example", 40).await;
    sent(&app, "hanging.example", 4).await;
    assert_eq!(sent_to(&app, "hanging.example").len(), 4);
    // A second process keeps to the same room.
    let other = tokio::spawn({
        let app = app.clone();
        async move { app.send_webhooks().await }
    });
    other.await.unwrap();
    assert_eq!(sent_to(&app, "hanging.example").len(), 4);
    stop.notify_one();
    worker.await.unwrap();
}

fn bytes() -> bytes::Bytes {
    bytes::Bytes::new()
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_and_told_of_to_the_others() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "gone.example", &["brand.*"]).await;
    endpoint(&app, "staff.example", &["webhook_endpoint.disabled"]).await;
    app.outside.answer(|request| {
        let status = if request.url.contains("gone") { 410 } else { 200 };
        Some(Ok(EgressResponse { status, body: bytes() }))
    });
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    let gone = read(&app, &path).await;
    assert_eq!((text(&gone, "status"), text(&gone, "disabled_reason")), ("disabled", "gone"));
    let told = body(&sent_to(&app, "staff.example")[0]);
    assert_eq!((text(&told["data"], "reason"), &told["data"]["id"]), ("gone", &gone["id"]));
    let [mail] = &app.send_mails().await[..] else { panic!("staff are told once") };
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (STAFF, "A webhook endpoint was disabled"));
    assert!(mail.body.contains("https://gone.example/") && mail.body.contains("410"), "{}", mail.body);
    make_brand(&app, "two").await;
    app.send_webhooks().await;
    assert_eq!(sent_to(&app, "gone.example").len(), 1);
    app.audit().await;
}

#[tokio::test]
async fn five_days_of_failures_disable_an_endpoint_and_a_replay_brings_what_it_missed() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    app.outside.answer_status(500);
    make_brand(&app, "one").await;
    app.send_webhooks().await;
    // A moment's failure after a quiet week is no reason yet.
    pass(&app, 6 * 86_400);
    make_brand(&app, "two").await;
    app.send_webhooks().await;
    assert_eq!(text(&read(&app, &path).await, "status"), "enabled");
    for seconds in [6, 331] {
        pass(&app, seconds);
        app.send_webhooks().await;
    }
    let off = read(&app, &path).await;
    assert_eq!((text(&off, "status"), text(&off, "disabled_reason")), ("disabled", "failing"));
    let tries = sent_to(&app, "a.example").len();
    make_brand(&app, "three").await;
    app.send_webhooks().await;
    assert_eq!(sent_to(&app, "a.example").len(), tries);

    let replay = json!({"since": "2026-11-01T00:00:00Z"});
    let replay = async || app.post(&format!("{path}/replay")).admin().json(&replay).send().await;
    assert_eq!(replay().await.expect(409).code(), "webhook_endpoint_disabled");
    let on = json!({"status": "enabled"});
    app.patch(&path).admin().if_match(2).json(&on).send().await.expect(200);
    app.project().await;
    app.audit().await;
    app.outside.answer_status(200);
    assert_eq!(replay().await.expect(202).json(), json!({"replayed": 3, "next": null}));
    assert_eq!(replay().await.expect(202).json(), json!({"replayed": 0, "next": null}), "all of it waits");
    app.send_webhooks().await;
    assert_eq!(sql_value(&app, "select count(*) from webhook_delivery where state = 'delivered'").await, "3");
    assert_eq!(
        replay().await.expect(202).json(),
        json!({"replayed": 0, "next": null}),
        "all of it was delivered"
    );
    let all = json!({"since": "2026-11-01T00:00:00Z", "only": "all"});
    let all = app.post(&format!("{path}/replay")).admin().json(&all).send().await.expect(202);
    assert_eq!(all.json(), json!({"replayed": 3, "next": null}));
    let last = read(&app, &format!("{path}/deliveries?limit=1")).await["data"][0]["id"].clone();
    let behind = json!({"since": "2026-11-01T00:00:00Z", "only": "all", "after": last});
    let behind = app.post(&format!("{path}/replay")).admin().json(&behind).send().await.expect(202);
    assert_eq!(behind.json(), json!({"replayed": 0, "next": null}), "it was the last");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_ends_the_failing_of_an_endpoint_that_failed_while_it_was_under_way() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    make_brand(&app, "one").await;
    let (database, asked) = (app.clone(), tokio::runtime::Handle::current());
    app.outside.answer(move |_| {
        let fails = "update webhook_endpoint set failures = 3, failing_since = '2026-11-01T12:00:00Z'";
        tokio::task::block_in_place(|| asked.block_on(sql(&database, fails)));
        Some(Ok(EgressResponse { status: 200, body: bytes() }))
    });
    app.send_webhooks().await;
    app.outside.answer_status(200);
    assert_eq!(sent_to(&app, "a.example").len(), 1);
    assert_eq!(read(&app, &path).await["failing_since"], serde_json::Value::Null);
}

#[tokio::test]
async fn an_event_that_is_no_longer_kept_is_given_up() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    make_brand(&app, "one").await;
    sql(&app, "delete from outbox").await;
    app.send_webhooks().await;
    let dead = only_delivery(&app, &path).await;
    assert_eq!(
        (text(&dead, "state"), text(&dead["attempts"][0], "error")),
        ("dead", "the event is no longer kept")
    );
    assert!(app.outside.sent().is_empty());
}

#[tokio::test]
async fn old_deliveries_are_deleted_some_at_a_time_and_not_by_who_sends() {
    let app = TestApp::new().await;
    let (path, _) = endpoint(&app, "a.example", &["brand.*"]).await;
    let many = "insert into outbox (event_id, type, aggregate_id, version, created_at)
                select gen_random_uuid(), 'brand.created', gen_random_uuid(), 1, '2026-10-01T12:00:00Z'
                  from generate_series(1, 1500);
                update webhook_delivery set state = 'dead', next_at = null, finished_at = created_at";
    sql(&app, many).await;
    make_brand(&app, "new").await;
    app.send_webhooks().await;
    let left = async || sql_value(&app, "select count(*) from webhook_delivery").await;
    assert_eq!(left().await, "1501");
    let worker = WebhookWorker::new(app.shop.clone());
    assert_eq!((worker.sweep().await.unwrap(), left().await.as_str()), (Round::MoreIsDue, "501"));
    assert_eq!((worker.sweep().await.unwrap(), left().await.as_str()), (Round::Done, "1"));
    assert_eq!(text(&only_delivery(&app, &path).await, "state"), "delivered");
}

#[tokio::test]
async fn a_delivery_that_nobody_sends_breaks_a_rule() {
    let app = TestApp::new().await;
    app.leave_broken("that is what it tests");
    endpoint(&app, "a.example", &["brand.*"]).await;
    make_brand(&app, "one").await;
    pass(&app, 601);
    let now = app.shop.clock.now();
    let dispatch = "update outbox set dispatched_at = created_at";
    let stuck = app.database.broken_after(&[dispatch], now).await;
    assert_eq!(stuck, ["webhook_stuck"]);
    let leased = "update webhook_delivery set leased_until = '2026-11-01T13:00:00Z'";
    assert_eq!(app.database.broken_after(&[dispatch, leased], now).await, [""; 0]);
    let disabled =
        "update webhook_endpoint set status = 'disabled', disabled_reason = 'staff', disabled_at = now()";
    assert_eq!(app.database.broken_after(&[dispatch, disabled], now).await, [""; 0]);
}
