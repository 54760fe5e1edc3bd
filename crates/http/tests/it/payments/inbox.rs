//! Webhooks that come twice, in any order, before we are ready, or about nothing of ours.

use tradepost_app::payment::retry_parked_events;
use tradepost_fakestripe::{DeliveryPlan, SignedWebhook};
use tradepost_port::Clock;
use tradepost_testkit::StripeShop;
use tradepost_testkit::stripe::WEBHOOK_SECRET;

use super::{assert_paid_once, intent_of, pay_in_browser, place, wait};
use crate::admin::{sql, sql_value};
use crate::checkout::stocked;

#[tokio::test]
async fn events_that_come_twice_or_in_any_order_pay_an_order_once() {
    for (plan, method) in [
        (DeliveryPlan::Twice, "pm_card_visa"),
        (DeliveryPlan::Reversed, "pm_card_visa"),
        // `succeeded` first, and then that it is in processing (case C34).
        (DeliveryPlan::Reversed, "pm_processing"),
        (DeliveryPlan::BackAndForth, "pm_processing"),
    ] {
        let shop = StripeShop::new().await;
        let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
        let placed = place(&shop.app, &boot, "key-1").await;
        pay_in_browser(&shop, &intent_of(&placed), method).await;
        shop.stripe.settle(&intent_of(&placed));
        shop.deliver(plan).await;
        shop.work_inbox().await;
        assert_paid_once(&shop, &placed).await;
    }
}

#[tokio::test]
async fn one_event_that_comes_eight_times_at_once_is_one_event() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    let webhooks = shop.stripe.take_webhooks(WEBHOOK_SECRET);
    let kinds = webhooks.len();
    let sendings = webhooks.iter().flat_map(|webhook| (0..8).map(|_| shop.send(webhook)));
    for answer in futures_util::future::join_all(sendings).await {
        let _ = answer.expect(200);
    }
    assert_eq!(sql_value(&shop.app, "select count(*) from webhook_inbox").await, kinds.to_string());
    let workers = (0..4).map(|_| shop.work_inbox());
    let worked: usize = futures_util::future::join_all(workers).await.into_iter().sum();
    assert_eq!(worked, kinds);
    assert_paid_once(&shop, &placed).await;
}

#[tokio::test]
async fn an_event_that_comes_before_our_own_commit_waits_for_it() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    sql(&shop.app, "create table kept as select * from payment_attempt; delete from payment_attempt").await;
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    let waiting = "select count(*) from webhook_inbox where state = 'pending'";
    assert_ne!(sql_value(&shop.app, waiting).await, "0");
    assert_eq!(shop.work_inbox().await, 0, "not again at once");
    sql(&shop.app, "insert into payment_attempt select * from kept").await;
    wait(&shop, 5);
    shop.work_inbox().await;
    assert_eq!(sql_value(&shop.app, waiting).await, "0");
    assert_paid_once(&shop, &placed).await;
}

#[tokio::test]
async fn an_event_about_nothing_of_ours_is_put_aside_after_a_day_and_never_dropped() {
    let shop = StripeShop::new().await;
    let event = serde_json::json!({"id": "evt_strange", "object": "event", "type": "payment_intent.succeeded",
        "created": shop.app.clock.now().as_second(), "livemode": false, "data": {"object": {"id": "pi_strange",
        "object": "payment_intent", "created": 1, "amount": 100, "amount_capturable": 0, "amount_received": 100,
        "currency": "eur", "status": "succeeded", "capture_method": "automatic", "metadata": {}}}});
    let seconds = shop.app.clock.now().as_second();
    let _ = shop.send(&SignedWebhook::sign(WEBHOOK_SECRET, seconds, &event)).await.expect(200);
    let state = "select state from webhook_inbox";
    for _ in 0..20 {
        shop.work_inbox().await;
        wait(&shop, 600);
    }
    assert_eq!(sql_value(&shop.app, state).await, "pending");
    wait(&shop, 24 * 3600);
    shop.work_inbox().await;
    assert_eq!(sql_value(&shop.app, state).await, "parked");
    assert_eq!(
        sql_value(&shop.app, "select last_error from webhook_inbox").await,
        "no order of ours belongs to it"
    );
    assert_eq!(shop.work_inbox().await, 0);
    assert_eq!(retry_parked_events(&shop.app.shop).await.unwrap(), 1);
    assert_eq!(shop.work_inbox().await, 1, "tried once more");
    assert_eq!(sql_value(&shop.app, state).await, "parked", "and it is as strange as it was");
}

/// What was put aside because of a fault of ours pays its order when staff have it worked off again.
#[tokio::test]
async fn an_event_that_was_put_aside_is_worked_off_when_staff_ask_for_it() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    shop.deliver(DeliveryPlan::Once).await;
    sql(
        &shop.app,
        "update webhook_inbox set state = 'parked', attempts = 30, last_error = 'a fault of ours'",
    )
    .await;
    assert_eq!(shop.work_inbox().await, 0);
    assert_ne!(retry_parked_events(&shop.app.shop).await.unwrap(), 0);
    shop.work_inbox().await;
    assert_paid_once(&shop, &placed).await;
}

/// Case C24: a fault of ours while an event is worked off; the money is booked when the fault is mended.
#[tokio::test]
async fn an_event_that_a_fault_of_ours_hits_is_kept_and_worked_off_later() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 2).await;
    let placed = place(&shop.app, &boot, "key-1").await;
    let fault = "create function fault() returns trigger language plpgsql as $$ begin raise exception 'a fault of ours'; end $$;
                 create trigger fault before insert on ledger_txn for each row execute function fault()";
    sql(&shop.app, fault).await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    shop.deliver(DeliveryPlan::Once).await;
    for _ in 0..5 {
        shop.work_inbox().await;
        wait(&shop, 600);
    }
    let waiting = "select string_agg(state || ' ' || (last_error is not null), ',') from webhook_inbox where kind = 'payment_intent.succeeded'";
    assert_eq!(sql_value(&shop.app, waiting).await, "pending true");
    assert_eq!(
        sql_value(&shop.app, "select payment_status from orders").await,
        "pending",
        "nothing is stored in part"
    );
    sql(&shop.app, "drop trigger fault on ledger_txn").await;
    shop.work_inbox().await;
    assert_paid_once(&shop, &placed).await;
}
