//! The rules of stock find what they are for: one row broken for each, behind the back of everything that guards it.

use tradepost_testkit::Warehouse;
use tradepost_testkit::warehouse::{at, order};

const UNGUARDED: &str = "alter table stock_level drop constraint stock_level_not_oversold;
                         alter table stock_level disable trigger user;
                         alter table stock_movement disable trigger user;
                         alter table variant disable trigger user";

#[tokio::test]
async fn each_rule_of_stock_finds_its_broken_row() {
    let warehouse = Warehouse::new().await;
    warehouse.add_variants([1]).await;
    warehouse.put(1, 1, 5).await;
    warehouse.reserve(&[order(1, &[(1, 2)])]).await.unwrap();
    warehouse.database.audit().await;
    for (rule, text) in [
        ("stock_projection", "update stock_level set on_hand = on_hand + 1"),
        ("stock_projection", "delete from stock_movement where kind = 'reserved'"),
        ("oversold", "update stock_level set on_hand = 1"),
        ("reserved_without_hold", "update reservation set quantity = 3"),
        ("reserved_without_hold", "update reservation set state = 'released', expires_at = null"),
        ("reserved_without_hold", "delete from reservation"),
        ("reserved_without_hold", "update reservation set stock_level_id = id"),
        ("allocated_without_reservation", "update reservation set state = 'allocated', expires_at = null"),
        ("allocated_without_reservation", "update stock_level set allocated = 1"),
        ("stock_flags", "update stock_level set backorder = true"),
        ("stock_flags", "update variant set tracked = false"),
    ] {
        let broken = warehouse.database.broken_after(&[UNGUARDED, text], at(2)).await;
        assert!(broken.iter().any(|broken| broken == rule), "{text}: {broken:?}");
    }
}
