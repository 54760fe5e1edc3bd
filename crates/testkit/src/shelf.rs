//! A shelf: rows of the read model put there by hand, for tests of what shoppers read.
//!
//! Cards and pages are made up here; that the projector writes the right ones is for its own tests.

use serde_json::{Map, Value, json};
use tokio_postgres::{Client, NoTls};
use tradepost_domain::kernel::Locale;
use tradepost_domain::kernel::ids::{CategoryId, ChannelId, CollectionId, EntityId, ProductId, ReviewId};
use uuid::Uuid;

use crate::TestDatabase;

/// A variant on the shelf.
#[derive(Debug, Clone)]
pub struct ShelfVariant {
    /// Values by the option's name, in lower case.
    pub options: Map<String, Value>,
    /// Price in minor units.
    pub price: i64,
    /// Whether it can be ordered.
    pub orderable: bool,
}

/// A product on the shelf.
#[derive(Debug, Clone)]
pub struct ShelfProduct {
    /// Id; its number is also in the default handle and title.
    pub id: ProductId,
    /// Handle.
    pub handle: String,
    /// Title.
    pub title: String,
    /// Variants; at least one.
    pub variants: Vec<ShelfVariant>,
    /// Attributes.
    pub attributes: Value,
    /// Tags.
    pub tags: Vec<String>,
    /// Handle of the brand.
    pub brand: String,
    /// Handle of the type.
    pub product_type: String,
    /// Average rating in hundredths.
    pub rating: i32,
    /// Units sold.
    pub popularity: i64,
    /// Seconds since 1970.
    pub published_at: i64,
    /// Categories with those above them.
    pub categories: Vec<CategoryId>,
    /// Collections.
    pub collections: Vec<CollectionId>,
    /// Version.
    pub version: i64,
}

impl ShelfProduct {
    /// A product with one variant at 10.00.
    pub fn new(number: u128) -> Self {
        Self {
            id: ProductId::from_uuid(Uuid::from_u128(number)),
            handle: format!("product-{number}"),
            title: format!("Product {number}"),
            variants: vec![ShelfVariant { options: Map::new(), price: 1000, orderable: true }],
            attributes: json!({}),
            tags: Vec::new(),
            brand: "nordvik".to_owned(),
            product_type: "hat".to_owned(),
            rating: 0,
            popularity: 0,
            published_at: 0,
            categories: Vec::new(),
            collections: Vec::new(),
            version: 1,
        }
    }

    /// With one variant at this price.
    #[must_use]
    pub fn priced(mut self, price: i64) -> Self {
        self.variants.iter_mut().for_each(|variant| variant.price = price);
        self
    }

    /// With these variants: options, price in minor units, whether it can be ordered.
    #[must_use]
    pub fn with_variants(mut self, variants: &[(Value, i64, bool)]) -> Self {
        let variant = |(options, price, orderable): &(Value, i64, bool)| ShelfVariant {
            options: options.as_object().cloned().unwrap(),
            price: *price,
            orderable: *orderable,
        };
        self.variants = variants.iter().map(variant).collect();
        self
    }

    fn prices(&self) -> (i64, i64) {
        let prices = || self.variants.iter().map(|variant| variant.price);
        (prices().min().unwrap(), prices().max().unwrap())
    }

    /// The card that the shelf holds.
    pub fn card(&self) -> Value {
        let (lowest, highest) = self.prices();
        json!({
            "id": self.id, "handle": self.handle, "title": self.title, "brand": self.brand, "category": null,
            "price": {"amount": lowest, "currency": "EUR"}, "price_max": {"amount": highest, "currency": "EUR"},
            "compare_at_price": null, "availability": "in_stock", "image": null,
            "rating": {"average": 0.0, "count": 0}, "variant_count": self.variants.len(),
            "updated_at": "2026-11-01T00:00:00Z",
        })
    }

    /// The page that the shelf holds.
    pub fn page(&self) -> Value {
        let mut page = self.card();
        let variants: Vec<Value> =
            self.variants.iter().map(|variant| json!({"options": variant.options})).collect();
        let more = json!({
            "description": "<p>Text</p>", "options": [], "variants": variants, "attributes": self.attributes,
            "media": [], "categories": [], "metadata": {},
        });
        page.as_object_mut().unwrap().append(&mut more.as_object().cloned().unwrap());
        page
    }
}

/// A channel `web` (EUR, English and German) with products on its shelf.
pub struct Shelf {
    /// The channel.
    pub channel_id: ChannelId,
    /// Runs what a test wants to do by hand.
    pub client: Client,
}

impl Shelf {
    /// An empty shelf.
    pub async fn new(database: &TestDatabase) -> Self {
        let (client, connection) = tokio_postgres::connect(&database.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let channel = Uuid::from_u128(0xC1);
        let insert = "insert into channel (id, handle, name, currency, default_locale, locales, is_default, created_at, updated_at)
                      values ($1, 'web', 'Web', 'EUR', 'en', '{en,de}', true, now(), now())";
        client.execute(insert, &[&channel]).await.unwrap();
        Self { channel_id: ChannelId::from_uuid(channel), client }
    }

    /// Puts a product on the shelf in English, or changes it there.
    pub async fn put(&self, product: &ShelfProduct) {
        let product_row =
            "insert into product (id, handle, title, status, published_at, created_at, updated_at)
                           values ($1, $2, $3, 'published', now(), now(), now())
                           on conflict (id) do update set handle = excluded.handle, title = excluded.title";
        let id = product.id.as_uuid();
        self.client.execute(product_row, &[&id, &product.handle, &product.title]).await.unwrap();
        self.client.execute("delete from product_view where product_id = $1", &[&id]).await.unwrap();
        let row = "insert into product_view (channel_id, locale, product_id, handle, title_sort, price_min, price_max,
                       published_at, popularity, in_stock, rating_hundredths, brand_handle, type_handle, category_ids,
                       collection_ids, tags, attributes, variants, search, card, page, version, rendered_at)
                   values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::bigint), $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                       to_tsvector('english', $19), $20, $21, $22, to_timestamp($22::bigint))";
        let (lowest, highest) = product.prices();
        let categories: Vec<Uuid> = product.categories.iter().map(EntityId::as_uuid).collect();
        let collections: Vec<Uuid> = product.collections.iter().map(EntityId::as_uuid).collect();
        let in_stock = product.variants.iter().any(|variant| variant.orderable);
        let variant = |variant: &ShelfVariant| json!({"o": variant.options, "p": variant.price, "s": variant.orderable});
        let variants: Value = product.variants.iter().map(variant).collect();
        let locale = Locale::english();
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
            &self.channel_id.as_uuid(),
            &locale.as_str(),
            &id,
            &product.handle,
            &product.title.to_lowercase(),
            &lowest,
            &highest,
            &product.published_at,
            &product.popularity,
            &in_stock,
            &product.rating,
            &product.brand,
            &product.product_type,
            &categories,
            &collections,
            &product.tags,
            &product.attributes,
            &variants,
            &product.title,
            &product.card().to_string(),
            &product.page().to_string(),
            &product.version,
        ];
        self.client.execute(row, params).await.unwrap();
    }

    /// Adds a category.
    pub async fn put_category(&self, id: CategoryId, parent: Option<CategoryId>, handle: &str) {
        let insert = "insert into category (id, parent_id, handle, name, description, translations, created_at, updated_at)
                      values ($1, $2, $3, initcap($3), 'About ' || $3, jsonb_build_object('de', jsonb_build_object('name', $3 || ' (de)')), now(), now())";
        self.client.execute(insert, &[&id.as_uuid(), &parent.map(|id| id.as_uuid()), &handle]).await.unwrap();
    }

    /// Remembers a former handle.
    pub async fn put_moved(&self, kind: &str, handle: &str, target: Uuid) {
        let insert =
            "insert into handle_history (kind, handle, target_id, created_at) values ($1, $2, $3, now())";
        self.client.execute(insert, &[&kind, &handle, &target]).await.unwrap();
    }

    /// Adds a review, written so many seconds after 1970.
    pub async fn put_review(
        &self,
        id: ReviewId,
        product: ProductId,
        rating: i16,
        (status, second): (&str, i64),
    ) {
        let insert = "insert into review (id, product_id, author, rating, title, body, status, created_at)
                      values ($1, $2, 'Ada', $3, 'Fine', 'Would buy again', $4, to_timestamp($5::bigint))";
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] =
            &[&id.as_uuid(), &product.as_uuid(), &rating, &status, &second];
        self.client.execute(insert, params).await.unwrap();
    }
}
