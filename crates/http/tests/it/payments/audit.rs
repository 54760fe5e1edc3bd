//! The rules of money find what they are for: one row broken for each, behind the back of everything that guards it.

use serde_json::json;
use tradepost_fakestripe::DeliveryPlan;
use tradepost_port::Clock;
use tradepost_testkit::StripeShop;

use super::place;
use crate::admin::{sql, text};
use crate::checkout::{confirm, stocked};

/// What stands in the way of breaking things.
const UNGUARDED: &str = "alter table ledger_txn disable trigger user, drop constraint ledger_txn_entries;
                         alter table orders drop constraint orders_total_sums, drop constraint orders_total_check,
                               drop constraint orders_subtotal_check;
                         alter table order_line drop constraint order_line_sums;
                         alter table payment_attempt drop constraint payment_attempt_not_over_refunded;
                         update webhook_inbox set received_at = now(), state = 'done';
                         update outbox set dispatched_at = now();";

/// A paid order, and one that was paid, given up and refunded, with their events.
async fn shop_with_orders() -> StripeShop {
    let shop = StripeShop::new().await;
    let (_, boot) = stocked(&shop.app, "Boot", 5400, 9).await;
    for key in ["key-1", "key-2"] {
        let placed = place(&shop.app, &boot, key).await;
        let _ = confirm(&shop.app, &placed, &json!({"payment_method": "pm_card_visa"})).await.expect(200);
        if key == "key-2" {
            let path = format!("/api/orders/{}/cancel", text(&placed["order"], "id"));
            let cancel = shop.app.post(&path).header("order-token", text(&placed, "order_token"));
            let _ = cancel.send().await.expect(200);
            assert_eq!(shop.app.pay_back().await.refunds, 1);
        }
    }
    shop.deliver(DeliveryPlan::Once).await;
    shop.work_inbox().await;
    shop.app.project().await;
    shop
}

#[tokio::test]
async fn each_rule_of_money_finds_its_broken_row() {
    let shop = shop_with_orders().await;
    shop.app.audit().await;
    let now = shop.app.clock.now();
    for (rule, text) in [
        ("ledger_unbalanced", "update ledger_txn set amounts[1] = amounts[1] + 1"),
        ("ledger_unbalanced", "update ledger_txn set amounts = amounts[2:], accounts = accounts[2:]"),
        ("ledger_entries", "update ledger_txn set accounts = accounts[2:]"),
        ("ledger_empty", "update ledger_txn set amounts = '{}', accounts = '{}'"),
        ("order_lines", "update order_line set unit_price = unit_price + 1"),
        ("order_lines", "update order_line set quantity = quantity + 1"),
        ("order_lines", "update order_line set discount = 1"),
        ("order_lines", "update order_line set tax = 1"),
        ("order_lines", "update orders set subtotal = subtotal - 1, total = total - 1"),
        ("order_total", "update orders set total = total - 1"),
        ("order_total", "update orders set subtotal = -1, total = -1"),
        ("order_money", "update orders set captured = captured + 1"),
        ("order_money", "update orders set refunded = refunded + 1"),
        ("order_money", "update payment_attempt set captured = captured + 1"),
        ("payment_amount", "update payment set amount = amount + 1"),
        ("payment_amount", "update payment set currency = 'USD'"),
        ("payment_amount", "update orders set total = total + 1"),
        ("paid_ne_total", "update payment_attempt set captured = captured - 1"),
        ("paid_ne_total", "update orders set payment_status = 'paid'"),
        ("paid_ne_total", "update payment set settled_by = null"),
        (
            "double_capture",
            "update payment_attempt set order_id = (select order_id from payment limit 1), refunded = 0",
        ),
        ("over_refund", "update payment_attempt set refunded = captured + 1"),
        ("over_refund", "update payment_attempt set refund_pending = captured + 1"),
        ("refund_sums", "update payment_attempt set refunded = refunded + 1"),
        ("refund_sums", "update payment_attempt set refund_pending = 1"),
        ("refund_sums", "update refund set amount = amount - 1"),
        (
            "captured_but_dead",
            "update payment_attempt set refunded = 0, updated_at = updated_at - interval '121 seconds'",
        ),
        (
            "refund_stuck",
            "update refund set status = 'pending', provider_ref = null, created_at = created_at - interval '25 hours'",
        ),
        ("psp_clearing", "update payment_attempt set captured = captured - 1"),
        ("psp_clearing", "update payment_attempt set disputed = 1"),
        (
            "psp_clearing",
            "update ledger_txn set accounts = array_replace(accounts, 'psp_clearing', 'elsewhere')",
        ),
        ("psp_clearing", "update ledger_txn set order_id = gen_random_uuid()"),
        ("held_when_settled", "update reservation set state = 'held', expires_at = now()"),
        ("inbox_stuck", "update webhook_inbox set state = 'pending', received_at = '2026-11-01T11:49:59Z'"),
        ("outbox_stuck", "update outbox set dispatched_at = null, created_at = '2026-11-01T11:49:59Z'"),
    ] {
        let broken = shop.app.database.broken_after(&[UNGUARDED, text], now).await;
        assert!(broken.iter().any(|broken| broken == rule), "{rule}: {text}: {broken:?}");
    }
}

#[tokio::test]
#[should_panic(expected = "the test leaves a shop with broken rules")]
async fn a_test_that_leaves_a_broken_shop_fails() {
    let shop = shop_with_orders().await;
    sql(&shop.app, "update orders set captured = captured + 1 where captured = 5400").await;
}

#[tokio::test]
async fn a_test_that_says_why_may_leave_a_broken_shop() {
    let shop = shop_with_orders().await;
    shop.app.leave_broken("that is what it tests");
    sql(&shop.app, "update orders set captured = captured + 1 where captured = 5400").await;
}
