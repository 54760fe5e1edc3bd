//! What breaks: products that cannot be rendered or written, projectors that die, databases that go away.

use std::time::Duration;

use serde_json::json;
use tokio::sync::oneshot;
use tradepost_app::catalog::{Projector, Verify};
use tradepost_app::{Shop, ShopParts};
use tradepost_port::fake::{CountingIds, MemoryBlobs};
use tradepost_store::catalog::projection;
use tradepost_store::{Store, StoreSettings};

use super::shop::{Kind, TestShop, id};

/// Random digits, which no compression makes fit into an index entry.
fn incompressible() -> String {
    let mut dice = super::changes::Dice(5);
    (0..9_000).map(|_| char::from_digit(u32::try_from(dice.roll(36)).unwrap(), 36).unwrap()).collect()
}

#[tokio::test]
async fn a_product_that_cannot_be_rendered_stops_no_other() {
    let shop = TestShop::with_products(6).await;
    shop.prove("new").await;
    let poisoned = id(Kind::Product, 3);
    // A number that PostgreSQL keeps and no program of ours can.
    shop.run("update product set attributes = '{\"huge\": 1e400}' where id = $1", &[&poisoned]).await;
    shop.run("update product set options = '[1]' where id = $1", &[&id(Kind::Product, 4)]).await;
    for number in 1..=6 {
        shop.run("update product set title = title || '!' where id = $1", &[&id(Kind::Product, number)])
            .await;
        shop.event("product.updated", id(Kind::Product, number), json!({})).await;
    }
    let done = shop.projector.drain().await.unwrap();
    assert_eq!((done.events, done.changed, done.broken), (6, 4, 2));
    assert_eq!(shop.pending().await, 0);
    assert_eq!(shop.card(2, 1, "en").await["title"], "Product 2!");
    assert_eq!(shop.card(3, 1, "en").await["title"], "Product 3", "it keeps the fragments it had");
    let found = shop.projector.verify(Verify::All).await.unwrap();
    assert_eq!(found.iter().map(|mismatch| mismatch.channel).collect::<Vec<_>>(), [None, None], "{found:?}");
}

#[tokio::test]
async fn a_product_that_cannot_be_written_is_singled_out_and_given_up() {
    let shop = TestShop::with_products(9).await;
    shop.prove("new").await;
    for number in [4, 7] {
        shop.run(
            "update product set tags = array[$2] where id = $1",
            &[&id(Kind::Product, number), &incompressible()],
        )
        .await;
    }
    for number in 1..=9 {
        shop.run("update product set title = title || '!' where id = $1", &[&id(Kind::Product, number)])
            .await;
        shop.event("product.updated", id(Kind::Product, number), json!({})).await;
    }
    let done = shop.projector.drain().await.unwrap();
    assert_eq!((done.events, done.broken), (9, 2));
    assert_eq!(shop.pending().await, 0);
    let stale = "select count(distinct product_id) from product_view where locale = 'en' and title_sort not like '%!'";
    assert_eq!(shop.number(stale).await, 2);
    let rebuilt = shop.projector.rebuild(|_, _| {}).await.unwrap();
    assert_eq!((rebuilt.products, rebuilt.broken), (7, 2));
    let mut found: Vec<_> =
        shop.mismatches().await.into_iter().map(|mismatch| mismatch.product.to_string()).collect();
    found.dedup();
    assert_eq!(found.len(), 2);

    shop.run("update product set tags = '{}'", &[]).await;
    shop.projector.rebuild(|_, _| {}).await.unwrap();
    shop.prove("mended").await;
}

#[tokio::test]
async fn a_projector_that_dies_in_a_batch_leaves_the_shop_whole() {
    let shop = TestShop::with_products(8).await;
    shop.prove("new").await;
    let (before, epoch) = (shop.fragment(5, 1, "en").await, shop.epoch().await);
    for number in 1..=8 {
        let product = id(Kind::Product, number);
        shop.change(
            "update product set title = 'Late' where id = $1",
            &[&product],
            "product.updated",
            product,
        )
        .await;
    }
    // The batch waits for the last statement that it needs; then its future is dropped.
    shop.client.batch_execute("begin; select * from catalog_epoch for update").await.unwrap();
    let cut = tokio::time::timeout(Duration::from_millis(700), Box::pin(shop.projector.drain())).await;
    assert!(cut.is_err(), "the batch was still under way");
    shop.client.batch_execute("rollback").await.unwrap();
    assert_eq!(shop.pending().await, 8);
    assert_eq!((shop.fragment(5, 1, "en").await, shop.epoch().await), (before, epoch));
    shop.prove("another has done its work").await;
    assert_eq!(shop.card(5, 1, "en").await["title"], "Late");
}

#[tokio::test]
async fn a_helper_that_outlives_its_projector_keeps_the_next_one_out_and_none_begins_after_it() {
    let shop = TestShop::with_products(1).await;
    let begin = async || shop.shop.store.worker().begin("test").await.unwrap();
    let is_free = async || {
        let tx = begin().await;
        let lock = projection::try_lock_projector(&tx).await.unwrap();
        tx.commit().await.unwrap();
        lock.is_some()
    };
    let projector = begin().await;
    let lock = projection::try_lock_projector(&projector).await.unwrap().expect("nobody else is there");
    let helper = begin().await;
    assert!(projection::try_help_projector(&helper, lock).await.unwrap());
    assert!(!is_free().await);
    projector.commit().await.unwrap();
    assert!(!is_free().await, "a helper still writes");
    let late = begin().await;
    assert!(!projection::try_help_projector(&late, lock).await.unwrap(), "its projector has ended");
    late.commit().await.unwrap();
    helper.commit().await.unwrap();
    assert!(is_free().await);
}

#[tokio::test]
async fn handles_that_change_hands_between_parts_find_their_new_owners() {
    let shop = TestShop::with_products(12).await;
    shop.prove("new").await;
    // Each product takes the handle of the one six further on: of another part, which takes it back.
    shop.run("update product set handle = 'tmp-' || handle", &[]).await;
    for number in 1..=12 {
        let (product, handle) = (id(Kind::Product, number), format!("product-{}", (number + 5) % 12 + 1));
        let sql = "update product set handle = $2 where id = $1";
        shop.change(sql, &[&product, &handle], "product.updated", product).await;
    }
    shop.prove("swapped").await;
    assert_eq!(shop.card(1, 1, "en").await["handle"], "product-7");
}

#[tokio::test]
async fn the_loop_survives_the_loss_of_its_connections_and_ends_when_told() {
    let shop = TestShop::with_products(3).await;
    // A role of its own tells this test's connections from those of its neighbours.
    let role = format!("{}_worker", shop.database.schema);
    shop.client.batch_execute(&format!("create role {role} superuser login")).await.unwrap();
    let url = format!("{} user={role}", shop.database.url);
    let own = std::sync::Arc::new(Shop::new(ShopParts {
        store: Store::new(&StoreSettings::new(url)).unwrap(),
        clock: shop.clock.clone(),
        ids: std::sync::Arc::new(CountingIds::default()),
        blobs: std::sync::Arc::new(MemoryBlobs::default()),
        images: std::sync::Arc::new(tradepost_port::fake::UntouchedImages),
        uploads: std::env::temp_dir(),
        exports: std::env::temp_dir(),
        cache_bytes: tradepost_app::catalog::cache::CACHE_BYTES_DEFAULT,
        checkout: tradepost_app::Checkout::new(Vec::new()),
        mailer: std::sync::Arc::new(tradepost_port::fake::RecordedMails::default()),
        staff_mail: None,
        mail_templates: tradepost_app::mail::MailTemplates::new(
            "Test shop",
            std::collections::BTreeMap::new(),
        )
        .unwrap(),
        public_url: "https://shop.example.com".to_owned(),
        rate_limits: None,
        egress: std::sync::Arc::new(tradepost_port::fake::ScriptedEgress::default()),
        search: tradepost_testkit::shelves(),
        seals: tradepost_testkit::seals(),
    }));
    let (end, told) = oneshot::channel::<()>();
    let projector = Projector::new(own);
    let running = tokio::spawn(async move {
        projector
            .run(async {
                let _ = told.await;
            })
            .await;
    });
    let settled = async |title: &str| {
        let sql =
            "select count(*) from product_view where title_sort = $1 and channel_id = $2 and locale = 'en'";
        loop {
            let row = shop.client.query_one(sql, &[&title, &id(Kind::Channel, 1)]).await.unwrap();
            if row.get::<_, i64>(0) == 3 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = Duration::from_secs(30);
    for title in ["first", "second", "third"] {
        for number in 1..=3 {
            let product = id(Kind::Product, number);
            shop.change(
                "update product set title = $2 where id = $1",
                &[&product, &title],
                "product.updated",
                product,
            )
            .await;
        }
        tokio::time::timeout(patience, settled(title)).await.expect("the loop goes on");
        let kill =
            format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{role}'");
        assert!(shop.number(&kill).await > 0, "it had connections to lose");
    }
    end.send(()).unwrap();
    tokio::time::timeout(patience, running).await.expect("it ends in time").unwrap();
    shop.prove("after the loop").await;
}
