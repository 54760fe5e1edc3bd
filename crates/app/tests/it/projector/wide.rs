//! Events that reach many products, the schedule, the rebuild.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tradepost_app::catalog::Verify;
use tradepost_store::Topic;

use super::shop::{Kind, TestShop, id};

#[tokio::test]
async fn a_moved_category_moves_the_products_below_it() {
    let shop = TestShop::with_products(12).await;
    shop.prove("new").await;
    // Product 4 is in category 5, below 3, below 1.
    let ancestors = |page: &Value| -> Vec<String> {
        let path = page["categories"][0]["path"].as_array().unwrap();
        path.iter().map(|part| part["handle"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ancestors(&shop.page(4, 1, "en").await), ["category-1", "category-3", "category-5"]);
    let (moved, parent) = (id(Kind::Category, 3), id(Kind::Category, 6));
    shop.change(
        "update category set parent_id = $2 where id = $1",
        &[&moved, &parent],
        "category.moved",
        moved,
    )
    .await;
    shop.prove("moved").await;
    assert_eq!(
        ancestors(&shop.page(4, 1, "en").await),
        ["category-2", "category-6", "category-3", "category-5"]
    );
}

#[tokio::test]
async fn a_deleted_category_and_a_deleted_collection_let_go_of_their_products() {
    let shop = TestShop::with_products(6).await;
    let (category, collection, product) =
        (id(Kind::Category, 6), id(Kind::Collection, 1), id(Kind::Product, 1));
    shop.run("update product set category_id = null where category_id = $1", &[&category]).await;
    shop.run(
        "insert into product_category (product_id, category_id) values ($1, $2)",
        &[&product, &category],
    )
    .await;
    shop.run(
        "insert into collection_product (product_id, collection_id) values ($1, $2)",
        &[&product, &collection],
    )
    .await;
    shop.prove("in both").await;
    let held = "select count(*) from product_view where category_ids && (select array_agg(id) from category where handle = 'category-6')
                   and collection_ids <> '{}'";
    assert_eq!(shop.number(held).await, 4);
    shop.change("delete from category where id = $1", &[&category], "category.deleted", category).await;
    shop.change("delete from collection where id = $1", &[&collection], "collection.deleted", collection)
        .await;
    shop.prove("deleted").await;
}

#[tokio::test]
async fn a_rule_and_a_channel_reach_every_product() {
    let shop = TestShop::with_products(30).await;
    shop.prove("new").await;
    let collection = id(Kind::Collection, 2);
    let members = "select count(*) from product_view where channel_id = (select id from channel where is_default) and locale = 'en'
                      and collection_ids <> '{}'";
    assert_eq!(shop.number(members).await, 2);
    let rule = json!({"match": "any", "conditions": [{"field": "attribute.material", "operator": "eq", "value": "wool"}]});
    shop.change(
        "update collection set rule = $2 where id = $1",
        &[&collection, &rule],
        "collection.updated",
        collection,
    )
    .await;
    shop.prove("another rule").await;
    assert_eq!(shop.number(members).await, 30);

    let channel = id(Kind::Channel, 1);
    shop.change(
        "update channel set locales = '{en,it}' where id = $1",
        &[&channel],
        "channel.updated",
        channel,
    )
    .await;
    shop.prove("another locale").await;
    assert_eq!(shop.number("select count(*) from product_view where locale = 'it'").await, 30);
    assert_eq!(shop.number("select count(*) from product_view where locale = 'de'").await, 0);
    shop.change("update channel set active = false where id = $1", &[&channel], "channel.updated", channel)
        .await;
    shop.prove("closed").await;
    assert_eq!(shop.number("select count(*) from product_view where locale = 'en'").await, 0);
}

#[tokio::test]
async fn more_products_than_a_batch_holds_are_projected_in_several() {
    let shop = TestShop::with_products(1).await;
    // 400 rows a product leave room for five of them in a batch.
    let locales: Vec<String> = (0..400).map(|number| format!("xx-{number:03}")).collect();
    shop.run(
        "update channel set locales = $1, default_locale = ($1::text[])[1] where is_default",
        &[&locales],
    )
    .await;
    for number in 2..=12 {
        shop.add_product(number).await;
    }
    let ids: Vec<String> = (1..=12).map(|number| id(Kind::Product, number).to_string()).collect();
    shop.event("product.imported", id(Kind::Product, 1), json!({"product_ids": ids})).await;
    shop.prove("imported").await;
    assert_eq!(shop.number("select count(*) from product_view").await, 12 * 402);
}

#[tokio::test]
async fn listeners_are_told_the_epoch_and_the_products() {
    let shop = TestShop::with_products(1).await;
    shop.prove("new").await;
    let mut listener = shop.database.store.listen(Topic::Catalog).await.unwrap();
    let product = id(Kind::Product, 1);
    shop.change("update product set title = 'Other' where id = $1", &[&product], "product.updated", product)
        .await;
    shop.projector.drain().await.unwrap();
    let told: Value = serde_json::from_str(&listener.recv().await.unwrap()).unwrap();
    assert_eq!(
        told,
        json!({"epoch": shop.epoch().await, "products": [product.to_string()], "steering": false})
    );

    let brand = id(Kind::Brand, 2);
    shop.change("update brand set name = 'Other' where id = $1", &[&brand], "brand.updated", brand).await;
    shop.projector.drain().await.unwrap();
    let told: Value = serde_json::from_str(&listener.recv().await.unwrap()).unwrap();
    assert_eq!(told["products"], Value::Null);

    shop.change("delete from product where id = $1", &[&product], "product.deleted", product).await;
    shop.projector.drain().await.unwrap();
    let mut last = Value::Null;
    while last["products"] != json!([product.to_string()]) {
        last = serde_json::from_str(&listener.recv().await.unwrap()).unwrap();
    }
    assert_eq!(last["epoch"], shop.epoch().await);
}

#[tokio::test]
async fn a_draft_publishes_itself_when_its_time_has_come() {
    let shop = TestShop::with_products(2).await;
    let product = id(Kind::Product, 1);
    let plan = "update product set status = 'draft', published_at = null, publish_at = $2 where id = $1";
    let at = shop.now() + SignedDuration::from_secs(60);
    shop.change(plan, &[&product, &at], "product.updated", product).await;
    shop.prove("planned").await;
    assert_eq!(shop.projector.publish_due().await.unwrap(), 0);
    assert_eq!(shop.fragment(1, 1, "en").await, None);

    shop.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(shop.projector.publish_due().await.unwrap(), 1);
    assert_eq!(shop.projector.publish_due().await.unwrap(), 0);
    shop.prove("published").await;
    let row = shop
        .client
        .query_one("select status, version, published_at from product where id = $1", &[&product])
        .await;
    let row = row.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, i64>(1)), ("published", 2));
    assert_eq!(row.get::<_, jiff::Timestamp>(2), shop.now());
    assert_eq!(shop.page(1, 1, "en").await["version"], 2);
    assert_eq!(shop.number("select count(*) from audit_log where action = 'product.publish'").await, 1);
}

#[tokio::test]
async fn a_rebuild_repairs_what_no_event_told_of_and_tells_its_progress() {
    let shop = TestShop::with_products(7).await;
    shop.prove("new").await;
    shop.run("update product set title = 'Unheard' where id = $1", &[&id(Kind::Product, 3)]).await;
    shop.run("update product_view set search = '' where product_id = $1", &[&id(Kind::Product, 4)]).await;
    shop.run("delete from product_view where product_id = $1", &[&id(Kind::Product, 5)]).await;
    shop.run(
        "update product_view set locale = 'xx' where product_id = $1 and locale = 'fr'",
        &[&id(Kind::Product, 6)],
    )
    .await;
    let found: Vec<String> = shop.mismatches().await.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3 + 4 + 4 + 2, "{found:?}");
    assert!(found.iter().any(|line| line.ends_with("title_sort, search, card, page")), "{found:?}");
    assert_eq!(shop.projector.verify(Verify::Sample(1)).await.unwrap(), []);
    assert_eq!(shop.projector.verify(Verify::Sample(7)).await.unwrap().len(), found.len());

    let mut told = Vec::new();
    let done = shop.projector.rebuild(|done, total| told.push((done, total))).await.unwrap();
    assert_eq!((done.products, done.changed, done.broken), (7, 4, 0));
    assert_eq!(told, [(0, 7), (7, 7)]);
    shop.prove("rebuilt").await;
}
