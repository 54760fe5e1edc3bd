//! What buyers are told of payments that did not go as they should.

use serde_json::json;
use tradepost_fakestripe::DeliveryPlan;
use tradepost_testkit::StripeShop;

use super::{intent_of, pay_in_browser, place, wait};
use crate::admin::text;
use crate::checkout::{confirm, stocked};

#[tokio::test]
async fn whoever_paid_too_late_is_told_that_the_money_goes_back_and_that_it_went() {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 1).await;
    let late = place(&shop.app, &boot, "key-1").await;
    pay_in_browser(&shop, &intent_of(&late), "pm_processing").await;
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    wait(&shop, 3600);
    assert_eq!(shop.app.sweep_orders().await.orders, 1);
    let quick = place(&shop.app, &boot, "key-2").await;
    let _ = confirm(&shop.app, &quick, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
    shop.app.send_mails().await;

    assert!(shop.stripe.settle(&intent_of(&late)));
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    let number = text(&late["order"], "number");
    let mails = shop.app.send_mails().await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, [format!("Your payment for order {number} came too late")]);
    assert!(mails[0].body.contains("€54.00"), "{}", mails[0].body);

    let _ = shop.app.pay_back().await;
    shop.deliver(DeliveryPlan::Twice).await;
    shop.work_inbox().await;
    let mails = shop.app.send_mails().await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(subjects, [format!("Refund for your order {number}")]);
}
