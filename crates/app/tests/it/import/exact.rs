//! An export holds all that a product has: importing it gives the same product, here and in an empty shop.

use tradepost_app::import::Format;
use tradepost_domain::kernel::Currency;

use super::{Shop, counts};

const FORMATS: [(Format, &str); 2] = [(Format::ShopifyCsv, "shop.csv"), (Format::JsonLines, "shop.jsonl")];

/// What products can have that makes exports stumble.
const AWKWARD: &str = r#"
{"handle":"plain","title":"Plain","price":1}
{"handle":"archived","title":"Archived","status":"archived","published_at":"2024-02-29T23:59:59.999999Z","price":2}
{"handle":"planned","title":"Planned","publish_at":"2036-01-31T08:00:00Z","price":3,"channels":["us"]}
{"handle":"nowhere","title":"Shown nowhere","channels":[],"price":3}
{"handle":"was-published","title":"Was published","status":"draft","published_at":"2024-01-01T00:00:00Z","price":3}
{"handle":"filed","title":"Filed","category":["Home","Kitchen"],"categories":[["Home"],["Men","Shoes"],["A > B"," C "]],"collections":[{"title":"Summer","position":9},{"handle":"odd-handle","title":"Winter > Sale","position":2}],"price":4}
{"handle":"filed-too","title":"Filed too","category":["Women","Shoes"],"categories":[["Men","Shoes"]],"collections":["Summer"],"price":4}
{"handle":"formulas","title":"=1+1","description":"=HYPERLINK(\"x\")","brand":"+Brand","type":"-Type","category":["@Cat","=Sub"],"tags":["=tag","@tag","＝wide"],"seo":{"title":"+seo","description":"-seo"},"=key":"=value","@list":["=a"],"metadata":{"=m":"=n"},"options":[{"name":"=Size","values":["+1","-1"]}],"variants":[{"sku":"=SKU","barcode":"+49","options":{"=Size":"+1"},"price":5,"metadata":{"shopify":{"=Own":"=x"}}},{"sku":"'=SKU","options":{"=Size":"-1"},"price":5}],"media":[{"url":"=cmd.jpg","alt":"@alt"}],"translations":{"de":{"title":"=zwei"}}}
{"handle":"signs","title":"Quo\"te, comma; 'single' 👟 日本語 \t tab","description":"<p>One\r\ntwo &amp; <strong>three</strong></p>\n","tags":["a,b","c;d","e\"f"],"brand":"Hölle & Söhne","type":"Töpfe & Pfannen","note":"12","empty":"","yes":"true","number":1.50,"big":12345678901234567,"nested":{"a":[1,null,{"b":"=x"}]},"price":6}
{"handle":"money","title":"Money","variants":[{"sku":"M-1","options":{"Size":"S"},"price":0.01,"compare_at":99.99,"prices":{"JPY":{"price":1500,"compare_at":2000},"KWD":{"price":1.234}}},{"sku":"M-2","options":{"Size":"M"},"price":null,"prices":{"USD":{"price":7.50,"compare_at":8}}}]}
{"handle":"options","title":"Options","options":[{"name":"Size","values":["XL","S","M"]},{"name":"Hue","values":["red"]}],"variants":[{"options":{"Size":"S","Hue":"red"},"price":1,"stock":0},{"options":{"Size":"XL","Hue":"red"},"price":1,"tracked":true},{"options":{"Size":"M","Hue":"red"},"price":1,"tracked":false,"backorder":true,"requires_shipping":false,"stock":7,"weight_grams":0}]}
{"handle":"default-title","title":"Default title","options":[{"name":"Title","values":["Default Title"]}],"variants":[{"options":{"Title":"Default Title"},"price":1}]}
{"handle":"pictures","title":"Pictures","media":[{"url":"first.jpg","alt":"First"},{"url":"https://cdn.example/2.jpg","alt":"Two"},{"url":"/media/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jpg","alt":"Stored elsewhere"},{"url":"https://cdn.example/4.jpg"}],"variants":[{"options":{"N":"1"},"price":1,"image":"first.jpg"},{"options":{"N":"2"},"price":1,"image":"/media/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jpg"},{"options":{"N":"3"},"price":1,"image":"https://cdn.example/4.jpg"}]}
{"handle":"locales","title":"Locales","popularity":1000000000000,"translations":{"de":{"title":"Sprachen","description":"<p>Größe</p>","seo_title":"S"},"ja":{"title":"言語"},"ar":{"description":"<p>لغات</p>"}},"price":8}
{"handle":"known-words","id":"x-7","title":"Known words","attributes":{"price":"high","channels":"many","collections":1,"categories":{"a":1}},"metadata":{"own":{"deep":[1,2]},"title":"=x"},"price":9}
"#;

async fn shop(currency: Currency) -> Shop {
    let shop = Shop::in_currency(currency).await;
    let channel =
        "insert into channel (id, handle, name, currency, default_locale, locales, created_at, updated_at)
                   values (gen_random_uuid(), 'us', 'US', 'USD', 'en', '{en}', now(), now())";
    shop.client().await.batch_execute(channel).await.unwrap();
    shop
}

/// Everything of the products and of what they refer to, without ids and the times of writing.
async fn contents(shop: &Shop) -> Vec<String> {
    let lists = [
        "select to_jsonb(p) - array['id', 'brand_id', 'product_type_id', 'category_id', 'channel_ids', 'version', 'created_at', 'updated_at']
                || jsonb_build_object(
                   'brand', (select handle || name from brand where id = p.brand_id),
                   'type', (select handle || name from product_type where id = p.product_type_id),
                   'category', (select handle from category where id = p.category_id),
                   'channels', (select jsonb_agg(c.handle order by c.handle) from channel c where c.id = any (p.channel_ids)),
                   'everywhere', p.channel_ids is null)
           from product p order by p.handle",
        "select jsonb_build_array(p.handle, c.handle, pc.position)
           from product_category pc join product p on p.id = product_id join category c on c.id = pc.category_id order by 1",
        "select jsonb_build_array(p.handle, c.handle, c.title, c.kind, cp.position)
           from collection_product cp join product p on p.id = product_id join collection c on c.id = collection_id order by 1",
        "select jsonb_build_array(p.handle, m.position, m.source_url, m.blob, m.alt)
           from product_media m join product p on p.id = m.product_id order by 1",
        "select to_jsonb(v) - array['id', 'product_id', 'media_id'] || jsonb_build_object(
                   'product', p.handle, 'image', (select source_url from product_media where id = v.media_id),
                   'stock', (select on_hand from stock_level where variant_id = v.id),
                   'prices', (select jsonb_agg(to_jsonb(r) - 'variant_id' order by currency) from price r where variant_id = v.id))
           from variant v join product p on p.id = v.product_id order by p.handle, v.position",
        "select jsonb_build_array(c.handle, c.name, p.handle) from category c left join category p on p.id = c.parent_id order by 1",
    ];
    let mut found = Vec::new();
    for list in lists {
        found.extend(shop.texts(&format!("select x::text from ({list}) as x (x)")).await);
    }
    found
}

async fn assert_contents(shop: &Shop, expected: &[String], name: &str) {
    let found = contents(shop).await;
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(found.len(), expected.len(), "{name}");
}

/// Exports a shop in both formats; each changes nothing here, and makes the same of an empty shop.
async fn assert_exact(first: &Shop, currency: Currency) {
    let before = contents(first).await;
    let products: u64 = first.texts("select count(*)::text from product").await[0].parse().unwrap();
    let exports = [first.export(FORMATS[0].0).await, first.export(FORMATS[1].0).await];
    for ((format, name), exported) in FORMATS.into_iter().zip(&exports) {
        let again = first.import(name, exported).await;
        assert_contents(first, &before, name).await;
        assert_eq!((counts(&again), &again.errors[..]), ([0, 0, products, 0], &[][..]), "{name}");

        let second = shop(currency).await;
        let report = second.import(name, exported).await;
        assert_eq!((counts(&report), &report.errors[..]), ([products, 0, 0, 0], &[][..]), "{name}");
        for (theirs, ours) in exported.lines().zip(second.export(format).await.lines()) {
            assert_eq!(theirs, ours);
        }
        for (format, exported) in FORMATS.into_iter().zip(&exports) {
            assert!(second.export(format.0).await == *exported, "{name}, then {}", format.1);
        }
        assert_contents(&second, &before, name).await;
        let again = second.import(&format!("again-{name}"), exported).await;
        assert_eq!(counts(&again), [0, 0, products, 0], "{name}");
    }
}

#[tokio::test]
async fn awkward_products_come_back_as_they_were_in_every_currency() {
    for currency in [Currency::EUR, "JPY".parse().unwrap(), "KWD".parse().unwrap()] {
        let first = shop(currency).await;
        let lines = if currency.code() == "JPY" {
            AWKWARD.replace("0.01", "1").replace("99.99", "99").replace(r#""JPY""#, r#""EUR""#)
        } else {
            AWKWARD.replace(
                r#","KWD":{"price":1.234}"#,
                if currency == Currency::EUR { r#","KWD":{"price":1.234}"# } else { "" },
            )
        };
        let report = first.import("awkward.jsonl", &lines).await;
        assert_eq!((report.counts.failed, &report.errors[..]), (0, &[][..]));
        assert_exact(&first, currency).await;
    }
}

#[tokio::test]
async fn no_cell_of_an_export_is_a_formula() {
    let first = shop(Currency::EUR).await;
    first.import("awkward.jsonl", AWKWARD).await;
    let exported = first.export(Format::ShopifyCsv).await;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(exported.as_bytes());
    let mut disarmed = 0;
    for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
        let dangerous = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
        assert!(!cell.starts_with(dangerous), "{cell}");
        disarmed +=
            usize::from(cell.starts_with('\'') && cell.trim_start_matches('\'').starts_with(dangerous));
    }
    // Title, description, brand, type, category, tags, options, SKUs, barcode, pictures, texts for search engines,
    // attributes with their names, columns of the metadata.
    assert!(disarmed >= 18, "{disarmed}");
}

#[tokio::test]
async fn names_that_make_other_handles_and_are_shared_come_back() {
    let first = shop(Currency::EUR).await;
    let lines = r#"
        {"handle":"a","title":"A","brand":"Acme","type":"Pots & Pans","category":["Shoes"],"categories":[["Wares","Boots"]],"price":1}
        {"handle":"b","title":"B","brand":"Acme Two","type":"Pans","category":["Bags"],"categories":[["Wares","Belts"]],"price":1}"#;
    assert_eq!(counts(&first.import("names.jsonl", lines).await), [2, 0, 0, 0]);
    let rename = "update brand set handle = 'x-' || handle, name = 'Acme';
                  update product_type set handle = 'pots-pans' where handle = 'pots-and-pans';
                  update category set name = 'shoes' where handle = 'bags';
                  update category set name = 'Boots' where handle = 'belts';";
    first.client().await.batch_execute(rename).await.unwrap();
    assert_exact(&first, Currency::EUR).await;
}

#[tokio::test]
async fn a_file_by_others_finds_brands_and_types_by_their_names_in_any_case() {
    let first = shop(Currency::EUR).await;
    let line =
        r#"{"handle":"a","title":"A","brand":"Hölle","type":"Pans","collections":["Summer"],"price":1}"#;
    assert_eq!(counts(&first.import("one.jsonl", line).await), [1, 0, 0, 0]);
    first.client().await.batch_execute("update brand set handle = 'holle'; update product_type set handle = 'p'; update collection set handle = 's'").await.unwrap();
    let csv = "Handle,Title,Vendor,Type,Variant Price\na,A,hölle,PANS,1\n";
    assert_eq!(counts(&first.import("one.csv", csv).await), [0, 0, 1, 0]);
    assert_eq!(counts(&first.import("two.jsonl", line).await), [0, 0, 1, 0]);
}

#[tokio::test]
async fn what_a_file_says_of_channels_categories_and_collections_is_done_and_no_more() {
    let first = shop(Currency::EUR).await;
    first.import("awkward.jsonl", AWKWARD).await;
    let version = "select version::text from collection where handle = 'summer'";
    let before = first.texts(version).await;
    // Not spoken of: it stays.
    let report = first.import("1.jsonl", r#"{"handle":"filed","title":"Renamed","price":4}"#).await;
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    let places = "select c.handle || ' ' || cp.position from collection_product cp join collection c on c.id = collection_id
                   join product p on p.id = product_id where p.handle = 'filed' order by 1";
    assert_eq!(first.texts(places).await, ["odd-handle 2", "summer 9"]);
    assert_eq!(first.texts(version).await, before);
    // Named without a place: one that is there keeps its own, a new one comes last; the others go.
    let line = r#"{"handle":"filed","title":"Renamed","price":4,"categories":[],"channels":["us"],"collections":["Summer","New"]}"#;
    assert_eq!(counts(&first.import("2.jsonl", line).await), [0, 1, 0, 0]);
    assert_eq!(first.texts(places).await, ["new 1", "summer 9"]);
    let rows = "select count(*)::text from product_category pc join product p on p.id = product_id where p.handle = 'filed'";
    assert_eq!(first.texts(rows).await, ["0"]);
    assert_eq!(counts(&first.import("3.jsonl", line).await), [0, 0, 1, 0]);
    let line = r#"{"handle":"filed","title":"Renamed","price":4,"channels":null,"collections":null}"#;
    assert_eq!(counts(&first.import("4.jsonl", line).await), [0, 1, 0, 0]);
    assert_eq!(first.texts(places).await, Vec::<String>::new());
    assert_eq!(first.texts("select channel_ids::text from product where handle = 'filed'").await, ["null"]);
}

#[tokio::test]
async fn what_a_product_cannot_be_put_into_is_told() {
    let first = shop(Currency::EUR).await;
    let rule = r#"insert into collection (id, handle, title, kind, rule, created_at, updated_at)
        values (gen_random_uuid(), 'cheap', 'Cheap', 'rule', '{"match":"all","conditions":[]}', now(), now())"#;
    first.client().await.batch_execute(rule).await.unwrap();
    let lines = r#"
        {"title":"A","price":1,"channels":["nowhere"]}
        {"title":"B","price":1,"collections":["Cheap"]}
        {"title":"C","price":1,"collections":[{"title":"New","position":-1}]}
        {"title":"D","price":1,"status":"published","publish_at":"2036-01-01T00:00:00Z"}
        {"title":"E","price":1,"publish_at":"soon"}
        {"title":"F","price":1,"categories":"Home"}
        {"title":"G","price":1,"brand":{"name":"X","handle":"Not One"}}
        {"title":"H","price":1,"category":["1","2","3","4","5","6","7","8","9","10","11"]}"#;
    let report = first.import("bad.jsonl", lines).await;
    assert_eq!(counts(&report), [0, 0, 0, 8]);
    let told: Vec<_> =
        report.errors.iter().map(|error| (error.column.as_deref().unwrap(), error.code)).collect();
    assert_eq!(
        told,
        [
            ("channels", "unknown_channel"),
            ("collections", "collection_by_rule"),
            ("collections", "invalid_number"),
            ("publish_at", "not_a_draft"),
            ("publish_at", "invalid_time"),
            ("categories", "invalid_type"),
            ("brand", "invalid_handle"),
            ("category", "too_deep"),
        ]
    );
    assert_eq!(first.texts("select count(*)::text from collection where handle = 'new'").await, ["0"]);
    assert_eq!(first.texts("select count(*)::text from category").await, ["0"]);
}
