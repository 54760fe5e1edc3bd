//! Products that are there already are changed as the file says, and only where it says something.

use tradepost_app::import::Format;

use super::{DIRTY_CSV, LINES, Shop, counts};

#[tokio::test]
async fn a_dirty_file_becomes_clean_products() {
    let shop = Shop::new().await;
    let report = shop.import("dirty.csv", DIRTY_CSV).await;
    assert_eq!(counts(&report), [3, 0, 0, 0], "{:?}", report.errors);
    assert_eq!(
        shop.texts("select handle || ' ' || status || ' ' || title from product order by 1").await,
        [
            "hyperlink-1 draft =HYPERLINK(1)",
            "hyperlink-1-2 published =HYPERLINK(1)",
            "red-shoe published Red Shoe"
        ]
    );
    let of_shoe = |what: &str| format!("select ({what})::text from product where handle = 'red-shoe'");
    assert_eq!(shop.texts(&of_shoe("description")).await, ["<p>Good\n</p>"]);
    assert_eq!(shop.texts(&of_shoe("tags")).await, ["{new,red}"]);
    assert_eq!(
        shop.texts(&of_shoe("options")).await,
        [r#"[{"name": "Size", "values": ["40", "41"]}, {"name": "Colour", "values": ["red"]}]"#]
    );
    let variants = "
        select concat_ws(' ', v.sku, v.weight_grams, v.tracked, v.backorder, p.amount, p.compare_at_amount, s.on_hand,
                         m.source_url)
          from variant v
          join price p on p.variant_id = v.id and p.currency = 'EUR'
          left join stock_level s on s.variant_id = v.id
          left join product_media m on m.id = v.media_id
         where v.sku like 'RS-%'
         order by v.position";
    assert_eq!(
        shop.texts(variants).await,
        ["RS-40 680 t f 2050 3000 3 https://cdn.example/a.jpg", "RS-41 t t 2100 0"]
    );
    assert_eq!(
        shop.texts("select source_url || ' ' || alt from product_media order by position").await,
        ["https://cdn.example/a.jpg Side", "https://cdn.example/b.jpg Front", "https://cdn.example/c.jpg "]
    );
    assert_eq!(
        shop.texts("select c.name || ' < ' || p.name from category c join category p on p.id = c.parent_id")
            .await,
        ["Shoes < Clothes"]
    );
    let events = "select type || ' ' || count(*) from outbox group by type order by 1";
    assert_eq!(shop.texts(events).await, ["product.imported 3"]);
    assert_eq!(shop.texts("select action from audit_log").await, ["product.import"]);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    for (name, content, products) in [("a.csv", DIRTY_CSV, 3), ("a.jsonl", LINES, 3)] {
        let shop = Shop::new().await;
        let report = shop.import(name, content).await;
        assert_eq!(counts(&report), [products, 0, 0, 0], "{:?}", report.errors);
        let states = "select string_agg(id::text || version || updated_at, ',' order by id) from product";
        let before = shop.texts(states).await;
        let report = shop.import(name, content).await;
        assert_eq!(counts(&report), [0, 0, products, 0]);
        assert_eq!(shop.texts(states).await, before);
        assert_eq!(shop.texts("select count(*)::text from outbox").await, [products.to_string()]);
    }
}

#[tokio::test]
async fn only_what_the_file_speaks_of_is_changed() {
    let shop = Shop::new().await;
    shop.import("dirty.csv", DIRTY_CSV).await;
    let before = shop.export(Format::ShopifyCsv).await;
    let report = shop
        .import(
            "prices.csv",
            "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price\n\
             red-shoe,Red Shoe,Size,40,Colour,red,RS-40,25\n\
             red-shoe,,,41,,red,RS-41,21\n",
        )
        .await;
    assert_eq!(counts(&report), [0, 1, 0, 0], "{:?}", report.errors);
    assert_eq!(shop.export(Format::ShopifyCsv).await, before.replace(",20.50,30.00,", ",25.00,30.00,"));
    assert_eq!(shop.texts("select version::text from product where handle = 'red-shoe'").await, ["2"]);
}

#[tokio::test]
async fn variants_keep_their_identity_by_sku_or_by_options() {
    let shop = Shop::new().await;
    let line = |variants: &str| format!(r#"{{"handle": "cup", "title": "Cup", "variants": [{variants}]}}"#);
    let first = r#"{"sku": "A", "options": {"Size": "S"}, "price": 1, "stock": 1}, {"options": {"Size": "M"}, "price": 2, "stock": 2}, {"sku": "C", "options": {"Size": "L"}, "price": 3}"#;
    shop.import("a.jsonl", &line(first)).await;
    let ids = "select id::text from variant order by position";
    let before = shop.texts(ids).await;
    // A is called XS now, M has got a SKU, C is gone, D is new.
    let second = r#"{"sku": "D", "options": {"Size": "XL"}, "price": 9}, {"sku": "M", "options": {"Size": "M"}, "price": 2}, {"sku": "A", "options": {"Size": "XS"}, "price": 1, "stock": 5}"#;
    let report = shop.import("b.jsonl", &line(second)).await;
    assert_eq!(counts(&report), [0, 1, 0, 0], "{:?}", report.errors);
    let after = shop.texts(ids).await;
    assert_eq!((&after[1], &after[2]), (&before[1], &before[0]));
    assert_eq!(shop.texts("select count(*)::text from price").await, ["3"]);
    assert_eq!(
        shop.texts("select on_hand::text from stock_level s join variant v on v.id = s.variant_id order by v.position").await,
        ["2", "5"]
    );

    let report = shop.import("c.jsonl", r#"{"handle": "cup", "title": "Cup", "price": 3}"#).await;
    assert_eq!(report.errors[0].code, "variants_required");
    let held = "update stock_level set reserved = 1, moved_kind = 'reserved', moved_id = gen_random_uuid()";
    shop.client().await.batch_execute(held).await.unwrap();
    let report =
        shop.import("d.jsonl", &line(r#"{"sku": "D", "options": {"Size": "XL"}, "price": 9}"#)).await;
    assert_eq!(report.errors[0].code, "variant_in_use");
}

#[tokio::test]
async fn a_product_without_a_handle_is_found_by_its_sku() {
    let shop = Shop::new().await;
    shop.import("a.jsonl", r#"{"handle": "cup", "title": "Cup", "price": 1, "sku": "A"}"#).await;
    let report = shop.import("b.jsonl", r#"{"title": "Mug", "price": 1, "sku": "A"}"#).await;
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    assert_eq!(shop.texts("select handle || title from product").await, ["cupMug"]);
    let report = shop.import("c.jsonl", r#"{"handle": "mug", "title": "Mug", "price": 1, "sku": "A"}"#).await;
    assert_eq!((report.errors[0].code, counts(&report)), ("sku_taken", [0, 0, 0, 1]));
    assert!(report.errors[0].message.contains("`cup`"));
}

#[tokio::test]
async fn attributes_follow_the_schema_of_a_type_that_is_there() {
    let shop = Shop::new().await;
    let schema =
        r#"[{"key": "material", "label": "Material", "kind": "enum", "values": ["wool"], "required": true}]"#;
    let insert = format!(
        "insert into product_type (id, handle, name, attributes, created_at, updated_at)
         values (gen_random_uuid(), 'scarf', 'Scarf', '{schema}', now(), now())"
    );
    shop.client().await.batch_execute(&insert).await.unwrap();
    let lines = concat!(
        r#"{"title": "A", "type": "Scarf", "brand": "Unused", "price": 1, "material": "steel"}"#,
        "\n",
        r#"{"title": "B", "type": "scarf", "price": 1, "material": "wool"}"#,
    );
    let report = shop.import("a.jsonl", lines).await;
    assert_eq!((report.errors[0].line, report.errors[0].code), (1, "attribute_invalid"));
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    assert_eq!(
        shop.texts("select name from brand").await,
        Vec::<String>::new(),
        "nothing is made for what is refused"
    );
}

#[tokio::test]
async fn categories_of_one_name_get_handles_of_their_own_and_are_found_again() {
    let shop = Shop::new().await;
    let lines = concat!(
        r#"{"title": "A", "category": ["Women", "Shoes"], "price": 1}"#,
        "\n",
        r#"{"title": "B", "category": ["Men", "Shoes"], "price": 1}"#,
        "\n",
        r#"{"title": "C", "category": "men > SHOES", "price": 1}"#,
    );
    shop.import("a.jsonl", lines).await;
    let handles = "select handle from category order by 1";
    assert_eq!(shop.texts(handles).await, ["men", "men-shoes", "shoes", "women"]);
    shop.import("b.jsonl", r#"{"title": "D", "category": ["Men", "Shoes"], "price": 1}"#).await;
    assert_eq!(shop.texts(handles).await.len(), 4);
    let counts = "select count(*)::text from product p join category c on c.id = p.category_id where c.handle = 'men-shoes'";
    assert_eq!(shop.texts(counts).await, ["3"]);
}

#[tokio::test]
async fn stored_pictures_translations_and_times_go_out_and_come_back() {
    let blob = format!("{}.svg", "a".repeat(64));
    let line = format!(
        r#"{{"handle": "cup", "title": "Cup", "price": 1, "published_at": "2026-01-31T08:00:00Z", "media": [{{"url": "/media/{blob}", "alt": "A cup"}}], "translations": {{"de": {{"title": "Tasse", "description": "<script>x</script><p onclick='y'>Rund</p>"}}, "fr": null}}}}"#
    );
    let asset = format!(
        "insert into media_asset (blob, content_type, width, height, size_bytes, created_at)
         values ('{blob}', 'image/svg+xml', 640, 480, 1, now())"
    );
    let shop = Shop::new().await;
    shop.client().await.batch_execute(&asset).await.unwrap();
    let report = shop.import("a.jsonl", &line).await;
    assert_eq!(counts(&report), [1, 0, 0, 0], "{:?}", report.errors);
    let picture = "select concat_ws(' ', blob, source_url, alt, width, height) from product_media";
    assert_eq!(shop.texts(picture).await, [format!("{blob} A cup 640 480")]);
    let exported = shop.export(Format::JsonLines).await;
    for part in
        ["2026-01-31T08:00:00Z", "/media/aaa", r#"{"de":{"description":"<p>Rund</p>","title":"Tasse"}}"#]
    {
        assert!(exported.contains(part), "{part} in {exported}");
    }
    for (name, format) in [("b.jsonl", Format::JsonLines), ("b.csv", Format::ShopifyCsv)] {
        let exported = shop.export(format).await;
        let again = shop.import(name, &exported).await;
        assert_eq!(counts(&again), [0, 0, 1, 0], "{exported}");
        let empty = Shop::new().await;
        empty.import(name, &exported).await;
        assert_eq!(
            empty.texts(picture).await,
            Vec::<String>::new(),
            "the picture is not there, its name is kept"
        );
        assert_eq!(empty.export(format).await, exported);
    }
    let report = shop
        .import("c.jsonl", r#"{"handle": "cup", "title": "Cup", "price": 1, "translations": {"de": null}}"#)
        .await;
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    assert_eq!(shop.texts("select translations::text from product").await, ["{}"]);
    let bad = r#"{"title": "X", "price": 1, "published_at": "soon", "translations": {"not a locale": {}, "de": {"colour": "x"}}}"#;
    let report = shop.import("d.jsonl", bad).await;
    let codes: Vec<&str> = report.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["invalid_time", "invalid_type", "invalid_locale"]);
}
