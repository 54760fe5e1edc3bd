//! What is exported comes back the same.

use serde_json::Value;
use tradepost_app::import::Format;

use super::{DIRTY_CSV, LINES, Shop, counts, shared};

/// Imports, exports, imports that into an empty shop, and exports again.
async fn assert_round_trip(name: &str, content: &str, format: Format) -> String {
    let first = Shop::new().await;
    let report = first.import(name, content).await;
    assert!(report.counts.created > 0, "{:?}", report.errors);
    let exported = first.export(format).await;

    let name = format!("export.{}", if format == Format::ShopifyCsv { "csv" } else { "jsonl" });
    let again = first.import(&name, &exported).await;
    assert_eq!(
        counts(&again),
        [0, 0, report.counts.created, 0],
        "an export changes nothing where it comes from"
    );

    let second = Shop::new().await;
    let report = second.import(&name, &exported).await;
    assert_eq!((report.counts.failed, &report.errors[..]), (0, &[][..]));
    let twice = second.export(format).await;
    for (left, right) in exported.lines().zip(twice.lines()) {
        assert_eq!(left, right);
    }
    assert_eq!(exported, twice);
    exported
}

#[tokio::test]
async fn a_dirty_csv_comes_back_byte_by_byte() {
    let exported = assert_round_trip("dirty.csv", DIRTY_CSV, Format::ShopifyCsv).await;
    assert!(!exported.contains("<script"));
    assert!(exported.contains("'=HYPERLINK(1)"), "a formula is disarmed: {exported}");
    for kept in ["53-1", "7.10", "'-3", "Shelf", "A1", ",kg,"] {
        assert!(exported.contains(kept), "{kept} is given back: {exported}");
    }
    assert_round_trip("dirty.csv", DIRTY_CSV, Format::JsonLines).await;
}

#[tokio::test]
async fn lines_of_json_come_back_byte_by_byte() {
    let exported = assert_round_trip("catalogue.jsonl", LINES, Format::JsonLines).await;
    assert!(exported.contains(r#""price": 1234567.89"#), "{exported}");
    assert!(
        exported.contains(r#""image": "cup.jpg""#) || exported.contains(r#""url":"cup.jpg""#),
        "{exported}"
    );
    assert_round_trip("catalogue.jsonl", LINES, Format::ShopifyCsv).await;
}

#[tokio::test]
async fn the_dirty_shared_file_comes_back() {
    let Some(content) = shared("import/shopify-0bsd.csv") else { return };
    let exported = assert_round_trip("shopify-0bsd.csv", &content, Format::ShopifyCsv).await;
    let mut reader = csv::Reader::from_reader(exported.as_bytes());
    let rows = reader.records().count();
    // 100 products of three rows; the second one named mediocre-concrete-pants is refused.
    assert_eq!(rows, 297);
}

#[tokio::test]
async fn the_shared_demo_csv_comes_back() {
    let Some(content) = shared("demo/shopify-export.csv") else { return };
    let exported = assert_round_trip("shopify-export.csv", &content, Format::ShopifyCsv).await;
    // Column by column it is the file itself: what was not interpreted was given back.
    let theirs_alone: Vec<&str> = content.lines().next().unwrap().split(',').collect();
    let table = |text: &str| -> Vec<Vec<(String, String)>> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let row = |row: csv::StringRecord| {
            let mut cells: Vec<_> = headers.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
            cells.retain(|(name, cell)| !cell.is_empty() && theirs_alone.contains(&name.as_str()));
            cells.sort();
            cells
        };
        let mut rows: Vec<_> = reader.records().map(|record| row(record.unwrap())).collect();
        rows.sort();
        rows
    };
    let (theirs, ours) = (table(&content), table(&exported));
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        assert_eq!(theirs, ours);
    }
}

#[tokio::test]
async fn the_shared_demo_lines_come_back() {
    let Some(content) = shared("demo/products.jsonl") else { return };
    let exported = assert_round_trip("products.jsonl", &content, Format::JsonLines).await;
    // Prices are compared as numbers of their text; nulls say that there is nothing.
    let records = |text: &str| -> Vec<Value> {
        let mut records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        records.sort_by_key(|record| record["handle"].as_str().unwrap().to_owned());
        records
    };
    let (theirs, ours) = (records(&content), records(&exported));
    assert_eq!(theirs.len(), ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        for (field, value) in theirs.as_object().unwrap() {
            assert_eq!(value, &ours[field], "{field} of {theirs}");
        }
    }
    let price = |text: &str| {
        let end = |rest: &str| rest.split([',', '}']).next().unwrap().trim().to_owned();
        let mut prices: Vec<String> = text.split("\"price\": ").skip(1).map(end).collect();
        for price in &mut prices {
            if let Some(short) = price.strip_suffix(".0") {
                *price = format!("{short}.00");
            }
        }
        prices.sort();
        prices
    };
    assert_eq!(price(&content), price(&exported));
}
