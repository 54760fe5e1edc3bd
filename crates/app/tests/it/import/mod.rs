//! Import and export of products.

mod ahead;
mod broken_off;
mod bulk;
mod errors;
mod exact;
mod foreign;
mod harsh;
mod outage;
mod refused;
mod round_trip;
mod upsert;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use tradepost_app::export::{ExportFilter, ExportOptions, export_products};
use tradepost_app::import::{
    BytesSource, Format, ImportContext, ImportError, ImportOptions, ImportReport, ImportSource, run_import,
};
use tradepost_domain::catalog::Channel;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{ChannelId, EntityId};
use tradepost_store::{Store, channel};
use tradepost_testkit::{RandomIds, SystemClock, TestDatabase};
use uuid::Uuid;

/// A shop with a channel and nothing in it.
pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    pub(crate) context: ImportContext,
}

/// The default channel.
pub(crate) async fn add_web_channel(store: &Store, currency: Currency) {
    let web = Channel {
        id: ChannelId::from_uuid(Uuid::from_u128(1)),
        handle: "web".parse().unwrap(),
        name: "Web".to_owned(),
        currency,
        default_locale: "en".parse().unwrap(),
        locales: vec!["en".parse().unwrap()],
        is_default: true,
        active: true,
        version: 1,
    };
    let tx = store.admin().begin("channel").await.unwrap();
    channel::insert(&tx, &web, Timestamp::UNIX_EPOCH).await.unwrap();
    tx.commit().await.unwrap();
}

impl Shop {
    pub(crate) async fn new() -> Self {
        Self::in_currency(Currency::EUR).await
    }

    pub(crate) async fn in_currency(currency: Currency) -> Self {
        let database = TestDatabase::new().await;
        let context = ImportContext {
            store: database.store.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
        };
        add_web_channel(&database.store, currency).await;
        Self { database, context }
    }

    pub(crate) async fn try_import(
        &self,
        source: Arc<dyn ImportSource>,
        options: &ImportOptions,
    ) -> Result<ImportReport, ImportError> {
        run_import(&self.context, source, options, &|_| {}).await
    }

    pub(crate) async fn import(&self, name: &str, content: &str) -> ImportReport {
        self.try_import(source(name, content), &ImportOptions::default()).await.unwrap()
    }

    pub(crate) async fn export(&self, format: Format) -> String {
        let options =
            ExportOptions { format, filter: ExportFilter::default(), currency: None, media_base_url: None };
        let mut out = Vec::new();
        export_products(&self.database.store, &options, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.database.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// The first column of all rows, as texts.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client().await.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".to_owned())).collect()
    }

    /// How many rows each table has.
    pub(crate) async fn row_counts(&self) -> Vec<String> {
        let tables = self
            .texts(
                "select table_name::text from information_schema.tables
                  where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1",
            )
            .await;
        let mut counts = Vec::new();
        for table in tables {
            let count = self.texts(&format!("select count(*)::text from {table}")).await;
            counts.push(format!("{table} {}", count[0]));
        }
        counts
    }
}

pub(crate) fn source(name: &str, content: &str) -> Arc<dyn ImportSource> {
    Arc::new(BytesSource { name: name.to_owned(), content: Bytes::copy_from_slice(content.as_bytes()) })
}

/// A file of the shared data, or `None`, said aloud, where it is not laid beside the repository.
pub(crate) fn shared(path: &str) -> Option<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let places = [root.join("../shared/data").join(path), root.join("../../shared/data").join(path)];
    let found = places.into_iter().find(|place| place.exists());
    if found.is_none() {
        println!("skipped: ../shared/data/{path} is not there");
    }
    found.map(|place| std::fs::read_to_string(place).unwrap())
}

/// Created, updated, unchanged and failed.
pub(crate) fn counts(report: &ImportReport) -> [u64; 4] {
    [report.counts.created, report.counts.updated, report.counts.unchanged, report.counts.failed]
}

/// A dirty file in Shopify's manner: a byte order mark, CRLF, headers in odd case, pictures in rows of their own, HTML,
/// formulas, line ends in cells.
pub(crate) const DIRTY_CSV: &str = concat!(
    "\u{feff}Handle,TITLE,Body,Vendor,Product category,Type,Tags,Published,Option1 name,Option1 value,Option2 name,Option2 value,",
    "Variant sku,Variant grams,Variant inventory tracker,Variant inventory policy,Variant inventory quantity,Variant price,",
    "Variant compare at price,Variant barcode,Image src,Image alt text,Gift card,Google shopping mpn,Seo title,Cost per item,",
    "Shelf,Variant image,Variant weight unit,Status\r\n",
    "red-shoe,Red Shoe,\"<p>Good\r\n<script>alert(1)</script></p>\",Acme,Clothes > Shoes,Shoes,\"new, red,new\",TRUE,Size,40,Colour,red,",
    "RS-40,680,shopify,deny,3,20.5,30,4006381333931,https://cdn.example/a.jpg ,Side,FALSE,53-1,Red!,7.10,",
    "A1,https://cdn.example/a.jpg,kg,active\r\n",
    "red-shoe,,,,,,,,,41,,red,RS-41,,shopify,continue,0,21,,,https://cdn.example/b.jpg,Front,,,,-3,,,g,\r\n",
    "red-shoe,,,,,,,,,,,,,,,,,,,,https://cdn.example/c.jpg,,,,,,,,,\r\n",
    ",=HYPERLINK(1),,'@acme,,,,TRUE,Title,Default Title,,,'=1+1,,,,,5,,,bare.jpg,,TRUE,,,,,,,draft\r\n",
    "\r\n",
    ",\"=HYPERLINK(1)\",,,,,,,,,,,,,,,,6,,,,,,,,,,,,\r\n",
);

/// The same shop as lines of JSON, with what only they can tell.
pub(crate) const LINES: &str = concat!(
    r#"{"id": "x-1", "handle": "cup", "title": "Cup", "description": "Salt & pepper", "brand": "Acme & Co", "category": ["Home", "Kitchen"], "colour": "blue", "gender": null, "sizes": [1, 2.5], "price": 0.1, "popularity": 7, "image": "cup.jpg", "variants": [{"sku": "C-1", "options": {"Size": "L", "Colour": "blue"}, "price": 1234567.89, "compare_at": null, "stock": 9, "prices": {"JPY": {"price": 80}}}, {"sku": "C-2", "options": {"Size": "S", "Colour": "blue"}, "price": 0.30, "compare_at": 0.4, "stock": 0, "weight_grams": 12, "barcode": "1", "backorder": true, "image": "https://cdn.example/s.jpg"}]}"#,
    "\n\n",
    r#"{"title": "Plate", "price": 12, "tags": ["-1", "a"], "attributes": {"price": "high"}, "seo": {"title": "P"}, "metadata": {"own": {"a": 1}}, "media": [{"url": "https://cdn.example/1.jpg", "alt": "One"}, {"url": "https://cdn.example/2.jpg"}]}"#,
    "\n",
    r#"{"title": "Plate", "price": "12.50", "status": "archived"}"#,
    "\n",
);
