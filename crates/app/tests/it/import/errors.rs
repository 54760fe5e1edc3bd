//! What is wrong in a file is told with line, column and reason; the rest goes on.

use std::sync::Arc;

use bytes::Bytes;
use tradepost_app::import::{BytesSource, ImportError, ImportOptions, ImportReport, ReadError};
use tradepost_store::import_run;

use super::{DIRTY_CSV, Shop, counts, source};

fn told(report: &ImportReport) -> Vec<String> {
    let text = |error: &tradepost_app::import::RowError| {
        format!("{} {} {}", error.line, error.column.as_deref().unwrap_or("-"), error.code)
    };
    report.errors.iter().map(text).collect()
}

const HEADER: &str = "Handle,Title,Variant Price,Variant inventory quantity,Variant SKU,Status,Published,Option1 Name,Option1 Value,Image Src,Variant Grams\n";

#[tokio::test]
async fn every_kind_of_bad_row_is_told_and_the_others_go_on() {
    let shop = Shop::new().await;
    let content = format!(
        "{HEADER}{}",
        concat!(
            "good,Good,1.00,1,G,active,TRUE,,,,\n",           // 2
            "price,Price,\"1,00\",1,,,,,,,\n",                // 3
            "precise,Precise,1.005,1,,,,,,,\n",               // 4
            "none,None,,1,,,,,,,\n",                          // 5
            "many,Many,1,many,,,,,,,\n",                      // 6
            "status,Status,1,,,gone,,,,,\n",                  // 7
            "published,Published,1,,,,maybe,,,,\n",           // 8
            "title,,1,,,,,,,,\n",                             // 9
            "short,Short,1\n",                                // 10
            "\"two\nlines\",\"Two\nlines\",1,,,,,Size,,,\n",  // 11 and 12 and 13
            "picture,Picture,1,,,,,,,javascript:alert(1),\n", // 14
            "good,Good again,1,,,,,,,,\n",                    // 15
            "sku,Same SKU,1,,G,,,,,,\n",                      // 16
            "twice,Twice,1,,,,,Size,S,,\n",                   // 17
            "twice,,1,,,,,,S,,\n",                            // 18
            "heavy,Heavy,-1,,,,,,,,heavy\n",                  // 19
            "last,Last,2,,,,,,,,\n",                          // 20
        )
    );
    let report = shop.import("bad.csv", &content).await;
    assert_eq!(
        told(&report),
        [
            "3 Variant Price invalid_price",
            "4 Variant Price too_precise",
            "5 Variant Price price_required",
            "6 Variant inventory quantity invalid_quantity",
            "7 Status unknown_status",
            "8 Published invalid_boolean",
            "9 Title required",
            "10 - wrong_column_count",
            "11 Option1 Value option_value_missing",
            "14 Image Src invalid_url",
            "15 Handle duplicate_handle",
            "16 Variant SKU sku_taken",
            "18 Option1 Value duplicate_variant",
            "19 Variant Grams invalid_weight",
            "19 Variant Price negative_price",
        ]
    );
    assert_eq!(counts(&report), [2, 0, 0, 14]);
    assert_eq!(shop.texts("select handle from product order by 1").await, ["good", "last"]);
    let conn = shop.database.store.admin().conn().await.unwrap();
    let id = report.id.unwrap();
    let kept = import_run::list_errors(&conn, id, 0, 100).await.unwrap();
    assert_eq!((kept.len(), kept[0].line, kept[0].number), (15, 3, 1));
    let page = import_run::list_errors(&conn, id, 14, 100).await.unwrap();
    assert_eq!(page[0].code, "negative_price");
    let run = import_run::get(&conn, id).await.unwrap().unwrap();
    assert_eq!((run.status.as_str(), run.counts), ("succeeded", report.counts));
    assert_eq!(run.counts.byte_offset, u64::try_from(content.len()).unwrap());
}

#[tokio::test]
async fn lines_are_counted_right_with_carriage_returns_and_blank_lines() {
    let shop = Shop::new().await;
    let content = "Title,Body,Variant Price\r\nA,\"x\r\ny\",bad\r\n\r\nB,,bad\r\nC,,1\r\nD,,bad";
    let report = shop.import("crlf.csv", content).await;
    let lines: Vec<u64> = report.errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 5, 7]);
    let unix = shop.import("lf.csv", &content.replace('\r', "")).await;
    let lines: Vec<u64> = unix.errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 5, 7]);
}

#[tokio::test]
async fn lines_of_json_are_told_with_field_and_line() {
    let shop = Shop::new().await;
    let long = "x".repeat(300);
    let lines = [
        r#"{"title": "Good", "price": 1}"#.to_owned(),
        r#"{"title": "#.to_owned(),
        "[1]".to_owned(),
        r#"{"title": 1, "price": 1}"#.to_owned(),
        r#"{"title": "Half", "variants": [{"price": 1, "sku": "a", "options": {"Size": "S"}}, {"price": 0.005, "options": {"Size": "M"}}]}"#.to_owned(),
        r#"{"title": "Exponent", "price": 1e2}"#.to_owned(),
        r#"{"title": "Twice", "price": 1, "price": 2}"#.to_owned(),
        r#"{"title": "None"}"#.to_owned(),
        r#"{"title": "Money", "price": 1, "prices": {"XXX": {"price": 1}}}"#.to_owned(),
        format!(r#"{{"title": "{long}", "price": 1}}"#),
        r#"{"title": "Nul\u0000", "price": 1, "note": "a\u0000"}"#.to_owned(),
    ];
    let report = shop.import("bad.jsonl", &lines.join("\n")).await;
    assert_eq!(
        told(&report),
        [
            "2 9 invalid_json",
            "3 0 invalid_json",
            "4 title invalid_type",
            "5 variants[1].price too_precise",
            "6 price invalid_price",
            "7 42 invalid_json",
            "8 price price_required",
            "9 prices invalid_currency",
            "10 title too_long",
            "11 attributes.note invalid_character",
            "11 title invalid_character",
        ]
    );
    assert_eq!(counts(&report), [1, 0, 0, 10]);
}

#[tokio::test]
async fn texts_that_are_not_utf_8_fail_alone() {
    let shop = Shop::new().await;
    let content = b"Title,Vendor,Variant Price\nA,\xff,1\nB,b,1\n";
    let file = BytesSource { name: "latin1.csv".to_owned(), content: Bytes::from_static(content) };
    let report = shop.try_import(Arc::new(file), &ImportOptions::default()).await.unwrap();
    assert_eq!(told(&report), ["2 Vendor invalid_utf8"]);
    assert_eq!(counts(&report), [1, 0, 0, 1]);
}

#[tokio::test]
async fn a_file_that_is_no_catalogue_is_refused_as_a_whole() {
    let shop = Shop::new().await;
    for (content, part) in [
        ("Name,Amount\nA,1\n", "no column `Title`"),
        ("Title,title,Price\n", "mean the same"),
        ("", "the file is empty"),
    ] {
        let error = shop.try_import(source("x.csv", content), &ImportOptions::default()).await.unwrap_err();
        assert!(
            matches!(&error, ImportError::Read(ReadError::Format(text)) if text.contains(part)),
            "{error}"
        );
    }
    assert_eq!(shop.texts("select distinct status from import_run").await, ["failed"]);
}

#[tokio::test]
async fn an_unclosed_quotation_mark_does_not_swallow_the_memory() {
    let shop = Shop::new().await;
    let content = format!("Title,Variant Price\nA,1\n\"B,{}", "x,1\n".repeat(6_000_000));
    let report = shop.import("open.csv", &content).await;
    assert_eq!(counts(&report), [1, 0, 0, 1]);
    let [error] = report.errors.as_slice() else { panic!("{:?}", report.errors) };
    assert_eq!((error.line, error.column.as_deref(), error.code), (3, Some("Title"), "row_too_long"));
    assert!(error.message.contains("quotation mark"), "{error:?}");
    assert_eq!(report.counts.byte_offset, u64::try_from(content.len()).unwrap());
}

#[tokio::test]
async fn a_dry_run_tells_all_and_writes_nothing() {
    let shop = Shop::new().await;
    shop.import("dirty.csv", DIRTY_CSV).await;
    let before = shop.row_counts().await;
    let changed = DIRTY_CSV.replace("20.5,30", "19,30").replace("red-shoe,,,,,,,,,41", "red-shoe,,,,,,,,,42")
        + "new,New,,Newbrand,New > Place,Newtype,,TRUE,,,,,N,,,,4,5,,,,,,,,,,,,\r\nother,Other,,,,,,,,,,,N,,,,,x,,,,,,,,,,,,\r\n"
        + "third,Third,,,,,,,,,,,N,,,,,5,,,,,,,,,,,,\r\n";
    let options = ImportOptions { dry_run: true, chunk_products: 1, ..ImportOptions::default() };
    let dry = shop.try_import(source("dirty.csv", &changed), &options).await.unwrap();
    assert_eq!(shop.row_counts().await, before);
    assert_eq!((dry.id, counts(&dry)), (None, [1, 1, 2, 2]));

    let options = ImportOptions { dry_run: false, ..options };
    let real = shop.try_import(source("dirty.csv", &changed), &options).await.unwrap();
    assert_eq!(counts(&real), counts(&dry), "a dry run foretells the real one");
    let place = |report: &ImportReport| -> Vec<_> {
        report.errors.iter().map(|error| (error.line, error.column.clone(), error.code)).collect()
    };
    assert_eq!(place(&real), place(&dry));
}
