//! Two chunks at once: what is written ahead is committed in its turn, and circles of locks open again.

use std::time::Duration;

use tradepost_app::import::ImportOptions;

use super::{Shop, counts, source};

/// Products of one brand, each picked for one collection.
fn lines(numbers: std::ops::Range<u32>) -> String {
    let line = |number: u32| {
        format!(
            "{{\"handle\": \"p-{number}\", \"title\": \"P\", \"brand\": \"B\", \"collections\": [{{\"handle\": \"all\"}}], \
             \"variants\": [{{\"sku\": \"s-{number}\", \"price\": 1, \"stock\": 2}}]}}\n"
        )
    };
    numbers.map(line).collect()
}

fn chunks_of(products: usize) -> ImportOptions {
    ImportOptions { chunk_products: products, ..ImportOptions::default() }
}

/// As [`lines`], each of a brand, a type and a category of its own.
fn lines_of_many_brands(numbers: std::ops::Range<u32>) -> String {
    let line = |number: u32| {
        format!(
            "{{\"handle\": \"p-{number}\", \"title\": \"P\", \"brand\": \"B {number}\", \"type\": \"T {number}\", \
             \"category\": [\"All\", \"C {number}\"], \"variants\": [{{\"sku\": \"s-{number}\", \"price\": 1}}]}}\n"
        )
    };
    numbers.map(line).collect()
}

/// Waits until a chunk is written and its transaction only waits for its turn.
async fn until_written_ahead(shop: &Shop) {
    let waiting = "select exists (select from pg_locks l join pg_stat_activity a using (pid)
                                   where l.relation = 'product'::regclass and l.mode = 'RowExclusiveLock'
                                     and a.application_name = 'tradepost-worker' and a.state = 'idle in transaction'
                                     and a.state_change < clock_timestamp() - interval '300 milliseconds')";
    let client = shop.client().await;
    while !client.query_one(waiting, &[]).await.unwrap().get::<_, bool>(0) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Takes a handle, as somebody does who makes a product at the same time.
async fn take(client: &tokio_postgres::Client, handle: &str) {
    let sql = "insert into product (id, handle, title, status, created_at, updated_at)
               values (gen_random_uuid(), $1, 'Taken', 'draft', now(), now())";
    client.execute(sql, &[&handle]).await.unwrap();
}

#[tokio::test]
async fn what_is_written_ahead_stands_behind_the_chunk_before() {
    let shop = Shop::new().await;
    shop.import("first.jsonl", &lines(0..1)).await;
    let other = shop.client().await;
    other.batch_execute("begin").await.unwrap();
    take(&other, "p-10").await;
    let (file, options) = (source("rest.jsonl", &lines(1..60)), chunks_of(20));
    let (report, ()) = tokio::join!(shop.try_import(file, &options), async {
        until_written_ahead(&shop).await;
        assert_eq!(shop.texts("select count(*)::text from product").await, ["1"]);
        other.batch_execute("rollback").await.unwrap();
    });
    assert_eq!(counts(&report.unwrap()), [59, 0, 0, 0]);
    let places = "select string_agg(p.handle, ' ' order by c.position)
                    from collection_product c join product p on p.id = c.product_id";
    let expected: Vec<String> = (0..60).map(|number| format!("p-{number}")).collect();
    assert_eq!(shop.texts(places).await, [expected.join(" ")]);
    let levels = "select count(*)::text from stock_level l
                   where on_hand = (select sum(d_on_hand) from stock_movement m where m.stock_level_id = l.id)";
    assert_eq!(shop.texts(levels).await, ["60"]);
}

#[tokio::test]
async fn a_chunk_with_a_brand_of_its_own_is_written_ahead() {
    let shop = Shop::new().await;
    let other = shop.client().await;
    other.batch_execute("begin").await.unwrap();
    take(&other, "p-10").await;
    let (file, options) = (source("new.jsonl", &lines_of_many_brands(0..60)), chunks_of(20));
    let (report, ()) = tokio::join!(shop.try_import(file, &options), async {
        until_written_ahead(&shop).await;
        // What its products refer to is there before they are, so that the chunk behind finds it.
        let made = "select concat_ws(' ', (select count(*) from product), (select count(*) from brand),
                                     (select count(*) from product_type), (select count(*) from category))";
        assert_eq!(shop.texts(made).await, ["0 40 40 41"]);
        other.batch_execute("rollback").await.unwrap();
    });
    assert_eq!(counts(&report.unwrap()), [60, 0, 0, 0]);
    let whole = "select count(*)::text from product p
                   join brand b on b.id = p.brand_id and b.name = 'B ' || substr(p.handle, 3)
                   join product_type t on t.id = p.product_type_id and t.name = 'T ' || substr(p.handle, 3)
                   join category c on c.id = p.category_id and c.name = 'C ' || substr(p.handle, 3)
                   join category a on a.id = c.parent_id and a.name = 'All'";
    assert_eq!(shop.texts(whole).await, ["60"]);
    let places = "select count(distinct position)::text from category where parent_id is not null";
    assert_eq!(shop.texts(places).await, ["60"], "each category has a place of its own");
}

#[tokio::test]
async fn somebody_between_two_chunks_holds_neither_up_for_ever() {
    let shop = Shop::new().await;
    shop.import("first.jsonl", &lines(0..1)).await;
    let other = shop.client().await;
    other.batch_execute("begin").await.unwrap();
    take(&other, "p-10").await;
    let (file, options) = (source("rest.jsonl", &lines(1..60)), chunks_of(20));
    let (report, ()) = tokio::join!(shop.try_import(file, &options), async {
        until_written_ahead(&shop).await;
        // The first chunk waits for us, we wait for the second, and that one for the first.
        take(&other, "p-30").await;
        other.batch_execute("commit").await.unwrap();
    });
    assert_eq!(counts(&report.unwrap()), [57, 2, 0, 0]);
}

#[tokio::test]
async fn a_sku_of_the_chunk_before_is_taken() {
    let shop = Shop::new().await;
    shop.import("first.jsonl", &lines(0..1)).await;
    let twice = lines(1..60).replace("\"s-25\"", "\"s-15\"");
    let report = shop.try_import(source("rest.jsonl", &twice), &chunks_of(20)).await.unwrap();
    assert_eq!(counts(&report), [58, 0, 0, 1]);
    assert_eq!(shop.texts("select code || ' ' || line from import_error").await, ["sku_taken 25"]);
}
