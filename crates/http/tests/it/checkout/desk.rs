//! What the desk owes to those who wait: an answer in time, a key that is free, and a worker, whatever goes wrong.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::json;
use tokio::runtime::Handle;
use tradepost_domain::payment::PaymentProvider;
use tradepost_testkit::{OwnServer, StripeShop, TestApp, TestResponse};

use super::together::{Jam, one_of, spawn_items, wait_for};
use super::{order_items, stock, stocked};
use crate::admin::{Intruder, sql, sql_value};

/// Longer than any machine takes, and shorter than a lease.
const PATIENCE: Duration = Duration::from_secs(20);

/// Orders one unit under a key as soon as the key is free and the shop there.
async fn order_when_free(app: &TestApp, variant: &str, key: &str) -> TestResponse {
    let asking = async {
        loop {
            let answer = order_items(app, one_of(variant), key).await;
            if answer.status != 503 && answer.code() != "idempotency_in_progress" {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("{key} is never free"))
}

fn assert_comes_back(answer: &TestResponse) {
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{}", answer.json());
}

#[tokio::test]
async fn an_order_that_has_waited_for_too_long_is_not_decided_and_its_key_is_free() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let jam = Jam::begin(&app).await;
    let gone = spawn_items(&app, &boot, "gone".to_owned());
    wait_for(&app, 1).await;
    gone.abort();
    let waits = spawn_items(&app, &boot, "waits".to_owned());
    wait_for(&app, 2).await;
    app.clock.advance(SignedDuration::from_secs(11));
    let answers = jam.decide(&app, vec![waits]).await;
    assert_comes_back(&answers[0]);
    assert_eq!(stock(&app, &boot).await, "5/0/0");
    for key in ["waits", "gone"] {
        let again = order_when_free(&app, &boot, key).await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "", "it was not decided before");
    }
    assert_eq!(stock(&app, &boot).await, "5/2/0");
    app.audit().await;
}

#[tokio::test]
async fn the_key_of_a_refused_order_whose_client_has_gone_is_free() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 0).await;
    let jam = Jam::begin(&app).await;
    let gone = spawn_items(&app, &boot, "gone".to_owned());
    wait_for(&app, 1).await;
    gone.abort();
    let _ = jam.decide(&app, Vec::new()).await;
    let again = order_when_free(&app, &boot, "gone").await.expect(409);
    assert_eq!(again.code(), "insufficient_stock");
    app.audit().await;
}

#[tokio::test]
async fn a_key_under_which_an_order_was_made_makes_no_other_and_is_not_forgotten() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let _ = order_items(&app, one_of(&boot), "first").await.expect(201);
    let made = "01890000-0000-7000-8000-000000000001";
    sql(&app, &as_first(&format!("'running', null, null, '{made}'"))).await;
    let again = order_items(&app, one_of(&boot), "key").await.expect(409);
    assert_eq!(again.code(), "idempotency_in_progress");
    let kept = "select concat_ws(' ', state, resource_id) from idempotency_key where key = 'key'";
    assert_eq!(sql_value(&app, kept).await, format!("running {made}"));
    assert_eq!(stock(&app, &boot).await, "5/1/0");
}

/// Inserts `key` for the same request as the order `first`, as another process would: state, status, body, what was made.
fn as_first(rest: &str) -> String {
    format!(
        "insert into idempotency_key (principal, key, operation, body_hash, locked_until, created_at, state, response_status,
                response_body, resource_id)
         select principal, 'key', operation, body_hash, locked_until, created_at, {rest}
           from idempotency_key
          where key = 'first'"
    )
}

#[tokio::test]
async fn a_key_that_another_process_is_about_to_commit_makes_one_order() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let first = order_items(&app, one_of(&boot), "first").await.expect(201);
    let other = Intruder::begin(&app, &as_first("'done', 201, response_body, null::uuid")).await;
    let waits = spawn_items(&app, &boot, "key".to_owned());
    other.finish_when_waited_for("select 1").await;
    let answer = waits.await.unwrap().expect(201);
    assert_eq!((answer.header("idempotent-replayed"), &answer.bytes), ("true", &first.bytes));
    assert_eq!(stock(&app, &boot).await, "5/1/0");
    app.audit().await;
}

#[tokio::test]
async fn a_key_that_another_process_gives_up_makes_its_order_here() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let _ = order_items(&app, one_of(&boot), "first").await.expect(201);
    let other = Intruder::begin(&app, &as_first("'running', null, null, null::uuid")).await;
    let waits = spawn_items(&app, &boot, "key".to_owned());
    other.finish_when_waited_for("rollback; begin").await;
    let answer = waits.await.unwrap().expect(201);
    assert_eq!(answer.header("idempotent-replayed"), "");
    assert_eq!(stock(&app, &boot).await, "5/2/0");
    app.audit().await;
}

#[tokio::test]
async fn a_key_that_waits_for_its_order_is_no_other_requests_and_keeps_the_refusal() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 0).await;
    let jam = Jam::begin(&app).await;
    let first = spawn_items(&app, &boot, "key".to_owned());
    wait_for(&app, 1).await;
    let three = json!([{"variant_id": boot, "quantity": 3}]);
    let other = order_items(&app, three, "key").await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(app.shop.desk.waiting(), 1);
    let answers = jam.decide(&app, vec![first]).await;
    assert_eq!(answers[0].code(), "insufficient_stock");
    let again = order_items(&app, one_of(&boot), "key").await.expect(409);
    assert_eq!((again.header("idempotent-replayed"), again.code().as_str()), ("true", "insufficient_stock"));
    let kept = "select string_agg(state, ' ') from idempotency_key where key = 'key'";
    assert_eq!(sql_value(&app, kept).await, "done");
    app.audit().await;
}

/// Polls a future as one of another runtime, as long as that is there: what it spawns runs there.
fn on<F: Future>(runtime: Handle, is_there: Arc<AtomicBool>, future: F) -> impl Future<Output = F::Output> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        let _entered = is_there.load(Ordering::SeqCst).then(|| runtime.enter());
        future.as_mut().poll(context)
    })
}

#[tokio::test]
async fn workers_that_are_broken_off_answer_what_they_held_and_leave_their_seats() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 5).await;
    let intruder = Intruder::begin(&app, "select 1 from stock_level for update").await;
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let is_there = Arc::new(AtomicBool::new(true));
    let mut held = Vec::new();
    for number in 1..=2 {
        let (app, boot) = (app.clone(), boot.clone());
        let order = async move { order_items(&app, one_of(&boot), &format!("held-{number}")).await };
        held.push(tokio::spawn(on(other.handle().clone(), is_there.clone(), order)));
        intruder.waited_for_by(number).await;
    }
    is_there.store(false, Ordering::SeqCst);
    // Both workers are dropped in the middle of their orders.
    tokio::task::spawn_blocking(move || other.shutdown_timeout(PATIENCE)).await.unwrap();
    intruder.finish("select 1").await;
    for answer in join_all(held).await {
        assert_comes_back(&answer.unwrap());
    }
    for number in 1..=2 {
        let _ = order_when_free(&app, &boot, &format!("held-{number}")).await.expect(201);
    }
    assert_eq!(stock(&app, &boot).await, "5/2/0");
    app.audit().await;
}

/// A shop on a server that the test may stop, with the built-in provider.
async fn shop_of(server: &OwnServer) -> StripeShop {
    StripeShop::over(server.database(), |mut checkout| {
        checkout.provider = PaymentProvider::Test;
        checkout
    })
    .await
}

#[tokio::test]
async fn an_outage_while_orders_are_decided_and_wait_leaves_no_key_behind() {
    let mut server = OwnServer::start().await;
    let shop = shop_of(&server).await;
    let app = &shop.app;
    let (_, boot) = stocked(app, "Boot", 5400, 5).await;
    let jam = Jam::begin(app).await;
    let mut orders: Vec<_> = (1..=3).map(|number| spawn_items(app, &boot, format!("key-{number}"))).collect();
    wait_for(app, 3).await;
    server.stop().await;
    orders.extend(jam.leave());
    for answer in join_all(orders).await {
        assert_comes_back(&answer.unwrap());
    }
    server.start_again().await;
    for number in 1..=3 {
        let again = order_when_free(app, &boot, &format!("key-{number}")).await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "");
    }
    assert_eq!(stock(app, &boot).await, "5/3/0");
    drop(shop);
    server.stop().await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_keeps_no_worker_for_ever() {
    let mut server = OwnServer::start().await;
    let shop = shop_of(&server).await;
    let app = &shop.app;
    let (_, boot) = stocked(app, "Boot", 5400, 5).await;
    // Its limits on statements and locks are longer than any deciding may take: it might as well be gone.
    let intruder = Intruder::begin(app, "select 1 from stock_level for update").await;
    let mut stuck = Vec::new();
    for number in 1..=2 {
        stuck.push(spawn_items(app, &boot, format!("stuck-{number}")));
        intruder.waited_for_by(number).await;
    }
    let behind = spawn_items(app, &boot, "behind".to_owned());
    wait_for(app, 1).await;
    for answer in join_all(stuck).await {
        assert_comes_back(&answer.unwrap());
    }
    intruder.finish("select 1").await;
    let _ = behind.await.unwrap().expect(201);
    for number in 1..=2 {
        let again = order_when_free(app, &boot, &format!("stuck-{number}")).await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "");
    }
    assert_eq!(stock(app, &boot).await, "5/3/0");
    drop(shop);
    server.stop().await;
}

/// Sends a request for a client that goes away when it has looked so often whether there is an answer.
async fn broken_off(request: impl Future<Output = TestResponse>, looks: usize) {
    let (mut request, mut left) = (Box::pin(request), looks);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left = left.saturating_sub(1);
        request.as_mut().poll(context).map(drop)
    })
    .await;
}

/// Case C04: a hundred orders by eight workers, of whose clients ten go away, each at another moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_orders_each_line_has_its_goods_whoever_goes_away() {
    let app = TestApp::new().await;
    let (_, boot) = stocked(&app, "Boot", 5400, 200).await;
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let (app, boot) = (app.clone(), boot.clone());
            tokio::spawn(async move {
                for number in (worker..100).step_by(8) {
                    let key = format!("key-{number}");
                    let order = order_items(&app, one_of(&boot), &key);
                    if number % 10 == 0 {
                        broken_off(order, number / 10 * 3 + 1).await;
                    } else {
                        let _ = order.await.expect(201);
                    }
                }
            })
        })
        .collect();
    let done = tokio::time::timeout(PATIENCE * 6, join_all(workers)).await.expect("the desk works on");
    assert!(done.iter().all(Result::is_ok));
    // A client that went away asks again, and is answered the order that it has, or has one made.
    app.clock.advance(SignedDuration::from_secs(31));
    for number in (0..100).step_by(10) {
        let _ = order_when_free(&app, &boot, &format!("key-{number}")).await.expect(201);
    }
    let unlike = "
        select count(*)
          from order_line l
          left join (select order_line_id, sum(quantity) as quantity from reservation
                      where state in ('held', 'allocated') group by order_line_id) r on r.order_line_id = l.id
         where r.quantity is distinct from l.quantity";
    assert_eq!(sql_value(&app, unlike).await, "0", "lines without their goods");
    let sums = "select concat_ws('/', (select count(*) from orders), (select sum(quantity) from order_line),
                       (select sum(quantity) from reservation))";
    assert_eq!(sql_value(&app, sums).await, "100/100/100");
    assert_eq!(stock(&app, &boot).await, "200/100/0");
    app.audit().await;
}
