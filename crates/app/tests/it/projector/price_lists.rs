//! Price lists: how far their changes reach, and what they cost the projector.

use jiff::SignedDuration;
use serde_json::json;
use tradepost_app::catalog::{Projected, Projector};
use tradepost_app::count_statements;

use super::shop::{Kind, TestShop, id, variant};

/// A list that holds from so many seconds on, with a price for the first variant of these products.
async fn list(shop: &TestShop, number: u64, starts_in_seconds: i64, products: std::ops::RangeInclusive<u64>) {
    let list = id(Kind::PriceList, number);
    let starts_at = shop.now() + SignedDuration::from_secs(starts_in_seconds);
    let definition = json!({"name": "Sale", "active": true, "starts_at": starts_at});
    let sql = "insert into price_list (id, handle, name, definition, created_at, updated_at) values ($1, cast($1 as uuid)::text, 'Sale', $2, $3, $3)";
    shop.run(sql, &[&list, &definition, &shop.now()]).await;
    let variants: Vec<_> = products.map(|product| variant(product, 0)).collect();
    let sql = "insert into price_list_price (price_list_id, variant_id, currency, min_quantity, amount)
               select $1, unnest($2::uuid[]), 'EUR', 1, 1";
    shop.run(sql, &[&list, &variants]).await;
}

async fn price_min(shop: &TestShop, product: u64) -> i64 {
    shop.card(product, 1, "en").await["price"]["amount"].as_i64().unwrap()
}

#[tokio::test]
async fn a_change_of_a_list_reaches_its_products_and_no_others() {
    let shop = TestShop::with_products(12).await;
    shop.prove("new").await;
    list(&shop, 1, -60, 3..=5).await;
    list(&shop, 2, -60, 9..=9).await;
    // Both have begun long ago: that alone is told, and reaches what they name.
    let done = shop.projector.drain().await.unwrap();
    assert_eq!((done.events, done.products, done.changed), (2, 4, 4));
    let of = |number| id(Kind::PriceList, number);
    for (list, payload, reached) in [
        (1, json!({}), 3),
        (2, json!({}), 1),
        (1, json!({"product_ids": [id(Kind::Product, 4).to_string()]}), 1),
        (1, json!({"product_ids": []}), 0),
    ] {
        shop.event("price_list.updated", of(list), payload.clone()).await;
        let done = shop.projector.drain().await.unwrap();
        assert_eq!((done.products, done.changed), (reached, 0), "{list} {payload}");
    }
    shop.prove("told").await;
    assert_eq!(price_min(&shop, 3).await, 1);
    assert_eq!(price_min(&shop, 6).await, 6_000);
}

#[tokio::test]
async fn a_list_of_many_products_is_rendered_in_batches_when_it_begins() {
    let shop = TestShop::with_products(40).await;
    shop.prove("new").await;
    list(&shop, 1, 60, 1..=40).await;
    shop.prove("planned").await;
    assert_eq!(price_min(&shop, 40).await, 40_000);
    shop.clock.advance(SignedDuration::from_secs(60));
    let mut most = 0;
    let mut seen = Projected::default();
    let all = shop.projector.drain_telling(|done| {
        most = most.max(done.products - seen.products);
        seen = *done;
    });
    let all = all.await.unwrap();
    assert_eq!((all.events, all.products, all.changed), (1, 40, 40));
    shop.prove("begun").await;
    assert_eq!(price_min(&shop, 40).await, 1);
}

#[tokio::test]
async fn the_beginning_of_a_list_is_told_once_by_several_processes_and_not_lost_with_one() {
    let shop = TestShop::with_products(6).await;
    list(&shop, 1, 60, 1..=6).await;
    shop.prove("planned").await;
    let told = "select count(*) from outbox where type = 'price_list.started'";
    shop.clock.advance(SignedDuration::from_secs(60));
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let projector = shop.projector.clone();
            tokio::spawn(async move { projector.drain().await.unwrap() })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(shop.number(told).await, 1);
    shop.prove("begun").await;

    // A process that ends after it has told of the beginning, and before it rendered anything, leaves the event.
    list(&shop, 2, 60, 2..=3).await;
    shop.clock.advance(SignedDuration::from_secs(60));
    assert!(shop.projector.round().await.unwrap());
    assert_eq!((shop.number(told).await, shop.pending().await), (2, 1));
    let another = Projector::new(shop.shop.clone());
    assert_eq!(another.drain().await.unwrap().products, 2);
    shop.prove("taken over").await;
}

#[tokio::test]
async fn a_clock_that_was_wrong_takes_no_sale_with_it() {
    let shop = TestShop::with_products(2).await;
    list(&shop, 1, 3_600, 1..=1).await;
    shop.prove("planned").await;
    shop.clock.advance(SignedDuration::from_secs(3_610));
    shop.prove("begun").await;
    assert_eq!(price_min(&shop, 1).await, 1);
    // Another machine's clock is a little behind.
    shop.clock.advance(-SignedDuration::from_secs(30));
    shop.prove("as before").await;
    assert_eq!(price_min(&shop, 1).await, 1);
    shop.clock.advance(-SignedDuration::from_mins(10));
    shop.prove("set right").await;
    assert_eq!(price_min(&shop, 1).await, 1_000);
    shop.clock.advance(SignedDuration::from_hours(1));
    shop.prove("begun at its time").await;
    assert_eq!(price_min(&shop, 1).await, 1);
}

#[tokio::test]
async fn a_rebuild_renders_lists_also_when_no_worker_let_them_begin() {
    let shop = TestShop::with_products(4).await;
    list(&shop, 1, 60, 2..=3).await;
    shop.prove("planned").await;
    shop.clock.advance(SignedDuration::from_secs(60));
    let done = shop.projector.rebuild(|_, _| {}).await.unwrap();
    assert_eq!((done.products, done.changed), (4, 2));
    assert_eq!(price_min(&shop, 2).await, 1);
    shop.prove("rebuilt").await;
}

#[tokio::test]
async fn a_shop_without_lists_does_not_pay_for_them() {
    let shop = TestShop::with_products(4).await;
    shop.prove("new").await;
    // A round of one product, of which nothing differs: what it costs but for writing.
    let round = async || {
        shop.event("product.updated", id(Kind::Product, 1), json!({})).await;
        let (done, statements) = count_statements(Box::pin(shop.projector.round())).await;
        assert!(done.unwrap());
        statements
    };
    let without = round().await;
    list(&shop, 1, 3_600, 1..=4).await;
    assert_eq!(round().await, without, "of lists that hold for nobody no price is read");
    list(&shop, 2, -60, 1..=4).await;
    shop.prove("begun").await;
    assert_eq!(round().await, without + 1);
}
