//! The database goes away and comes back: webhooks are not acknowledged meanwhile, and every worker catches up by itself.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tradepost_app::mail::MailWorker;
use tradepost_app::order::OrderSweeper;
use tradepost_app::payment::{InboxWorker, Reconciler};
use tradepost_fakestripe::{DeliveryPlan, Fault, Step, Trouble};
use tradepost_testkit::stripe::WEBHOOK_SECRET;
use tradepost_testkit::{OwnServer, StripeShop};

use super::{assert_paid_once, intent_of, net, pay_in_browser, place, sold, wait};
use crate::admin::{sql_value, text};
use crate::checkout::{confirm, shown, statuses, stocked};

/// Longer than any machine takes; the end of the wait is a failure, not an outcome.
const PATIENCE: Duration = Duration::from_mins(2);

/// Asks until the answer is the expected one.
async fn until(shop: &StripeShop, query: &str, expected: &str) {
    let began = std::time::Instant::now();
    loop {
        let found = sql_value(&shop.app, query).await;
        if found == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "never {expected} but {found}: {query}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Lets all workers of orders and payments run until they are told to end.
fn workers(shop: &StripeShop) -> (watch::Sender<bool>, Vec<tokio::task::JoinHandle<()>>) {
    let (end, told) = watch::channel(false);
    let ended = || {
        let mut told = told.clone();
        async move {
            let _ = told.wait_for(|told| *told).await;
        }
    };
    let shop = &shop.app.shop;
    let (inbox, sweeper) = (InboxWorker::new(shop.clone()), OrderSweeper::new(shop.clone()));
    let (reconciler, mails) = (Reconciler::new(shop.clone()), MailWorker::new(shop.clone()));
    let (one, two, three, four) = (ended(), ended(), ended(), ended());
    let tasks = vec![
        tokio::spawn(async move { inbox.run(one).await }),
        tokio::spawn(async move { sweeper.run(two).await }),
        tokio::spawn(async move { reconciler.run(three).await }),
        tokio::spawn(async move { mails.run(four).await }),
    ];
    (end, tasks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outage_of_the_database_loses_no_payment_and_every_worker_catches_up() {
    let mut server = OwnServer::start().await;
    let shop = StripeShop::over(server.database(), |checkout| checkout).await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 9).await;
    let visa = json!({"payment_method": "pm_card_visa"});
    // One that is paid for in the browser during the outage, one that nobody pays, one whose confirmation is not
    // answered, and one that is given up after it was paid.
    let told = place(&shop.app, &boot, "told").await;
    let unpaid = place(&shop.app, &boot, "unpaid").await;
    let unknown = place(&shop.app, &boot, "unknown").await;
    shop.stripe.script(Fault::once(Step::Confirm, Trouble::DropAfter));
    let _ = confirm(&shop.app, &unknown, &visa).await.expect(200);
    let refunded = place(&shop.app, &boot, "refunded").await;
    let _ = confirm(&shop.app, &refunded, &visa).await.expect(200);
    let path = format!("/api/orders/{}/cancel", text(&refunded["order"], "id"));
    let _ =
        shop.app.post(&path).header("order-token", text(&refunded, "order_token")).send().await.expect(200);
    let _ = shop.stripe.take_webhooks(WEBHOOK_SECRET);

    server.stop().await;
    pay_in_browser(&shop, &intent_of(&told), "pm_card_visa").await;
    let webhooks = shop.stripe.take_webhooks(WEBHOOK_SECRET);
    let began = std::time::Instant::now();
    for webhook in &webhooks {
        // Case C36: what was not stored is not acknowledged.
        assert_eq!(shop.send(webhook).await.status.as_u16(), 503);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "Stripe waits no longer for each");
    wait(&shop, 1_000);
    let (end, tasks) = workers(&shop);

    server.start_again().await;
    for webhook in DeliveryPlan::Twice.arrange(webhooks) {
        // Stripe sends it again, for days.
        let again =
            webhook.signed_again(WEBHOOK_SECRET, tradepost_port::Clock::now(&*shop.app.clock).as_second());
        let sending = async { while shop.send(&again).await.status.as_u16() != 200 {} };
        tokio::time::timeout(PATIENCE, sending).await.expect("it is taken when the database is back");
    }
    // The attempt of the unpaid one is given up at once by a worker that looks at it as the order is, or a while later.
    until(
        &shop,
        "select string_agg(replace(payment_status, 'failed', 'pending'), ',' order by placed_at, id) from orders",
        "paid,pending,paid,refunded",
    )
    .await;
    until(
        &shop,
        "select string_agg(status, ',' order by placed_at, id) from orders",
        "confirmed,canceled,confirmed,canceled",
    )
    .await;
    until(&shop, "select count(*) from webhook_inbox where state <> 'done'", "0").await;
    end.send(true).unwrap();
    for task in tasks {
        tokio::time::timeout(PATIENCE, task).await.expect("it ends in time").unwrap();
    }
    assert_paid_once(&shop, &told).await;
    assert_paid_once(&shop, &unknown).await;
    assert_eq!(statuses(&shown(&shop.app, &unpaid).await)[0], "canceled");
    assert_eq!((net(&shop, &refunded), sold(&shop.app, &boot).await.as_str()), (0, "9/0/2"));
    drop(shop);
    server.stop().await;
}
