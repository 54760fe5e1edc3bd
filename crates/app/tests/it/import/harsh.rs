//! Files as nobody should write them: every bad row is told with line, column and reason, the good rows are imported, and
//! nothing panics.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use tradepost_app::import::{BytesSource, ImportError, ImportOptions, ImportReport, ReadError};

use super::Shop;

async fn import(shop: &Shop, name: &str, content: &[u8]) -> Result<ImportReport, ImportError> {
    let file = BytesSource { name: name.to_owned(), content: Bytes::copy_from_slice(content) };
    shop.try_import(Arc::new(file), &ImportOptions::default()).await
}

fn told(report: &ImportReport) -> Vec<String> {
    let text = |error: &tradepost_app::import::RowError| {
        assert!(!error.message.is_empty() && !error.message.contains("Error"), "{error:?}");
        format!("{} {} {}", error.line, error.column.as_deref().unwrap_or("-"), error.code)
    };
    report.errors.iter().map(text).collect()
}

/// Imports a file into a shop of its own; answers what was told and the handles that are there, each behind its variants.
async fn outcome(name: &str, content: &[u8]) -> (Vec<String>, Vec<String>) {
    let shop = Shop::new().await;
    let report = import(&shop, name, content).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let products = "select handle || ' ' || (select count(*) from variant v where v.product_id = p.id)
                      from product p order by handle";
    let products = shop.texts(products).await;
    let created = u64::try_from(products.len()).unwrap();
    assert_eq!(report.counts.created, created, "{name}");
    let told = told(&report);
    assert_eq!(report.counts.failed == 0, told.is_empty(), "{name}");
    (told, products)
}

/// Content, what is told, products that are there.
type Case<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a [&'a str]);

async fn check(kind: &str, cases: &[Case<'_>]) {
    for (name, content, errors, products) in cases {
        let (told, there) = outcome(&format!("{name}.{kind}"), content).await;
        assert_eq!(told, *errors, "{name}");
        assert_eq!(there, *products, "{name}");
    }
}

#[tokio::test]
async fn csv_is_read_whatever_its_headers_separators_and_line_ends_are() {
    check(
        "csv",
        &[
            ("cases and order", b"VARIANT PRICE,sku,tItLe,HANDLE\n1,S,A,a\n", &[], &["a 1"]),
            ("byte order mark", b"\xef\xbb\xbfHandle,Title,Price\na,A,1\n", &[], &["a 1"]),
            (
                "mark and quotes",
                b"\xef\xbb\xbf\"Handle\",\"Title\",\"Price\"\n\"a\",\"A\",\"1\"\n",
                &[],
                &["a 1"],
            ),
            (
                "crlf",
                b"Handle,Title,Price\r\na,A,1\r\n\r\nb,B,x\r\nc,C,1",
                &["4 Price invalid_price"],
                &["a 1", "c 1"],
            ),
            (
                "cr alone",
                b"Handle,Title,Price\ra,A,1\r\rb,B,x\rc,C,1\r",
                &["4 Price invalid_price"],
                &["a 1", "c 1"],
            ),
            (
                "all line ends, in cells too",
                b"Handle,Title,Body,Price\ra,A,\"1\r2\r\n3\n4\",1\nb,B,,x\r\nc,C,\"\r\",y\rd,D,,z\n",
                &["6 Price invalid_price", "7 Price invalid_price", "9 Price invalid_price"],
                &["a 1"],
            ),
            (
                "quotes in cells",
                b"Title,Price\n\"The \"\"best\"\" cup\",1\n12\" ruler,2\n",
                &[],
                &["12-ruler 1", "the-best-cup 1"],
            ),
            (
                "semicolons",
                b"Handle;Title;Price;Body\na;A;1.50;\"x;y\"\nb;B;1,50;z\nc;C;1,5x;z\n",
                &["4 Price invalid_price"],
                &["a 1", "b 1"],
            ),
            ("tabs", b"Handle\tTitle\tPrice\na\tA, or B\t1\n", &[], &["a 1"]),
            ("no line end at the end", b"Title,Price\nA,1", &[], &["a 1"]),
            ("only a header", b"Handle,Title,Price\n", &[], &[]),
            ("only a header, no line end", b"Handle,Title,Price", &[], &[]),
            ("blank lines everywhere", b"\n\n\nTitle,Price\n\n\nA,x\n\n", &["7 Price invalid_price"], &[]),
            ("other columns twice", b"Title,Price,Shelf,Shelf\nA,1,x,y\n", &[], &["a 1"]),
            ("columns without a name", b"Title,,Price,\nA,x,1,y\n", &[], &["a 1"]),
        ],
    )
    .await;
}

#[tokio::test]
async fn products_are_told_apart_however_their_rows_lie() {
    let header = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price,Image Src\n";
    let file = |rows: &str| format!("{header}{rows}").into_bytes();
    check(
        "csv",
        &[
            (
                "pictures in rows of their own, before a product too",
                &file("a,A,,,,,,1,https://x.example/1.jpg\na,,,,,,,,https://x.example/2.jpg\nb,,,,,,,,https://x.example/3.jpg\nc,C,,,,,,1,\n"),
                &["4 Title required", "4 Variant Price price_required"],
                &["a 1", "c 1"],
            ),
            (
                "rows of a product apart",
                &file("a,A,Size,S,,,A-S,1,\nb,B,,,,,B,1,\na,,,M,,,A-M,1,\nc,C,,,,,C,1,\n"),
                &["4 Handle duplicate_handle"],
                &["a 1", "b 1", "c 1"],
            ),
            (
                "option names that change",
                &file("a,A,Size,S,,,1,1,\na,,Colour,red,,,2,1,\nb,B,Size,S,,,3,1,\nb,,size,M,,,4,1,\nc,C,Size,S,,,5,1,\nc,,,M,Colour,red,6,1,\n"),
                &["3 Option1 Name option_name_changed", "7 Option2 Name option_name_changed", "7 Option2 Name option_name_missing"],
                &["b 2"],
            ),
            (
                "no handles",
                &file(",A,Size,S,,,1,1,\n,,,M,,,2,1,\n,A,,,,,3,1,\n,,,,,,,,https://x.example/2.jpg\n"),
                &[],
                &["a 2", "a-2 1"],
            ),
            (
                "SKUs twice",
                &file("a,A,Size,S,,,X,1,\na,,,M,,,X,1,\nb,B,,,,,Y,1,\nc,C,,,,,Y,1,\nd,D,,,,,Z,1,\n"),
                &["3 Variant SKU duplicate_sku", "5 Variant SKU sku_taken"],
                &["b 1", "d 1"],
            ),
            (
                "handles of signs, of ids, of capitals",
                &file("???,A,,,,,,1,\nprod_1,B,,,,,,1,\nRed Shoe,C,,,,,,1,\nred-shoe,D,,,,,,1,\n"),
                &["2 Handle invalid_handle", "3 Handle invalid_handle", "5 Handle duplicate_handle"],
                &["red-shoe 1"],
            ),
            (
                "rows too short and too long",
                &file("a,A,,,,,,1\nb,B,,,,,,1,,\nc,C,,,,,,1,\nd\n"),
                &["2 - wrong_column_count", "3 - wrong_column_count", "5 - wrong_column_count"],
                &["c 1"],
            ),
        ],
    )
    .await;
}

const VALUES: &str = "Handle,Title,Body,Variant Price,Compare-at price,Status,Published,Variant Inventory Qty,Variant Grams,Tags\n";

#[tokio::test]
async fn values_of_all_kinds_get_their_errors() {
    let file = |rows: &str| format!("{VALUES}{rows}").into_bytes();
    check(
        "csv",
        &[
            (
                "prices",
                &file(
                    "a,A,,-1,,,,,,\nb,B,,999999999999999999999,,,,,,\nc,C,,\"1.234,56\",,,,,,\nd,D,,\u{20ac}12,,,,,,\ne,E,,1e3,,,,,,\n\
                     f,F,,NaN,,,,,,\ng,G,,\u{ff11},,,,,,\nh,H,,1,-2,,,,,\ni,I,,\"1,000\",,,,,,\nj,J,, 12.5 ,,,,,,\nk,K,,0,,,,,,\nl,L,,.5,,,,,,\n",
                ),
                &[
                    "2 Variant Price negative_price",
                    "3 Variant Price too_large",
                    "4 Variant Price invalid_price",
                    "5 Variant Price invalid_price",
                    "6 Variant Price invalid_price",
                    "7 Variant Price invalid_price",
                    "8 Variant Price invalid_price",
                    "9 Variant Price negative_price",
                    "10 Variant Price invalid_price",
                ],
                &["j 1", "k 1", "l 1"],
            ),
            (
                "statuses",
                &file(
                    "a,A,,1,,ACTIVE,true,,,\nb,B,,1,, Draft ,,,,\nc,C,,1,,archived,FALSE,,,\nd,D,,1,,deleted,,,,\ne,E,,1,,,maybe,,,\nf,F,,1,,,no,,,\n",
                ),
                &["5 Status unknown_status", "6 Published invalid_boolean"],
                &["a 1", "b 1", "c 1", "f 1"],
            ),
            (
                "quantities and weights",
                &file("a,A,,1,,,,-1,,\nb,B,,1,,,,1.5,,\nc,C,,1,,,,99999999999999999999,,\nd,D,,1,,,,,1e9,\ne,E,,1,,,,,-5,\nf,F,,1,,,,007,0.4,\n"),
                &[
                    "3 Variant Inventory Qty invalid_quantity",
                    "4 Variant Inventory Qty invalid_quantity",
                    "5 Variant Grams invalid_weight",
                    "6 Variant Grams invalid_weight",
                ],
                &["a 1", "f 1"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn texts_of_all_kinds_are_kept_cleaned_or_refused() {
    let file = |rows: &str| format!("{VALUES}{rows}").into_bytes();
    let long = "x".repeat(1_000_000);
    let deep = "<div>".repeat(4_000);
    let nested = "<b><i>".repeat(200_000);
    check(
        "csv",
        &[
            (
                "bodies",
                &file(&format!(
                    "a,A,{long},1,,,,,,\nb,B,\"<script>alert(1)</script><p onclick=x()>Good</p><iframe src=//e>\",1,,,,,,\nc,C,{deep},1,,,,,,\nd,D,{nested},1,,,,,,\ne,E,<p,1,,,,,,\n"
                )),
                &["2 Body too_long", "5 Body too_long"],
                &["b 1", "c 1", "e 1"],
            ),
            (
                "signs that cannot be kept",
                b"Handle,Title,Body,Price\na,A\0,x,1\nb,B,\0,1\nc,C,\xff\xfe,1\n\xff,D,x,1\ne,\xed\xa0\x80,x,1\nf,F,x,1\n",
                &[
                    "2 Title invalid_character",
                    "3 Body invalid_character",
                    "4 Body invalid_utf8",
                    "5 Handle invalid_utf8",
                    "6 Title invalid_utf8",
                ],
                &["f 1"],
            ),
            (
                "titles and tags without end",
                &file(&format!("a,{t},,1,,,,,,\nb,B,,1,,,,,,{t}\nc,C,,1,,,,,,\"{many}\"\nd,\u{202e}\u{1f4a9},,1,,,,,,\n", t = "t".repeat(300), many = "a,b,".repeat(20_000))),
                &["2 Title too_long", "3 Tags too_long"],
                &["c 1", "d 1"],
            ),
        ],
    )
    .await;
    let shop = Shop::new().await;
    let _ =
        import(&shop, "x.csv", &file("b,B,\"<script>alert(1)</script><p onclick=x()>Good</p>\",1,,,,,,\n"))
            .await;
    assert_eq!(shop.texts("select description from product").await, ["<p>Good</p>"]);
}

#[tokio::test]
async fn a_quotation_mark_that_is_never_closed_is_told_where_it_was_opened() {
    check(
        "csv",
        &[
            (
                "in the last column",
                b"Handle,Title,Price,Body\na,A,1,x\nb,B,1,\"open\nc,C,1,x\nd,D,1,x\n",
                &["3 Body unclosed_quote"],
                &["a 1"],
            ),
            (
                "in the first column",
                b"Handle,Title,Price\na,A,1\n\"b,B,1\nc,C,1\n",
                &["3 Handle unclosed_quote"],
                &["a 1"],
            ),
            (
                "closed by the next one",
                b"Handle,Title,Price,Body\na,A,1,x\nb,B,1,\"open\nc,C,1,x\nd,D,1,\"y\"\ne,E,1,z\n",
                &["3 Body stray_quote"],
                &["a 1", "e 1"],
            ),
            ("many lines, closed at the end", b"Handle,Title,Price,Body\na,A,1,\"x\ny\"", &[], &["a 1"]),
            (
                "a text behind it in the same line",
                b"Handle,Title,Price,Body\na,\"A\"B,1,x\nb,B,1,\"x\ny\"\nc,C,1,\"The\" \"\"boot\"\"\nd,\"D\" ,1,\"5\"\"\"\n",
                &["2 Title stray_quote", "5 Body stray_quote"],
                &["b 1", "d 1"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_handle_that_is_too_long_is_told_and_not_cut() {
    let file = |handle: &str| format!("Handle,Title,Price\n{handle},A,1\nb,B,1\n").into_bytes();
    let (small, capital) = ("h".repeat(201), "H".repeat(201));
    check(
        "csv",
        &[
            ("small letters", &file(&small), &["2 Handle invalid_handle"], &["b 1"]),
            ("capitals", &file(&capital), &["2 Handle invalid_handle"], &["b 1"]),
            ("letters that become two", &file(&"Ä".repeat(101)), &["2 Handle invalid_handle"], &["b 1"]),
            ("signs that become one", &file(&format!("a{}b", " !".repeat(150))), &[], &["a-b 1", "b 1"]),
            ("as long as may be", &file(&"h".repeat(200)), &[], &["b 1", &format!("{} 1", "h".repeat(200))]),
        ],
    )
    .await;
    let line = format!("{{\"handle\": \"{capital}\", \"title\": \"A\", \"price\": 1}}\n");
    check("jsonl", &[("JSON lines", line.as_bytes(), &["1 handle invalid_handle"], &[])]).await;
}

#[tokio::test]
async fn a_row_without_end_is_refused_and_the_rows_behind_it_are_imported() {
    let large = "x\ny\"\"".repeat(4 * 1024 * 1024);
    let plain = "x".repeat(17 * 1024 * 1024);
    let file = |rows: String| format!("Handle,Title,Price,Body\na,A,1,x\n{rows}").into_bytes();
    check(
        "csv",
        &[
            (
                "of one line",
                &file(format!("b,B,1,{plain}\r\nc,C,1,z\nd,D,none,z\n")),
                &["3 Body row_too_long", "5 Price invalid_price"],
                &["a 1", "c 1"],
            ),
            (
                "of many lines",
                &file(format!("b,B,1,\"{large}\"\nc,C,1,\"z\n\"\nd,D,none,z\n")),
                &["3 Body row_too_long", "4194310 Price invalid_price"],
                &["a 1", "c 1"],
            ),
            (
                "of a product of several rows",
                &file(format!("b,B,1,x\nb,,2,\"{plain}\",more\nb,,3,x\nc,C,1,z\n")),
                &["4 Body row_too_long"],
                &["a 1", "c 1"],
            ),
            (
                "to the end of the file",
                &file(format!("b,B,1,\"{plain}\n")),
                &["3 Body row_too_long"],
                &["a 1"],
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_csv_of_products_is_refused_as_a_whole_in_words() {
    let utf16 = |text: &str, little: bool| -> Vec<u8> {
        let pair = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(pair).collect()
    };
    let csv = "\u{feff}Title,Price\nA,1\n";
    let shop = Shop::new().await;
    for (name, content, part) in [
        ("empty.csv", Vec::new(), "the file is empty"),
        ("empty.jsonl", Vec::new(), "the file is empty"),
        ("little.csv", utf16(csv, true), "UTF-16: save it as UTF-8"),
        ("big.csv", utf16(csv, false), "UTF-16: save it as UTF-8"),
        ("unmarked.csv", utf16("Title,Price\nA,1\n", true), "UTF-16"),
        ("little.jsonl", utf16("\u{feff}{\"title\": \"A\"}", true), "UTF-16"),
        ("sheet.csv", b"PK\x03\x04rest".to_vec(), "spreadsheet"),
        ("packed.csv", b"\x1f\x8b\x08rest".to_vec(), "unpack"),
        ("latin1.csv", b"Title,Price,Gr\xf6\xdfe\n".to_vec(), "the header is not UTF-8"),
        (
            "twice.csv",
            b"Title,Price,Variant Price\nA,1,2\n".to_vec(),
            "`Price` and `Variant Price` mean the same",
        ),
        ("no title.csv", b"Handle,Price\na,1\n".to_vec(), "no column `Title`"),
        ("no price.csv", b"Handle,Title\na,A\n".to_vec(), "no column `Variant Price`"),
        ("blank.csv", b"\n\r\n\n".to_vec(), "no column `Title`"),
        ("json.csv", b"{\"title\": \"A\"}\n".to_vec(), "no product CSV"),
    ] {
        let error = import(&shop, name, &content).await.unwrap_err();
        let right = matches!(&error, ImportError::Read(ReadError::Format(text)) if text.contains(part));
        assert!(right, "{name}: {error}");
    }
    assert_eq!(shop.texts("select count(*)::text from product").await, ["0"]);
}

const HARSH_LINES: &[&str] = &[
    r#"{"title": "Good", "price": 1}"#,
    r#"[{"title": "A", "price": 1}]"#,
    "null",
    "\"text\"",
    "{}",
    r#"{"title": "A", "price": [1]}"#,
    r#"{"title": "A", "price": {"amount": 1}}"#,
    r#"{"title": "A", "price": true}"#,
    r#"{"title": ["A"], "price": 1}"#,
    r#"{"title": "A", "price": 1, "title": "B"}"#,
    r#"{"title": "A", "price": 1, "attributes": {"a": 1, "a": 2}}"#,
    r#"{"title": "A", "price": 1, "variants": [{"price": 1, "options": {"S": "1", "S": "2"}}]}"#,
    r#"{"title": "A", "price": 1, "variants": {}}"#,
    r#"{"title": "A", "price": 1, "variants": [1, null, "x"]}"#,
    r#"{"title": "A", "price": 1, "tags": "a,b"}"#,
    r#"{"title": "A", "price": 1, "media": [[]]}"#,
    r#"{"title": "A\ud800", "price": 1}"#,
    r#"{"title": "A", "price": -0.01}"#,
    r#"{"title": "A", "price": 1E400}"#,
    r#"{"title": "A", "price": "12,50"}"#,
    r#"{"title": "A", "price": 1, "stock": 1e3}"#,
    r#"{"title": "A", "price": 1} trailing"#,
    "{'title': 'A', 'price': 1}",
    r#"{"title": "A", "price": NaN}"#,
    "",
    "  \t ",
    r#"  {"title": "Indented", "price": 1}  "#,
];

#[tokio::test]
async fn lines_of_json_are_read_one_by_one_whatever_stands_in_the_others() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{\"title\": \"D\", \"price\": 1, \"deep\": {open}{close}}}")
    };
    let mut lines = String::from("\u{feff}");
    let (d100, d200, d100_000) = (deep(100), deep(200), deep(100_000));
    let further = [d100.as_str(), &d200, &d100_000, r#"{"title": "Last", "price": 1"#];
    for line in HARSH_LINES.iter().chain(&further) {
        writeln!(lines, "{line}").unwrap();
    }
    let (told, products) = outcome("harsh.jsonl", lines.trim_end().as_bytes()).await;
    assert_eq!(
        told,
        [
            "2 0 invalid_json",
            "3 4 invalid_json",
            "4 6 invalid_json",
            "5 price price_required",
            "5 title required",
            "6 price invalid_type",
            "7 price invalid_type",
            "8 price invalid_type",
            "9 title invalid_type",
            "10 40 invalid_json",
            "11 attributes invalid_type",
            "12 variants[0].options invalid_type",
            "13 variants invalid_type",
            "14 variants[0] invalid_type",
            "14 variants[2] invalid_type",
            "15 tags invalid_type",
            "16 media[0] invalid_type",
            "17 title invalid_type",
            "18 price negative_price",
            "19 price invalid_price",
            "20 price invalid_price",
            "21 stock invalid_quantity",
            "22 28 invalid_json",
            "23 2 invalid_json",
            "24 25 invalid_json",
            "28 attributes.deep too_deep",
            "29 deep invalid_type",
            "30 deep invalid_type",
            "31 28 invalid_json",
        ]
    );
    assert_eq!(products, ["good 1", "indented 1"]);
}

#[tokio::test]
async fn lines_of_json_survive_other_line_ends_and_signs_that_are_no_text() {
    check(
        "jsonl",
        &[
            (
                "crlf",
                b"{\"title\": \"A\", \"price\": 1}\r\n\r\n{\"title\": \"B\"}\r\n",
                &["3 price price_required"],
                &["a 1"],
            ),
            ("cr alone", b"{\"title\": \"A\", \"price\": 1}\r{\"title\": \"B\", \"price\": 1}\r", &["1 28 invalid_json"], &[]),
            (
                "no UTF-8",
                b"{\"title\": \"A\xff\", \"price\": 1}\n{\"title\": \"B\", \"price\": 1}\n",
                &["1 - invalid_utf8"],
                &["b 1"],
            ),
            (
                "NUL, raw and written",
                b"{\"title\": \"A\0\", \"price\": 1}\n{\"title\": \"B\\u0000\", \"price\": 1}\n{\"title\": \"C\", \"price\": 1}\n",
                &["1 12 invalid_json", "2 title invalid_character"],
                &["c 1"],
            ),
            ("only blank lines", b"\n \n\r\n", &[], &[]),
        ],
    )
    .await;
}
