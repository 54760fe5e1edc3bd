//! What other shops' files hold beside what they should.

use super::{Shop, counts};
use tradepost_app::import::ImportReport;

fn told(report: &ImportReport) -> Vec<String> {
    let text = |error: &tradepost_app::import::RowError| {
        format!("{} {} {}", error.line, error.column.as_deref().unwrap_or("-"), error.code)
    };
    report.errors.iter().map(text).collect()
}

#[tokio::test]
async fn two_options_of_one_name_are_told() {
    let shop = Shop::new().await;
    let content = concat!(
        "Handle,Title,Variant Price,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value\n",
        "twice,Twice,1,Color,Red,Size,M,color,Blue\n",
        "twice,,1,,Green,,M,,Blue\n",
        "good,Good,1,Color,Red,Size,M,,\n",
    );
    let report = shop.import("a.csv", content).await;
    assert_eq!(told(&report), ["2 Option3 Name duplicate_option"]);
    assert_eq!(counts(&report), [1, 0, 0, 1]);
}

#[tokio::test]
async fn what_was_oversold_elsewhere_comes_with_nothing_on_hand() {
    let shop = Shop::new().await;
    let content = concat!(
        "Handle,Title,Variant Price,Variant Inventory Qty,Variant Inventory Policy\n",
        "owed,Owed,1,-3,continue\n",
        "odd,Odd,1,-x,deny\n",
    );
    let report = shop.import("a.csv", content).await;
    assert_eq!(told(&report), ["3 Variant Inventory Qty invalid_quantity"]);
    let levels = "select p.handle || ' ' || s.on_hand || ' ' || v.tracked || ' ' || v.backorder
                    from stock_level s join variant v on v.id = s.variant_id join product p on p.id = v.product_id";
    assert_eq!(shop.texts(levels).await, ["owed 0 true true"]);
    let again = shop.import("b.csv", &content.replace("Owed", "Owed ")).await;
    assert_eq!(again.counts.unchanged, 1);
}

#[tokio::test]
async fn a_picture_above_its_product_is_its_first_one() {
    let shop = Shop::new().await;
    let content = concat!(
        "Handle,Title,Variant Price,Variant SKU,Option1 Name,Option1 Value,Image Src,Image Alt Text\n",
        "boot,,,,,,https://example.com/first.jpg,First\n",
        "boot,Boot,1,A,Size,M,https://example.com/second.jpg,Second\n",
        "boot,,2,B,,L,,\n",
        "untitled,,1,C,,,,\n",
    );
    let report = shop.import("a.csv", content).await;
    assert_eq!(told(&report), ["5 Title required"]);
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    let pictures = "select alt from product_media order by position";
    assert_eq!(shop.texts(pictures).await, ["First", "Second"]);
    let variants = "select sku || ' ' || (options ->> 'Size') from variant order by position";
    assert_eq!(shop.texts(variants).await, ["A M", "B L"]);
}

#[tokio::test]
async fn between_semicolons_numbers_have_decimal_commas() {
    let shop = Shop::new().await;
    let content = concat!(
        "Handle;Title;Variant Price;Variant Compare At Price;Variant Weight;Variant Weight Unit\n",
        "a;A;1,50;1.234,56;1,5;kg\n",
        "b;B;2.50;;;\n",
        "c;C;1,234.56;;;\n",
        "d;D;1,505;;;\n",
    );
    let report = shop.import("a.csv", content).await;
    assert_eq!(told(&report), ["4 Variant Price invalid_price", "5 Variant Price too_precise"]);
    let prices = "select p.handle || ' ' || r.amount || ' ' || coalesce(r.compare_at_amount::text, '-') || ' '
                         || coalesce(v.weight_grams::text, '-')
                    from price r join variant v on v.id = r.variant_id join product p on p.id = v.product_id order by 1";
    assert_eq!(shop.texts(prices).await, ["a 150 123456 1500", "b 250 - -"]);
    let commas = "Handle,Title,Variant Price\ne,E,\"1,50\"\n";
    assert_eq!(told(&shop.import("b.csv", commas).await), ["2 Variant Price invalid_price"]);
}

#[tokio::test]
async fn attributes_of_any_size_do_not_come_in() {
    let shop = Shop::new().await;
    let large = "x".repeat(70_000);
    let lines = format!(
        "{{\"title\": \"A\", \"price\": 1, \"attributes\": {{\"text\": \"{large}\"}}}}\n{{\"title\": \"B\", \"price\": 1}}\n"
    );
    let report = shop.import("a.jsonl", &lines).await;
    assert_eq!(told(&report), ["1 attributes too_large"]);
    assert_eq!(counts(&report), [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_file_answers_for_the_attributes_that_it_speaks_of() {
    let shop = Shop::new().await;
    let schema = |value: &str| {
        format!(r#"[{{"key": "material", "label": "M", "kind": "enum", "values": ["{value}"]}}]"#)
    };
    let insert = format!(
        "insert into product_type (id, handle, name, attributes, created_at, updated_at)
         values (gen_random_uuid(), 'scarf', 'Scarf', '{}', now(), now())",
        schema("wool")
    );
    let client = shop.client().await;
    client.batch_execute(&insert).await.unwrap();
    let with = r#"{"handle": "b", "title": "B", "type": "scarf", "price": 1, "material": "wool"}"#;
    assert_eq!(counts(&shop.import("a.jsonl", with).await), [1, 0, 0, 0]);
    let change = format!("update product_type set attributes = '{}'", schema("cotton"));
    client.batch_execute(&change).await.unwrap();
    let without = shop.import("b.jsonl", r#"{"handle": "b", "title": "New", "price": 1}"#).await;
    assert_eq!((told(&without), counts(&without)), (vec![], [0, 1, 0, 0]));
    let report = shop.import("c.jsonl", &with.replace("\"B\"", "\"C\"")).await;
    assert_eq!(report.errors.iter().map(|error| error.code).collect::<Vec<_>>(), ["attribute_invalid"]);
}

#[tokio::test]
async fn what_has_not_to_be_sent_is_told_by_its_column_and_stays_so_where_a_file_is_silent() {
    let shop = Shop::new().await;
    let content = concat!(
        "Handle,Title,Variant Price,Variant SKU,Variant Requires Shipping\n",
        "boot,Boot,1,A,true\n",
        "book,Book,1,B,FALSE\n",
        "cup,Cup,1,C,\n",
    );
    let report = shop.import("a.csv", content).await;
    assert_eq!((told(&report).len(), counts(&report)), (0, [3, 0, 0, 0]));
    let sent = "select sku || ' ' || requires_shipping from variant order by sku";
    assert_eq!(shop.texts(sent).await, ["A true", "B false", "C true"]);
    let silent = "Handle,Title,Variant Price,Variant SKU\nbook,Book two,1,B\n";
    assert_eq!(counts(&shop.import("b.csv", silent).await), [0, 1, 0, 0]);
    assert_eq!(shop.texts(sent).await, ["A true", "B false", "C true"]);
    let lines = r#"{"handle":"cup","title":"Cup","price":1,"sku":"C","requires_shipping":false}
{"handle":"pot","title":"Pot","price":1,"sku":"D","requires_shipping":"yes"}"#;
    let report = shop.import("c.jsonl", lines).await;
    assert_eq!((counts(&report), told(&report).len()), ([0, 1, 0, 1], 1));
    assert_eq!(shop.texts(sent).await, ["A true", "B false", "C false"]);
}
