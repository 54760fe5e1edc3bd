//! What fragments hold.

use serde_json::json;
use tradepost_store::catalog::projection;
use tradepost_store::db::count_statements;

use super::shop::{Kind, TestShop, id, variant};

/// One field a line, in the order in which it is sent.
fn lines(fragment: &str) -> String {
    fragment.replace(",\"", ",\n\"").replace("[{", "[\n{")
}

#[tokio::test]
async fn a_card_and_a_page_have_the_shape_of_the_contract() {
    let shop = TestShop::with_products(1).await;
    let product = id(Kind::Product, 1);
    shop.run("update product set rating_sum = 13, rating_count = 3 where id = $1", &[&product]).await;
    shop.run("update stock_level set on_hand = 0, moved_kind = 'adjusted', moved_id = gen_random_uuid() where variant_id = $1", &[&variant(1, 0)]).await;
    shop.prove("a new product").await;
    let (card, page) = shop.fragment(1, 1, "de").await.unwrap();
    insta::assert_snapshot!("card", lines(&card));
    insta::assert_snapshot!("page", lines(&page));
}

#[tokio::test]
async fn texts_fall_back_and_prices_follow_the_channel() {
    let shop = TestShop::with_products(2).await;
    shop.prove("new products").await;
    assert_eq!(shop.card(1, 1, "de").await["title"], "Produkt 1");
    assert_eq!(shop.card(1, 1, "en").await["title"], "Product 1");
    assert_eq!(shop.card(1, 3, "fr").await["category"]["name"], "Category 2");
    assert_eq!(shop.card(1, 1, "de").await["category"]["name"], "Kategorie 2");
    let american = shop.card(1, 2, "en-US").await;
    assert_eq!(american["price"], json!({"amount": 1100, "currency": "USD"}));
    assert_eq!(american["price_max"], json!({"amount": 1650, "currency": "USD"}));
    assert_eq!(american["compare_at_price"], json!({"amount": 2100, "currency": "USD"}));
}

#[tokio::test]
async fn variants_without_a_price_are_left_out_and_a_product_without_any_is_not_shown() {
    let shop = TestShop::with_products(1).await;
    let product = id(Kind::Product, 1);
    let drop_price = "delete from price where currency = 'USD' and variant_id = $1";
    shop.change(drop_price, &[&variant(1, 0)], "variant.updated", product).await;
    shop.prove("one variant without a price").await;
    let page = shop.page(1, 2, "en-US").await;
    assert_eq!(page["variant_count"], 1);
    assert_eq!(page["options"], json!([{"name": "Color", "values": ["Blue"]}]));
    assert_eq!(shop.page(1, 1, "en").await["variant_count"], 2);

    shop.change(drop_price, &[&variant(1, 1)], "variant.updated", product).await;
    shop.prove("no variant with a price").await;
    assert_eq!(shop.fragment(1, 2, "en-US").await, None);
    assert!(shop.fragment(1, 1, "en").await.is_some());
}

#[tokio::test]
async fn a_product_is_hidden_where_it_is_not_offered_and_gone_when_archived() {
    let shop = TestShop::with_products(1).await;
    let product = id(Kind::Product, 1);
    let only = vec![id(Kind::Channel, 2)];
    shop.change(
        "update product set channel_ids = $2 where id = $1",
        &[&product, &only],
        "product.updated",
        product,
    )
    .await;
    shop.prove("one channel only").await;
    assert_eq!(shop.number("select count(*) from product_view").await, 1);
    shop.change(
        "update product set status = 'archived' where id = $1",
        &[&product],
        "product.archived",
        product,
    )
    .await;
    shop.prove("archived").await;
    assert_eq!(shop.number("select count(*) from product_view").await, 0);
}

#[tokio::test]
async fn handles_may_change_hands_in_one_batch() {
    let shop = TestShop::with_products(2).await;
    shop.prove("two products").await;
    let (first, second) = (id(Kind::Product, 1), id(Kind::Product, 2));
    let rename = "update product set handle = $2 where id = $1";
    shop.run(rename, &[&first, &"away"]).await;
    shop.run(rename, &[&second, &"product-1"]).await;
    shop.run(rename, &[&first, &"product-2"]).await;
    shop.event("product.updated", first, json!({})).await;
    shop.event("product.updated", second, json!({})).await;
    shop.prove("swapped").await;
    assert_eq!(shop.card(2, 1, "en").await["handle"], "product-1");

    // The one who takes the handle is rendered before the one who had it.
    shop.run(rename, &[&first, &"free"]).await;
    shop.run(rename, &[&second, &"product-2"]).await;
    shop.event("product.updated", second, json!({})).await;
    shop.projector.drain().await.unwrap();
    assert_eq!(shop.card(2, 1, "en").await["handle"], "product-2");
    shop.event("product.updated", first, json!({})).await;
    shop.prove("taken over").await;
    assert_eq!(shop.card(1, 1, "en").await["handle"], "free");
}

#[tokio::test]
async fn what_did_not_change_is_not_written_and_begins_no_epoch() {
    let shop = TestShop::with_products(2).await;
    shop.prove("new").await;
    let (before, written) = (
        shop.epoch().await,
        "select count(*) from product_view where version = (select max(version) from product_view)",
    );
    let all = shop.number(written).await;
    let product = id(Kind::Product, 1);
    let stock = "update stock_level set on_hand = $2, moved_kind = 'adjusted', moved_id = gen_random_uuid() where variant_id = $1";
    // Seven or six left: in stock either way.
    shop.change(stock, &[&variant(1, 0), &6_i64], "stock.updated", product).await;
    shop.prove("sold one").await;
    assert_eq!((shop.epoch().await, shop.number(written).await), (before, all));
    shop.change(stock, &[&variant(1, 0), &2_i64], "stock.updated", product).await;
    shop.prove("sold most").await;
    assert_eq!(shop.epoch().await, before + 1);
    assert_eq!(shop.page(1, 1, "en").await["variants"][0]["availability"], "low_stock");
    let stale = "select count(*) from product_view where version = (select epoch from catalog_epoch)";
    assert_eq!(shop.number(stale).await, 4, "the four rows of one product carry the new epoch");
}

#[tokio::test]
async fn the_number_of_statements_does_not_depend_on_the_size_of_the_batch() {
    let shop = TestShop::with_products(40).await;
    shop.prove("new").await;
    let mut counts = Vec::new();
    for size in [1, 40] {
        for number in 1..=size {
            let product = id(Kind::Product, number);
            shop.change(
                "update product set title = title || '!' where id = $1",
                &[&product],
                "product.updated",
                product,
            )
            .await;
        }
        let (done, statements) =
            count_statements(Box::pin(shop.projector.clone().in_parts_of(40).drain())).await;
        assert_eq!(done.unwrap().changed, usize::try_from(size).unwrap());
        counts.push(statements);
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] <= 24, "a batch and the look that finds nothing more: {}", counts[0]);
}

#[tokio::test]
async fn searching_finds_the_words_of_the_locale() {
    let shop = TestShop::with_products(1).await;
    shop.prove("new").await;
    for (locale, config, query, found) in [
        ("de", "german", "trockenes", true),
        ("en", "english", "drying", true),
        ("en", "english", "sku-1-1", true),
        ("en", "english", "steel category 2", false),
        ("de", "german", "drying", false),
        ("en", "english", "category 2 wool blue", true),
    ] {
        let sql = "select count(*) from product_view where channel_id = $1 and locale = $2 and search @@ plainto_tsquery($3::text::regconfig, $4)";
        let hits: i64 = shop
            .client
            .query_one(sql, &[&id(Kind::Channel, 1), &locale, &config, &query])
            .await
            .unwrap()
            .get(0);
        assert_eq!(hits == 1, found, "{query}");
    }
    let locale = "de-AT".parse().unwrap();
    assert_eq!(projection::TextSearchConfig::of(&locale).as_str(), "pg_catalog.german");
}
