//! Products in bulk: new ones are copied straight into their tables, changed ones into temporary tables of the session
//! and from there, set by set, into place. A chunk takes the same number of statements whatever its size.

use jiff::Timestamp;
use tradepost_domain::catalog::{JsonMap, Product, Variant};
use tradepost_domain::kernel::ids::{
    CollectionId, EntityId, EventId, ProductId, StockLevelId, StockLocationId,
};
use uuid::Uuid;

use super::foreign_keys;
use super::row_format::{RowWriter, encode};
use super::staging_sets;
use crate::db::{Client, Tx};
use crate::error::StoreError;
use crate::sql::{Sql, sql};

macro_rules! copy {
    ($table:literal, product) => {
        concat!("copy ", $table, " (id, handle, title, description, status, publish_at, published_at, brand_id,
            product_type_id, category_id, tags, attributes, metadata, options, seo_title, seo_description, channel_ids,
            popularity, rating_sum, rating_count, translations, version, created_at, updated_at) from stdin binary")
    };
    ($table:literal, media) => {
        concat!("copy ", $table, " (id, product_id, position, blob, source_url, alt, width, height) from stdin binary")
    };
    ($table:literal, variant) => {
        concat!("copy ", $table, " (id, product_id, position, sku, barcode, options, weight_grams, media_id, tracked,
            backorder, requires_shipping, metadata) from stdin binary")
    };
    ($table:literal, price) => {
        concat!("copy ", $table, " (variant_id, currency, amount, compare_at_amount) from stdin binary")
    };
    ($table:literal, stock) => {
        concat!("copy ", $table, " (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id,
            updated_at) from stdin binary")
    };
}

/// Run before anything that names these tables is prepared: they belong to the session. Several statements, so none
/// that can be prepared.
const CREATE_STAGE: Sql = Sql {
    name: "catalog::staging::CREATE_STAGE",
    text: "
        create temporary table if not exists import_stage_product (like product including defaults)
            on commit delete rows;
        create temporary table if not exists import_stage_media (like product_media including defaults)
            on commit delete rows;
        create temporary table if not exists import_stage_variant (like variant including defaults)
            on commit delete rows;
        create temporary table if not exists import_stage_price (like price including defaults)
            on commit delete rows;
        create temporary table if not exists import_stage_stock (like stock_level including defaults)
            on commit delete rows",
};

sql! {
    FIND_PRODUCTS = "
        select handle, id from product where handle = any ($1)";
    FIND_SKUS = "
        select v.sku, p.id, p.handle
          from variant v
          join product p on p.id = v.product_id
         where v.sku = any ($1)";
    COPY_PRODUCT = copy!("product", product);
    COPY_MEDIA = copy!("product_media", media);
    COPY_VARIANT = copy!("variant", variant);
    COPY_PRICE = copy!("price", price);
    COPY_STOCK = copy!("stock_level", stock);
    COPY_MOVEMENT = "
        copy stock_movement (stock_level_id, variant_id, location_id, kind, cause_kind, cause_id, d_on_hand, d_reserved,
                             d_allocated, created_at) from stdin binary";
    COPY_EVENT = "copy outbox (event_id, type, aggregate_id, version, bulk, created_at) from stdin binary";
    STAGE_PRODUCT = copy!("import_stage_product", product);
    STAGE_MEDIA = copy!("import_stage_media", media);
    STAGE_VARIANT = copy!("import_stage_variant", variant);
    STAGE_PRICE = copy!("import_stage_price", price);
    STAGE_STOCK = copy!("import_stage_stock", stock);
    MERGE_PRODUCT = "
        update product p
           set title = s.title, description = s.description, status = s.status, publish_at = s.publish_at,
               published_at = s.published_at, brand_id = s.brand_id, product_type_id = s.product_type_id,
               category_id = s.category_id, tags = s.tags, attributes = s.attributes, metadata = s.metadata,
               options = s.options, seo_title = s.seo_title, seo_description = s.seo_description,
               channel_ids = s.channel_ids, popularity = s.popularity, translations = s.translations, version = s.version, updated_at = s.updated_at
          from import_stage_product s
         where p.id = s.id and p.version = s.version - 1";
    DELETE_MEDIA = "
        delete from product_media m
         using import_stage_product p
         where m.product_id = p.id
           and not exists (select 1 from import_stage_media s where s.id = m.id)";
    MERGE_MEDIA = "
        insert into product_media (id, product_id, position, blob, source_url, alt, width, height)
        select id, product_id, position, blob, source_url, alt, width, height from import_stage_media
            on conflict (id) do update
           set position = excluded.position, blob = excluded.blob, source_url = excluded.source_url,
               alt = excluded.alt, width = excluded.width, height = excluded.height";
    DELETE_VARIANT = "
        delete from variant v
         using import_stage_product p
         where v.product_id = p.id
           and not exists (select 1 from import_stage_variant s where s.id = v.id)";
    MERGE_VARIANT = "
        insert into variant (id, product_id, position, sku, barcode, options, weight_grams, media_id, tracked,
                             backorder, requires_shipping, metadata)
        select id, product_id, position, sku, barcode, options, weight_grams, media_id, tracked, backorder,
               requires_shipping, metadata
          from import_stage_variant
            on conflict (id) do update
           set position = excluded.position, sku = excluded.sku, barcode = excluded.barcode,
               options = excluded.options, weight_grams = excluded.weight_grams, media_id = excluded.media_id,
               tracked = excluded.tracked, backorder = excluded.backorder,
               requires_shipping = excluded.requires_shipping, metadata = excluded.metadata";
    MERGE_PRICE = "
        insert into price (variant_id, currency, amount, compare_at_amount)
        select variant_id, currency, amount, compare_at_amount from import_stage_price
            on conflict (variant_id, currency) do update
           set amount = excluded.amount, compare_at_amount = excluded.compare_at_amount
         where (price.amount, price.compare_at_amount) is distinct from (excluded.amount, excluded.compare_at_amount)";
    MERGE_STOCK = "
        insert into stock_level (id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id,
                                 updated_at)
        select id, variant_id, location_id, on_hand, tracked, backorder, moved_kind, moved_by, moved_id, updated_at
          from import_stage_stock
         order by variant_id
            on conflict (variant_id, location_id) do update
           set on_hand = excluded.on_hand, version = stock_level.version + 1, updated_at = excluded.updated_at,
               moved_kind = 'adjusted', moved_by = excluded.moved_by, moved_id = excluded.moved_id, moved_note = null,
               moved_for = null, moved_units = null
         where stock_level.on_hand <> excluded.on_hand";
}

/// A product of an import as it is to be, with what lies beside the aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedProduct {
    /// The product with all its ids.
    pub product: Product,
    /// Texts by locale.
    pub translations: JsonMap,
    /// The collections that it is to be picked for by hand, none but these; `None` leaves them as they are.
    pub picks: Option<Vec<ImportedPick>>,
    /// For each variant what is to lie on hand, where the file says it.
    pub stock: Vec<Option<ImportedStock>>,
    /// Sum and number of its approved reviews' ratings; counts for new products alone.
    pub rating: (i64, i64),
    /// Id of the event that tells of it.
    pub event_id: EventId,
}

/// A collection that a product is to be picked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedPick {
    /// The collection.
    pub collection_id: CollectionId,
    /// The product's place in it; `None` keeps the place that it has, or else makes it the last one.
    pub position: Option<i32>,
}

/// Units that lie at the location of the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedStock {
    /// Id of the level, should there be none yet.
    pub id: StockLevelId,
    /// Units, absolute.
    pub on_hand: i64,
}

/// The product that has a SKU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuOwner {
    /// The SKU.
    pub sku: String,
    /// Id of the product.
    pub product_id: ProductId,
    /// Handle of the product.
    pub handle: String,
}

/// Makes the session's temporary tables, which [`update_products`] needs.
pub async fn create_stage(client: &Client) -> Result<(), StoreError> {
    client.batch(CREATE_STAGE).await
}

/// The text of [`create_stage`], for the test that prepares every statement.
pub fn create_stage_sql() -> &'static str {
    CREATE_STAGE.text
}

/// Ids of the products with these handles.
pub async fn find_products(
    client: &Client,
    handles: &[&str],
) -> Result<Vec<(String, ProductId)>, StoreError> {
    let rows = client.query(FIND_PRODUCTS, &[&handles]).await?;
    Ok(rows.iter().map(|row| (row.get(0), ProductId::from_uuid(row.get(1)))).collect())
}

/// Who has these SKUs.
pub async fn find_skus(client: &Client, skus: &[&str]) -> Result<Vec<SkuOwner>, StoreError> {
    let rows = client.query(FIND_SKUS, &[&skus]).await?;
    let owners = rows.iter().map(|row| SkuOwner {
        sku: row.get(0),
        product_id: ProductId::from_uuid(row.get(1)),
        handle: row.get(2),
    });
    Ok(owners.collect())
}

/// Writes products that are not in the shop yet; what picks them for collections is [`pick_products`].
pub async fn insert_products(
    tx: &Tx,
    products: &[&ImportedProduct],
    location: Option<StockLocationId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    copy_new_products(tx, products, location, now).await?;
    copy_events(tx, products, now).await
}

/// As [`insert_products`], for a shop whose fragments are made afterwards: nothing is told of them.
pub async fn copy_new_products(
    tx: &Tx,
    products: &[&ImportedProduct],
    location: Option<StockLocationId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if products.is_empty() {
        return Ok(());
    }
    let tables = [COPY_PRODUCT, COPY_MEDIA, COPY_VARIANT, COPY_PRICE, COPY_STOCK];
    let left_out = foreign_keys::leave_out(tx, products, location).await?;
    copy_products(tx, tables, products, (location, now)).await?;
    if left_out {
        // The trigger that would write these is left out with the checks.
        if let Some(location) = location {
            let movements = levels(products).filter(|(_, _, stock)| stock.on_hand != 0);
            let write =
                |row: &mut RowWriter, place: StockPlace<'_>| write_movement(row, place, (location, now));
            tx.copy_in(COPY_MOVEMENT, encode(movements, write)).await?;
        }
        foreign_keys::check_again(tx).await?;
    }
    staging_sets::insert(tx, products).await
}

/// Picks products for the collections that they name, and for no others.
pub async fn pick_products(tx: &Tx, products: &[&ImportedProduct], now: Timestamp) -> Result<(), StoreError> {
    staging_sets::pick(tx, products, now).await
}

/// Writes products that are in the shop and have changed; `false`, and the transaction must be given up, when somebody
/// else has changed one of them meanwhile.
pub async fn update_products(
    tx: &Tx,
    products: &[&ImportedProduct],
    location: Option<StockLocationId>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if products.is_empty() {
        return Ok(true);
    }
    let tables = [STAGE_PRODUCT, STAGE_MEDIA, STAGE_VARIANT, STAGE_PRICE, STAGE_STOCK];
    copy_products(tx, tables, products, (location, now)).await?;
    let updated = tx.execute(MERGE_PRODUCT, &[]).await?;
    if usize::try_from(updated) != Ok(products.len()) {
        return Ok(false);
    }
    // Variants let go of their SKUs before others take them, and of pictures before these go.
    for sql in [DELETE_VARIANT, MERGE_MEDIA, MERGE_VARIANT, DELETE_MEDIA, MERGE_PRICE, MERGE_STOCK] {
        tx.execute(sql, &[]).await?;
    }
    staging_sets::replace(tx, products).await?;
    staging_sets::pick(tx, products, now).await?;
    copy_events(tx, products, now).await?;
    Ok(true)
}

async fn copy_products(
    tx: &Tx,
    [product_sql, media_sql, variant_sql, price_sql, stock_sql]: [Sql; 5],
    products: &[&ImportedProduct],
    (location, now): (Option<StockLocationId>, Timestamp),
) -> Result<(), StoreError> {
    tx.copy_in(
        product_sql,
        encode(products.iter(), |row, imported: &&ImportedProduct| write_product(row, imported)),
    )
    .await?;
    tx.copy_in(media_sql, encode(media(products), write_media)).await?;
    tx.copy_in(variant_sql, encode(variants(products), write_variant)).await?;
    let prices = variants(products)
        .flat_map(|(_, _, variant)| variant.prices.iter().map(move |price| (variant, price)));
    let write_price =
        |row: &mut RowWriter, (variant, price): (&Variant, &tradepost_domain::catalog::Price)| {
            row.row(4);
            row.uuid(variant.id.as_uuid());
            row.text(price.price.currency().code());
            row.int8(price.price.amount());
            row.opt_int8(price.compare_at.map(tradepost_domain::kernel::Money::amount));
        };
    tx.copy_in(price_sql, encode(prices, write_price)).await?;
    let Some(location) = location else { return Ok(()) };
    let write_stock = |row: &mut RowWriter, place: StockPlace<'_>| write_stock(row, place, (location, now));
    tx.copy_in(stock_sql, encode(levels(products), write_stock)).await.map(drop)
}

fn variants<'a>(products: &'a [&ImportedProduct]) -> impl Iterator<Item = (usize, ProductId, &'a Variant)> {
    products.iter().flat_map(|imported| {
        let id = imported.product.id;
        imported.product.variants.iter().enumerate().map(move |(position, variant)| (position, id, variant))
    })
}

type StockPlace<'a> = (&'a ImportedProduct, &'a Variant, ImportedStock);

/// Why a level that an import makes holds something: the kind of its movement, and of what caused that.
const MOVED_BY_IMPORT: (&str, &str) = ("received", "import");

fn levels<'a>(products: &'a [&ImportedProduct]) -> impl Iterator<Item = StockPlace<'a>> {
    products.iter().copied().flat_map(|imported| {
        let stock = imported.product.variants.iter().zip(&imported.stock);
        stock.filter_map(move |(variant, stock)| stock.map(|stock| (imported, variant, stock)))
    })
}

type MediaPlace<'a> = (usize, ProductId, &'a tradepost_domain::catalog::Media);

fn media<'a>(products: &'a [&ImportedProduct]) -> impl Iterator<Item = MediaPlace<'a>> {
    products.iter().flat_map(|imported| {
        let id = imported.product.id;
        imported.product.media.iter().enumerate().map(move |(position, media)| (position, id, media))
    })
}

fn place(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}

fn write_product(row: &mut RowWriter, imported: &ImportedProduct) {
    let product = &imported.product;
    row.row(24);
    row.uuid(product.id.as_uuid());
    row.text(product.handle.as_str());
    row.text(&product.title);
    row.text(&product.description);
    row.text(product.status.as_str());
    row.opt_timestamp(product.publish_at);
    row.opt_timestamp(product.published_at);
    row.opt_uuid(product.brand_id.map(|id| id.as_uuid()));
    row.opt_uuid(product.product_type_id.map(|id| id.as_uuid()));
    row.opt_uuid(product.category_id.map(|id| id.as_uuid()));
    row.text_array(&product.tags);
    row.json(&product.attributes);
    row.json(&product.metadata);
    row.json(&product.options);
    row.opt_text(product.seo.title.as_deref());
    row.opt_text(product.seo.description.as_deref());
    let channels = product.channel_ids.as_ref();
    row.opt_uuid_array(channels.map(|ids| ids.iter().map(EntityId::as_uuid).collect::<Vec<Uuid>>()));
    row.int8(product.popularity);
    row.int8(imported.rating.0);
    row.int8(imported.rating.1);
    row.json(&imported.translations);
    row.int8(product.version);
    row.timestamp(product.created_at);
    row.timestamp(product.updated_at);
}

fn write_media(row: &mut RowWriter, (position, product_id, media): MediaPlace<'_>) {
    row.row(8);
    row.uuid(media.id.as_uuid());
    row.uuid(product_id.as_uuid());
    row.int4(place(position));
    row.opt_text(media.blob.as_deref());
    row.opt_text(media.source_url.as_deref());
    row.text(&media.alt);
    row.opt_int4(media.width);
    row.opt_int4(media.height);
}

fn write_variant(row: &mut RowWriter, (position, product_id, variant): (usize, ProductId, &Variant)) {
    row.row(12);
    row.uuid(variant.id.as_uuid());
    row.uuid(product_id.as_uuid());
    row.int4(place(position));
    row.opt_text(variant.sku.as_deref());
    row.opt_text(variant.barcode.as_deref());
    row.json(&variant.options);
    // The limit of weights lies below two billion.
    row.opt_int4(variant.weight_grams.and_then(|grams| i32::try_from(grams).ok()));
    row.opt_uuid(variant.media_id.map(|id| id.as_uuid()));
    row.boolean(variant.tracked);
    row.boolean(variant.backorder);
    row.boolean(variant.requires_shipping);
    row.json(&variant.metadata);
}

fn write_stock(
    row: &mut RowWriter,
    (imported, variant, stock): StockPlace<'_>,
    (location, now): (StockLocationId, Timestamp),
) {
    row.row(10);
    row.uuid(stock.id.as_uuid());
    row.uuid(variant.id.as_uuid());
    row.uuid(location.as_uuid());
    row.int8(stock.on_hand);
    row.boolean(variant.tracked);
    row.boolean(variant.backorder);
    row.text(MOVED_BY_IMPORT.0);
    row.text(MOVED_BY_IMPORT.1);
    // A product comes once in an import: its event is the cause of its movements.
    row.uuid(imported.event_id.as_uuid());
    row.timestamp(now);
}

/// The movement that the trigger `stock_level_opened` makes of a level.
fn write_movement(
    row: &mut RowWriter,
    (imported, variant, stock): StockPlace<'_>,
    (location, now): (StockLocationId, Timestamp),
) {
    row.row(10);
    row.uuid(stock.id.as_uuid());
    row.uuid(variant.id.as_uuid());
    row.uuid(location.as_uuid());
    row.text(MOVED_BY_IMPORT.0);
    row.text(MOVED_BY_IMPORT.1);
    row.uuid(imported.event_id.as_uuid());
    row.int8(stock.on_hand);
    row.int8(0);
    row.int8(0);
    row.timestamp(now);
}

async fn copy_events(tx: &Tx, products: &[&ImportedProduct], now: Timestamp) -> Result<(), StoreError> {
    if products.is_empty() {
        return Ok(());
    }
    let write = |row: &mut RowWriter, imported: &&ImportedProduct| {
        row.row(6);
        row.uuid(imported.event_id.as_uuid());
        row.text("product.imported");
        row.uuid(imported.product.id.as_uuid());
        row.int8(imported.product.version);
        row.boolean(true);
        row.timestamp(now);
    };
    tx.copy_in(COPY_EVENT, encode(products.iter(), write)).await.map(drop)
}
