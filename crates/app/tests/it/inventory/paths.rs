//! Ways to write stock beside those of staff: each leaves a movement for what it changed.

use super::super::import::{Shop, counts};

const MOVED: &str = "select concat_ws(' ', kind, cause_kind, d_on_hand) from stock_movement order by id";

#[tokio::test]
async fn imports_write_movements_for_what_they_bring_and_what_they_correct() {
    let shop = Shop::new().await;
    let cups = |a: &str, b: &str| {
        let line = |sku: &str, rest: &str| {
            format!(r#"{{"handle": "{sku}", "title": "Cup", "price": 1, "sku": "{sku}"{rest}}}"#)
        };
        format!("{}\n{}", line("a", a), line("b", b))
    };
    let report = shop.import("a.jsonl", &cups(r#", "stock": 4"#, "")).await;
    assert_eq!(counts(&report), [2, 0, 0, 0]);
    shop.database.audit().await;
    assert_eq!(shop.texts(MOVED).await, ["received import 4"]);
    let report = shop.import("b.jsonl", &cups(r#", "stock": 1"#, r#", "stock": 2"#)).await;
    assert_eq!(counts(&report), [0, 2, 0, 0]);
    shop.database.audit().await;
    let mut moved = shop.texts(MOVED).await;
    moved[1..].sort();
    assert_eq!(moved, ["received import 4", "adjusted import -3", "received import 2"]);
    // The same file again changes nothing, and says so.
    shop.import("b.jsonl", &cups(r#", "stock": 1"#, r#", "stock": 2"#)).await;
    assert_eq!(shop.texts(MOVED).await.len(), 3);
}

#[tokio::test]
async fn an_import_does_not_take_away_what_orders_hold() {
    let shop = Shop::new().await;
    let cup = |stock: i64| {
        format!(r#"{{"handle": "cup", "title": "Cup", "price": 1, "sku": "A", "stock": {stock}}}"#)
    };
    shop.import("a.jsonl", &cup(4)).await;
    let held = "update stock_level set reserved = 3, moved_kind = 'reserved', moved_id = gen_random_uuid()";
    shop.client().await.batch_execute(held).await.unwrap();
    let report = shop.import("b.jsonl", &cup(2)).await;
    assert_eq!((report.errors[0].code, counts(&report)), ("stock_promised", [0, 0, 0, 1]));
    assert_eq!(counts(&shop.import("c.jsonl", &cup(3)).await), [0, 1, 0, 0]);
    assert_eq!(shop.texts("select on_hand::text from stock_level").await, ["3"]);
}
