//! What people wait for goes before the backlog of an import, and neither starves the other.

use super::shop::{Kind, TestShop, id};

impl TestShop {
    /// Events as an import writes them, of products that are gone again.
    async fn backlog(&self, events: i32) {
        let sql = "insert into outbox (event_id, type, aggregate_id, version, bulk, created_at)
                   select gen_random_uuid(), 'product.imported', gen_random_uuid(), 1, true, $1 from generate_series(1, $2)";
        self.run(sql, &[&self.now(), &events]).await;
    }

    async fn waiting(&self) -> i64 {
        self.number("select count(*) from outbox where dispatched_at is null and bulk").await
    }
}

#[tokio::test]
async fn a_change_by_staff_is_shown_before_the_backlog_of_an_import_and_never_goes_back() {
    let shop = TestShop::with_products(3).await;
    shop.prove("new").await;
    let product = id(Kind::Product, 2);
    // The same product stands at both ends of the backlog.
    let imported = "insert into outbox (event_id, type, aggregate_id, version, bulk, created_at)
                    values (gen_random_uuid(), 'product.imported', $1, 1, true, $2)";
    shop.run(imported, &[&product, &shop.now()]).await;
    shop.backlog(3_000).await;
    shop.run(imported, &[&product, &shop.now()]).await;
    shop.change(
        "update product set handle = 'by-staff', version = version + 1 where id = $1",
        &[&product],
        "product.updated",
        product,
    )
    .await;

    assert!(shop.projector.round().await.unwrap());
    assert_eq!(shop.card(2, 1, "en").await["handle"], "by-staff");
    assert!(shop.waiting().await > 2_000, "the rest of the import still waits");

    let shown = shop.page(2, 1, "en").await["version"].clone();
    while shop.projector.round().await.unwrap() {
        assert_eq!(shop.page(2, 1, "en").await["version"], shown);
    }
    shop.prove("in the end").await;
}

#[tokio::test]
async fn an_import_is_projected_in_a_shop_where_something_always_happens() {
    let shop = TestShop::with_products(2).await;
    shop.prove("new").await;
    shop.backlog(1_000).await;
    // A wide change stands in the queue, too.
    shop.run("insert into projection_queue select id from product", &[]).await;
    for _ in 0..6 {
        shop.event("stock.updated", id(Kind::Product, 1), serde_json::json!({})).await;
        assert!(shop.projector.round().await.unwrap());
    }
    assert_eq!(shop.waiting().await, 0);
    assert_eq!(shop.number("select count(*) from projection_queue").await, 0);
}
