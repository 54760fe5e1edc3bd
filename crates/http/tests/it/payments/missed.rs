//! What happened at Stripe while no webhook came is found in its list of events, and comes to the same.

use serde_json::{Value, json};
use tradepost_app::payment::missed::Missed;
use tradepost_fakestripe::{Fault, Step, Trouble};
use tradepost_port::Clock as _;
use tradepost_port::payment::{CaptureMethod, CreateIntent};
use tradepost_testkit::StripeShop;
use tradepost_testkit::stripe::WEBHOOK_SECRET;

use super::{WITHIN, assert_paid_once, intent_of, intent_ref, net, pay_in_browser, place, stripe, wait};
use crate::admin::{sql_value, text};
use crate::checkout::{confirm, shown, statuses, stocked};

const NOTHING: Missed = Missed { found: 0, more_is_due: false };

/// A shop that has looked at Stripe's list once, as every running one has.
async fn shop_that_looks() -> (StripeShop, String) {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 5).await;
    assert_eq!(shop.app.list_events().await, NOTHING);
    (shop, boot)
}

/// Reads the list to its end and works off what was found; answers how many events that were.
async fn catch_up(shop: &StripeShop) -> usize {
    let mut found = 0;
    loop {
        let missed = shop.app.list_events().await;
        found += missed.found;
        if !missed.more_is_due {
            break;
        }
    }
    shop.work_inbox().await;
    found
}

/// An order that was paid, of which all webhooks came.
async fn paid(shop: &StripeShop, boot: &str, key: &str) -> Value {
    let placed = place(&shop.app, boot, key).await;
    let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    placed
}

/// What the ledger, the inbox and the orders hold, to see whether a second look changes it.
async fn books(shop: &StripeShop) -> String {
    let text = "select concat_ws('/', (select count(*) from ledger_txn), (select count(*) from webhook_inbox),
                       (select sum(captured - refunded) from orders), (select sum(disputed) from payment_attempt),
                       (select count(*) from refund), (select count(*) from order_event))";
    sql_value(&shop.app, text).await
}

#[tokio::test]
async fn a_refund_and_a_dispute_of_which_no_webhook_came_are_found() {
    let (shop, boot) = shop_that_looks().await;
    let (refunded, disputed) = (paid(&shop, &boot, "refunded").await, paid(&shop, &boot, "disputed").await);
    // Forty by hand: more events than a page has.
    for _ in 0..40 {
        assert!(shop.stripe.refund_by_hand(&intent_of(&refunded), 50));
    }
    assert!(shop.stripe.dispute(&intent_of(&disputed), 3_000).is_some());
    let lost = shop.stripe.take_webhooks(WEBHOOK_SECRET);

    wait(&shop, 59);
    assert_eq!(catch_up(&shop).await, 0, "their webhooks may still be on their way");
    wait(&shop, 600);
    shop.app.read_back().await;
    assert_eq!(shown(&shop.app, &refunded).await["refunded"]["amount"], 0);
    let found = catch_up(&shop).await;
    assert!(found > 120, "{found}");
    let order = shown(&shop.app, &refunded).await;
    assert_eq!((statuses(&order)[1], &order["refunded"]["amount"]), ("partially_refunded", &json!(2_000)));
    let path = format!("/api/admin/payments/{}", text(&disputed["payment"], "id"));
    let payment = shop.app.get(&path).admin().send().await.expect(200).json();
    assert_eq!(
        (&payment["disputed"]["amount"], &payment["disputes"][0]["status"]),
        (&json!(3_000), &json!("opened"))
    );
    assert_eq!((net(&shop, &refunded), net(&shop, &disputed)), (3_400, 2_400));
    shop.app.project().await;
    shop.app.audit().await;

    // Looked at once more, and all the webhooks after all: nothing of it is news.
    let before = books(&shop).await;
    assert_eq!(catch_up(&shop).await, 0);
    assert_eq!(books(&shop).await, before);
    let now = shop.app.clock.now().as_second();
    for webhook in lost {
        let _ = shop.send(&webhook.signed_again(WEBHOOK_SECRET, now)).await.expect(200);
    }
    shop.work_inbox().await;
    let money = |books: &str| {
        books
            .split('/')
            .enumerate()
            .filter(|(at, _)| *at != 1)
            .map(|(_, sum)| sum.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(money(&books(&shop).await), money(&before));
}

#[tokio::test]
async fn a_day_without_webhooks_is_caught_up_with_from_where_the_list_was_left() {
    let (shop, boot) = shop_that_looks().await;
    let placed = place(&shop.app, &boot, "paid").await;
    pay_in_browser(&shop, &intent_of(&placed), "pm_card_visa").await;
    let _ = shop.stripe.take_webhooks(WEBHOOK_SECRET);
    wait(&shop, 24 * 3_600);
    // While Stripe cannot be asked, the place in its list is kept.
    shop.stripe.script(Fault { step: Step::Read, trouble: Trouble::DropBefore, times: 1 });
    let listed = "select listed_until from webhook_listing";
    let left_at = sql_value(&shop.app, listed).await;
    assert_eq!((shop.app.list_events().await, sql_value(&shop.app, listed).await), (NOTHING, left_at));
    assert!(catch_up(&shop).await > 0);
    assert_paid_once(&shop, &placed).await;
    // A day behind, it was read in stretches, and is now at its end.
    assert_eq!(shop.app.list_events().await, NOTHING);
}

#[tokio::test]
async fn what_others_sell_on_the_same_account_is_none_of_ours() {
    let (shop, boot) = shop_that_looks().await;
    let placed = paid(&shop, &boot, "ours").await;
    let of_others = intent_ref(&shop, "");
    let request = CreateIntent {
        attempt_id: of_others.attempt_id,
        order_id: shop.app.shop.ids.next(),
        amount: of_others.amount,
        capture: CaptureMethod::Automatic,
        provider_customer: None,
        save_payment_method: false,
    };
    let _ = stripe(&shop).call().create(&request, WITHIN).await;
    let theirs = shop.stripe.intents().into_iter().find(|id| *id != intent_of(&placed)).unwrap();
    pay_in_browser(&shop, &theirs, "pm_card_visa").await;
    wait(&shop, 120);
    assert!(catch_up(&shop).await > 0);
    let strangers = format!("select count(*) from webhook_inbox where payload::text like '%{theirs}%'");
    assert_eq!(sql_value(&shop.app, &strangers).await, "0");
    assert_paid_once(&shop, &placed).await;
}
