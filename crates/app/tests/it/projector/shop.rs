//! A small shop written by plain SQL, with the events that its use cases would write.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::types::ToSql;
use tradepost_app::catalog::{Mismatch, Projector, Verify};
use tradepost_app::{Shop, ShopParts};
use tradepost_port::fake::{CountingIds, FakeClock, MemoryBlobs};
use tradepost_testkit::TestDatabase;
use uuid::Uuid;

/// The moment at which every test begins.
pub const START: &str = "2026-11-22T08:00:00Z";

/// Kinds of things, of which the ids are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Channel,
    Brand,
    Type,
    Category,
    Collection,
    Location,
    Product,
    Variant,
    Media,
    Review,
    PriceList,
}

const KINDS: [Kind; 11] = [
    Kind::Channel,
    Kind::Brand,
    Kind::Type,
    Kind::Category,
    Kind::Collection,
    Kind::Location,
    Kind::Product,
    Kind::Variant,
    Kind::Media,
    Kind::Review,
    Kind::PriceList,
];

/// The id of the thing with a number.
pub fn id(kind: Kind, number: u64) -> Uuid {
    let place = KINDS.iter().position(|other| *other == kind).unwrap();
    Uuid::from_u128((u128::try_from(place).unwrap() + 1) << 64 | u128::from(number))
}

/// A shop of its own.
pub struct TestShop {
    pub database: TestDatabase,
    pub shop: Arc<Shop>,
    pub clock: Arc<FakeClock>,
    pub projector: Projector,
    pub client: tokio_postgres::Client,
}

impl TestShop {
    /// Channels, brands, types, categories and collections, and as many products.
    pub async fn with_products(count: u64) -> Self {
        let database = TestDatabase::new().await;
        let (client, connection) =
            tokio_postgres::connect(&database.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        let clock = Arc::new(FakeClock::at(START.parse().unwrap()));
        let shop = Arc::new(Shop::new(ShopParts {
            store: database.store.clone(),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
            blobs: Arc::new(MemoryBlobs::default()),
            images: Arc::new(tradepost_port::fake::UntouchedImages),
            uploads: std::env::temp_dir(),
            exports: std::env::temp_dir(),
            cache_bytes: tradepost_app::catalog::cache::CACHE_BYTES_DEFAULT,
            checkout: tradepost_app::Checkout::new(Vec::new()),
            mailer: Arc::new(tradepost_port::fake::RecordedMails::default()),
            staff_mail: None,
            mail_templates: tradepost_app::mail::MailTemplates::new(
                "Test shop",
                std::collections::BTreeMap::new(),
            )
            .unwrap(),
            public_url: "https://shop.example.com".to_owned(),
            rate_limits: None,
            egress: std::sync::Arc::new(tradepost_port::fake::ScriptedEgress::default()),
            search: tradepost_testkit::shelves(),
            seals: tradepost_testkit::seals(),
        }));
        // Few enough that these few products make several parts.
        let projector = Projector::new(shop.clone()).in_parts_of(5);
        let shop = Self { database, shop, clock, projector, client };
        shop.furnish().await;
        for number in 1..=count {
            shop.add_product(number).await;
        }
        shop
    }

    pub fn now(&self) -> Timestamp {
        self.shop.clock.now()
    }

    /// Runs a statement.
    pub async fn run(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> u64 {
        self.client.execute(sql, params).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// Writes an event.
    pub async fn event(&self, kind: &str, aggregate: Uuid, payload: Value) {
        let sql = "insert into outbox (event_id, type, aggregate_id, version, payload, created_at)
                   values (gen_random_uuid(), $1, $2, 1, $3, $4)";
        self.run(sql, &[&kind, &aggregate, &payload, &self.now()]).await;
    }

    /// Runs a statement and writes the event that tells of it.
    pub async fn change(&self, sql: &str, params: &[&(dyn ToSql + Sync)], kind: &str, aggregate: Uuid) {
        self.run(sql, params).await;
        self.event(kind, aggregate, json!({})).await;
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn pending(&self) -> i64 {
        self.number("select count(*) from outbox where dispatched_at is null").await
    }

    pub async fn epoch(&self) -> i64 {
        self.number("select epoch from catalog_epoch").await
    }

    /// Card and page of a product in a channel and locale.
    pub async fn fragment(&self, product: u64, channel: u64, locale: &str) -> Option<(String, String)> {
        let sql =
            "select card, page from product_view where product_id = $1 and channel_id = $2 and locale = $3";
        let params: [&(dyn ToSql + Sync); 3] =
            [&id(Kind::Product, product), &id(Kind::Channel, channel), &locale];
        self.client.query_opt(sql, &params).await.unwrap().map(|row| (row.get(0), row.get(1)))
    }

    pub async fn card(&self, product: u64, channel: u64, locale: &str) -> Value {
        let (card, _) = self.fragment(product, channel, locale).await.expect("the product is shown");
        serde_json::from_str(&card).unwrap()
    }

    pub async fn page(&self, product: u64, channel: u64, locale: &str) -> Value {
        let (_, page) = self.fragment(product, channel, locale).await.expect("the product is shown");
        serde_json::from_str(&page).unwrap()
    }

    /// What differs from a rendering of now, after all events are dispatched.
    pub async fn mismatches(&self) -> Vec<Mismatch> {
        self.projector.drain().await.unwrap();
        self.projector.verify(Verify::All).await.unwrap()
    }

    /// Drains and proves.
    pub async fn prove(&self, why: &str) {
        let found = self.mismatches().await;
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{why}:\n{}", lines.join("\n"));
        assert_eq!(self.pending().await, 0, "{why}");
    }

    async fn furnish(&self) {
        let channel = "insert into channel (id, handle, name, currency, default_locale, locales, is_default, active, created_at, updated_at)
                       values ($1, $2, $2, $3, $4, $5, $6, true, $7, $7)";
        for (number, handle, currency, locales) in [
            (1_u64, "web", "EUR", vec!["en", "de"]),
            (2, "us", "USD", vec!["en-US"]),
            (3, "kiosk", "EUR", vec!["fr"]),
        ] {
            let params: [&(dyn ToSql + Sync); 7] = [
                &id(Kind::Channel, number),
                &handle,
                &currency,
                &locales[0],
                &locales,
                &(number == 1),
                &self.now(),
            ];
            self.run(channel, &params).await;
        }
        for number in 1..=3 {
            let sql =
                "insert into brand (id, handle, name, created_at, updated_at) values ($1, $2, $3, $4, $4)";
            let (handle, name) = (format!("brand-{number}"), format!("Brand {number}"));
            self.run(sql, &[&id(Kind::Brand, number), &handle, &name, &self.now()]).await;
            let sql = "insert into product_type (id, handle, name, created_at, updated_at) values ($1, $2, $3, $4, $4)";
            let (handle, name) = (format!("type-{number}"), format!("Type {number}"));
            self.run(sql, &[&id(Kind::Type, number), &handle, &name, &self.now()]).await;
        }
        // 1 and 2 are roots; 3 and 4 lie below 1, 5 below 3, 6 below 2.
        for (number, parent) in [(1, None), (2, None), (3, Some(1)), (4, Some(1)), (5, Some(3)), (6, Some(2))]
        {
            let sql =
                "insert into category (id, parent_id, handle, name, translations, created_at, updated_at)
                       values ($1, $2, $3, $4, $5, $6, $6)";
            let parent = parent.map(|parent| id(Kind::Category, parent));
            let (handle, name) = (format!("category-{number}"), format!("Category {number}"));
            let german = json!({"de": {"name": format!("Kategorie {number}")}});
            self.run(sql, &[&id(Kind::Category, number), &parent, &handle, &name, &german, &self.now()])
                .await;
        }
        let rule =
            json!({"match": "all", "conditions": [{"field": "price", "operator": "lt", "value": 3000}]});
        for (number, kind, rule) in [(1, "manual", None), (2, "rule", Some(rule))] {
            let sql = "insert into collection (id, handle, title, kind, rule, created_at, updated_at)
                       values ($1, $2, $2, $3, $4, $5, $5)";
            let handle = format!("collection-{number}");
            self.run(sql, &[&id(Kind::Collection, number), &handle, &kind, &rule, &self.now()]).await;
        }
        let sql = "insert into stock_location (id, handle, name, is_default, created_at, updated_at)
                   values ($1, 'main', 'Main', true, $2, $2)";
        self.run(sql, &[&id(Kind::Location, 1), &self.now()]).await;
    }

    /// A published product with two variants in two currencies, a picture, and its event.
    pub async fn add_product(&self, number: u64) {
        let product = id(Kind::Product, number);
        let sql = "insert into product (id, handle, title, description, status, published_at, brand_id, product_type_id,
                          category_id, tags, attributes, metadata, options, translations, popularity, created_at, updated_at)
                   values ($1, $2, $3, $4, 'published', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $5, $5)";
        let options = json!([{"name": "Color", "values": ["Red", "Blue", "Green"]}]);
        let german =
            json!({"de": {"title": format!("Produkt {number}"), "description": "<p>Warm &amp; trocken</p>"}});
        let params: [&(dyn ToSql + Sync); 14] = [
            &product,
            &format!("product-{number}"),
            &format!("Product {number}"),
            &"<p>Warm &amp; <b>dry</b></p>",
            &self.now(),
            &id(Kind::Brand, number % 3 + 1),
            &id(Kind::Type, number % 3 + 1),
            &id(Kind::Category, number % 6 + 1),
            &vec!["new", "say \"hi\", \\ {you}"],
            &json!({"material": "wool", "weight_grams": 250, "care": ["wash", "dry"]}),
            &json!({"season": "winter"}),
            &options,
            &german,
            &i64::try_from(number).unwrap(),
        ];
        self.run(sql, &params).await;
        let media = "insert into product_media (id, product_id, position, source_url, alt, width, height)
                     values ($1, $2, 1, $3, '', 640, 480)";
        let url = format!("https://pictures.example/{number}.jpg");
        self.run(media, &[&id(Kind::Media, number), &product, &url]).await;
        for (place, color) in [(0, "Red"), (1, "Blue")] {
            self.add_variant(number, place, color).await;
        }
        self.event("product.created", product, json!({})).await;
    }

    pub async fn add_variant(&self, number: u64, place: u64, color: &str) {
        let (product, variant) = (id(Kind::Product, number), variant(number, place));
        let sql = "insert into variant (id, product_id, position, sku, options) values ($1, $2, $3, $4, $5)";
        let sku = format!("SKU-{number}-{place}");
        let position = i32::try_from(place).unwrap();
        self.run(sql, &[&variant, &product, &position, &sku, &json!({"Color": color})]).await;
        let amount = i64::try_from(1_000 * number + 500 * place).unwrap();
        for (currency, factor) in [("EUR", 100), ("USD", 110)] {
            let sql =
                "insert into price (variant_id, currency, amount, compare_at_amount) values ($1, $2, $3, $4)";
            let amount = amount * factor / 100;
            self.run(sql, &[&variant, &currency, &amount, &(amount + 1_000)]).await;
        }
        let sql = "insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by,
                                            moved_id, updated_at)
                   values (gen_random_uuid(), $1, $2, $3, true, false, 'received', 'test', gen_random_uuid(), $4)";
        self.run(sql, &[&variant, &id(Kind::Location, 1), &7_i64, &self.now()]).await;
    }
}

/// The id of a product's variant.
pub fn variant(product: u64, place: u64) -> Uuid {
    id(Kind::Variant, product * 100 + place)
}
