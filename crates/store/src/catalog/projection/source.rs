//! What fragments are rendered from: products with all that hangs on them, and the part of the catalogue around them.
//!
//! A product that cannot be read (its JSON is not of the shape that we write) is handed back by itself, so that it does
//! not keep the others of its batch from being rendered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Json};
use tradepost_domain::catalog::category::CategoryTree;
use tradepost_domain::catalog::{Channel, CollectionRule, ProductOption, ProductStatus, Seo};
use tradepost_domain::kernel::ids::{
    CategoryId, ChannelId, CollectionId, EntityId, MediaId, PriceListId, ProductId, VariantId,
};
use tradepost_domain::pricing::PriceList;
use uuid::Uuid;

use crate::channel;
use crate::db::Client;
use crate::error::StoreError;
use crate::pricing::price_list_price::PriceListPriceRow;
use crate::pricing::snapshot::StoredRule;
use crate::sql::sql;

sql! {
    PRODUCTS = "
        select p.id, p.version, p.handle, p.title, p.description, p.status, p.published_at, p.updated_at,
               b.handle, b.name, t.handle, t.name, p.category_id,
               array (select pc.category_id from product_category pc where pc.product_id = p.id
                       order by pc.position, pc.category_id),
               array (select cp.collection_id
                        from collection_product cp
                        join collection c on c.id = cp.collection_id and c.kind = 'manual'
                       where cp.product_id = p.id),
               p.tags, p.attributes, p.metadata, p.options, p.seo_title, p.seo_description, p.translations,
               p.channel_ids, p.popularity, p.rating_sum, p.rating_count
          from product p
          left join brand b on b.id = p.brand_id
          left join product_type t on t.id = p.product_type_id
         where p.id = any ($1)
         order by p.id";
    VARIANTS = "
        select v.product_id, v.id, v.sku, v.barcode, v.options, v.media_id, v.tracked, v.backorder,
               coalesce((select sum(s.on_hand - s.allocated - s.reserved) from stock_level s where s.variant_id = v.id), 0)::int8,
               p.currencies, p.amounts, p.compare_at_amounts, v.requires_shipping
          from variant v
          cross join lateral (
               select coalesce(array_agg(p.currency::text order by p.currency), '{}') as currencies,
                      coalesce(array_agg(p.amount order by p.currency), '{}') as amounts,
                      coalesce(array_agg(p.compare_at_amount order by p.currency), '{}') as compare_at_amounts
                 from price p
                where p.variant_id = v.id) p
         where v.product_id = any ($1)
         order by v.product_id, v.position, v.id";
    MEDIA = "
        select m.product_id, m.id, m.blob, m.source_url, m.alt, coalesce(m.width, a.width), coalesce(m.height, a.height)
          from product_media m
          left join media_asset a on a.blob = m.blob
         where m.product_id = any ($1)
         order by m.product_id, m.position, m.id";
    CATEGORIES = "
        with recursive upward as (
               select id, parent_id from category where id = any ($1)
                union
               select c.id, c.parent_id from category c join upward u on c.id = u.parent_id)
        select c.id, c.parent_id, c.handle, c.name, c.translations
          from upward u
          join category c on c.id = u.id";
    RULES = "
        select id, rule from collection where kind = 'rule' order by id";
    PRICE_LISTS = "
        select m.at, l.id, l.version, l.name, l.definition
          from price_moment m
          left join price_list l on l.active
         order by l.id";
    LISTED_PRICES = "
        select v.product_id, p.price_list_id, p.variant_id, p.currency, p.min_quantity, p.amount
          from variant v
          join price_list_price p on p.variant_id = v.id
         where v.product_id = any ($1)
           and p.price_list_id = any ($2)";
}

/// Handle and name of a brand or a product type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRef {
    /// Handle.
    pub handle: String,
    /// Name as shown.
    pub name: String,
}

/// A product's texts in one locale; what is missing falls back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ProductTexts {
    /// Name as shown.
    pub title: Option<String>,
    /// Sanitised HTML.
    pub description: Option<String>,
    /// Title for search engines.
    pub seo_title: Option<String>,
    /// Description for search engines.
    pub seo_description: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaSource {
    /// Id.
    pub id: MediaId,
    /// File name in the blob store, when it is stored.
    pub blob: Option<String>,
    /// Address, when it is not.
    pub source_url: Option<String>,
    /// What it shows.
    pub alt: String,
    /// Width in pixels, where known.
    pub width: Option<i32>,
    /// Height in pixels, where known.
    pub height: Option<i32>,
}

/// A price in one currency, in its minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSource {
    /// Code of ISO 4217.
    pub currency: String,
    /// What is paid.
    pub amount: i64,
    /// What it cost before, or is recommended at.
    pub compare_at_amount: Option<i64>,
}

/// A variant with its prices and its stock over all locations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantSource {
    /// Id.
    pub id: VariantId,
    /// Stock-keeping unit.
    pub sku: Option<String>,
    /// Barcode.
    pub barcode: Option<String>,
    /// Value of each option by the option's name.
    pub options: BTreeMap<String, String>,
    /// Its picture among the product's.
    pub media_id: Option<MediaId>,
    /// Whether stock is counted.
    pub tracked: bool,
    /// Whether it may be ordered when none is left.
    pub backorder: bool,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// Units on hand, less allocated and reserved.
    pub available: i64,
    /// Prices by currency.
    pub prices: Vec<PriceSource>,
}

/// A product with everything that its fragments show.
#[derive(Debug, Clone)]
pub struct ProductSource {
    /// Id.
    pub id: ProductId,
    /// Version.
    pub version: i64,
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub title: String,
    /// Sanitised HTML.
    pub description: String,
    /// Where it stands.
    pub status: ProductStatus,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Brand.
    pub brand: Option<NamedRef>,
    /// Product type.
    pub product_type: Option<NamedRef>,
    /// Main category.
    pub category_id: Option<CategoryId>,
    /// Further categories in their order.
    pub category_ids: Vec<CategoryId>,
    /// Collections that list it by hand.
    pub collection_ids: Vec<CollectionId>,
    /// Tags.
    pub tags: Vec<String>,
    /// Attributes, as the JSON that the database writes: always the same for the same value.
    pub attributes: Box<RawValue>,
    /// Metadata, likewise.
    pub metadata: Box<RawValue>,
    /// Options.
    pub options: Vec<ProductOption>,
    /// Texts for search engines.
    pub seo: Seo,
    /// Texts by locale.
    pub translations: BTreeMap<String, ProductTexts>,
    /// Channels that show it; `None` means all.
    pub channel_ids: Option<Vec<ChannelId>>,
    /// Units sold.
    pub popularity: i64,
    /// Sum of the approved ratings.
    pub rating_sum: i64,
    /// Number of them.
    pub rating_count: i64,
    /// Variants in the order of display.
    pub variants: Vec<VariantSource>,
    /// Prices of price lists for these variants, each with its list.
    pub listed_prices: Vec<(PriceListId, PriceListPriceRow)>,
    /// Pictures in the order of display.
    pub media: Vec<MediaSource>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategorySource {
    /// Name in URLs.
    pub handle: String,
    /// Name as shown.
    pub name: String,
    /// Names by locale.
    pub names: BTreeMap<String, String>,
}

/// An active price list as staff wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPriceList {
    /// The list.
    pub rule: StoredRule,
    /// Grows by one with every change.
    pub version: i64,
}

/// An active price list as it is asked, without its prices.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownPriceList {
    /// The list.
    pub list: PriceList,
    /// Grows by one with every change.
    pub version: i64,
}

/// What stands around the products: where they are shown, what sorts them, and what else they may cost.
#[derive(Debug, Default)]
pub struct CatalogSnapshot {
    /// Channels that shoppers can use.
    pub channels: Vec<Channel>,
    /// Collections by rule.
    pub rules: Vec<(CollectionId, CollectionRule)>,
    /// The categories of the products and their ancestors.
    pub categories: BTreeMap<CategoryId, CategorySource>,
    /// How those hang together.
    pub tree: CategoryTree,
    /// Active price lists.
    pub price_lists: Vec<ShownPriceList>,
    /// The moment at whose prices products are rendered.
    pub priced_at: Timestamp,
}

/// A batch of products.
#[derive(Debug, Default)]
pub struct LoadedProducts {
    /// Those that could be read, by id.
    pub products: Vec<ProductSource>,
    /// Those that could not, with the reason.
    pub broken: Vec<(ProductId, String)>,
}

/// Loads channels and rules, and price lists as they were written: whoever can read those adds them. [`load_products`] adds
/// the categories of the products that it loads.
pub async fn load_catalog(client: &Client) -> Result<(CatalogSnapshot, Vec<StoredPriceList>), StoreError> {
    let (mut channels, rules, lists) =
        tokio::try_join!(channel::list(client), client.query(RULES, &[]), client.query(PRICE_LISTS, &[]))?;
    channels.retain(|channel| channel.active);
    let priced_at = lists.first().map(|row| row.get(0)).unwrap_or_default();
    let mut snapshot = CatalogSnapshot { channels, priced_at, ..CatalogSnapshot::default() };
    for row in &rules {
        let id = CollectionId::from_uuid(row.get(0));
        match row.try_get::<_, Json<CollectionRule>>(1) {
            Ok(Json(rule)) => snapshot.rules.push((id, rule)),
            // Its collection stays empty; the shop goes on.
            Err(error) => {
                tracing::error!(collection.id = %id, %error, "the rule of a collection cannot be read");
            }
        }
    }
    Ok((snapshot, lists.iter().filter_map(price_list_from).collect()))
}

/// Loads a batch of products with their prices of these lists, and into the snapshot their categories with all ancestors.
/// Ids of products that do not exist are passed over.
pub async fn load_products(
    client: &Client,
    ids: &[ProductId],
    lists: &[PriceListId],
    snapshot: &mut CatalogSnapshot,
) -> Result<LoadedProducts, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(EntityId::as_uuid).collect();
    let params: crate::db::Params<'_> = &[&ids];
    let (product_rows, variant_rows, media_rows, price_rows) = tokio::try_join!(
        client.query(PRODUCTS, params),
        client.query(VARIANTS, params),
        client.query(MEDIA, params),
        listed_prices(client, &ids, lists),
    )?;
    let mut loaded = LoadedProducts::default();
    let mut variants = grouped(&variant_rows, variant_from);
    let mut media = grouped(&media_rows, |row| Ok(media_from(row)));
    let mut listed = grouped(&price_rows, listed_price_from);
    for row in &product_rows {
        let id = ProductId::from_uuid(row.get(0));
        let assembled = product_from(row).and_then(|mut product| {
            product.variants = variants.remove(&id).unwrap_or_else(|| Ok(Vec::new()))?;
            product.media = media.remove(&id).unwrap_or_else(|| Ok(Vec::new()))?;
            product.listed_prices = listed.remove(&id).unwrap_or_else(|| Ok(Vec::new()))?;
            Ok(product)
        });
        match assembled {
            Ok(product) => loaded.products.push(product),
            Err(reason) => loaded.broken.push((id, reason)),
        }
    }
    load_categories(client, &loaded.products, snapshot).await?;
    Ok(loaded)
}

/// The prices of lists, in no order. A shop without price lists asks for none.
async fn listed_prices(
    client: &Client,
    products: &[Uuid],
    lists: &[PriceListId],
) -> Result<Vec<Row>, StoreError> {
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let lists: Vec<Uuid> = lists.iter().map(EntityId::as_uuid).collect();
    client.query(LISTED_PRICES, &[&products, &lists]).await
}

async fn load_categories(
    client: &Client,
    products: &[ProductSource],
    snapshot: &mut CatalogSnapshot,
) -> Result<(), StoreError> {
    let wanted: BTreeSet<Uuid> = products
        .iter()
        .flat_map(|product| product.category_id.iter().chain(&product.category_ids))
        .map(EntityId::as_uuid)
        .collect();
    let wanted: Vec<Uuid> = wanted.into_iter().collect();
    let rows = client.query(CATEGORIES, &[&wanted]).await?;
    let id = |row: &Row| CategoryId::from_uuid(row.get(0));
    let parent = |row: &Row| row.get::<_, Option<Uuid>>(1).map(CategoryId::from_uuid);
    snapshot.tree = CategoryTree::new(rows.iter().map(|row| (id(row), parent(row))));
    snapshot.categories = rows.iter().map(|row| (id(row), category_from(row))).collect();
    Ok(())
}

type Grouped<T> = BTreeMap<ProductId, Result<Vec<T>, String>>;

/// Rows by the product in their first column; one that cannot be read spoils its own product alone.
fn grouped<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, String>) -> Grouped<T> {
    let mut groups: Grouped<T> = BTreeMap::new();
    for row in rows {
        let group = groups.entry(ProductId::from_uuid(row.get(0))).or_insert_with(|| Ok(Vec::new()));
        match (read(row), &mut *group) {
            (Ok(item), Ok(items)) => items.push(item),
            (Err(reason), _) => *group = Err(reason),
            (Ok(_), Err(_)) => {}
        }
    }
    groups
}

/// A column of JSON, whose shape only we vouch for.
fn json<'a, T>(row: &'a Row, column: usize) -> Result<T, String>
where
    Json<T>: FromSql<'a>,
{
    row.try_get::<_, Json<T>>(column).map(|Json(value)| value).map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {source}")
    })
}

fn named_from(row: &Row, column: usize) -> Option<NamedRef> {
    let (handle, name): (Option<String>, Option<String>) = (row.get(column), row.get(column + 1));
    handle.zip(name).map(|(handle, name)| NamedRef { handle, name })
}

fn product_from(row: &Row) -> Result<ProductSource, String> {
    let status: &str = row.get(5);
    let ids = |column| row.get::<_, Vec<Uuid>>(column).into_iter();
    let channels: Option<Vec<Uuid>> = row.get(22);
    Ok(ProductSource {
        id: ProductId::from_uuid(row.get(0)),
        version: row.get(1),
        handle: row.get(2),
        title: row.get(3),
        description: row.get(4),
        status: ProductStatus::parse(status).ok_or_else(|| format!("`{status}` is no status"))?,
        published_at: row.get(6),
        updated_at: row.get(7),
        brand: named_from(row, 8),
        product_type: named_from(row, 10),
        category_id: row.get::<_, Option<Uuid>>(12).map(CategoryId::from_uuid),
        category_ids: ids(13).map(CategoryId::from_uuid).collect(),
        collection_ids: ids(14).map(CollectionId::from_uuid).collect(),
        tags: row.get(15),
        attributes: json(row, 16)?,
        metadata: json(row, 17)?,
        options: json(row, 18)?,
        seo: Seo { title: row.get(19), description: row.get(20) },
        translations: json(row, 21)?,
        channel_ids: channels.map(|ids| ids.into_iter().map(ChannelId::from_uuid).collect()),
        popularity: row.get(23),
        rating_sum: row.get(24),
        rating_count: row.get(25),
        variants: Vec::new(),
        media: Vec::new(),
        listed_prices: Vec::new(),
    })
}

/// The list of a row; none where there is none.
fn price_list_from(row: &Row) -> Option<StoredPriceList> {
    let id: Uuid = row.get::<_, Option<Uuid>>(1)?;
    let rule = StoredRule { id, name: row.get(3), definition: row.get(4) };
    Some(StoredPriceList { rule, version: row.get(2) })
}

fn listed_price_from(row: &Row) -> Result<(PriceListId, PriceListPriceRow), String> {
    let amount = crate::pricing::money(row.get(5), row.get(3)).map_err(|error| error.to_string())?;
    let variant_id = VariantId::from_uuid(row.get(2));
    let price = PriceListPriceRow { variant_id, min_quantity: row.get(4), amount };
    Ok((PriceListId::from_uuid(row.get(1)), price))
}

fn variant_from(row: &Row) -> Result<VariantSource, String> {
    let currencies: Vec<String> = row.get(9);
    let amounts: Vec<i64> = row.get(10);
    let compare_at_amounts: Vec<Option<i64>> = row.get(11);
    let prices = currencies.into_iter().zip(amounts).zip(compare_at_amounts);
    Ok(VariantSource {
        id: VariantId::from_uuid(row.get(1)),
        sku: row.get(2),
        barcode: row.get(3),
        options: json(row, 4)?,
        media_id: row.get::<_, Option<Uuid>>(5).map(MediaId::from_uuid),
        tracked: row.get(6),
        backorder: row.get(7),
        requires_shipping: row.get(12),
        available: row.get(8),
        prices: prices
            .map(|((currency, amount), compare_at_amount)| PriceSource {
                currency,
                amount,
                compare_at_amount,
            })
            .collect(),
    })
}

fn media_from(row: &Row) -> MediaSource {
    MediaSource {
        id: MediaId::from_uuid(row.get(1)),
        blob: row.get(2),
        source_url: row.get(3),
        alt: row.get(4),
        width: row.get(5),
        height: row.get(6),
    }
}

fn category_from(row: &Row) -> CategorySource {
    #[derive(Deserialize)]
    struct Texts {
        name: Option<String>,
    }
    // A translation that cannot be read is one that is not there: the category's own name serves.
    let texts: BTreeMap<String, Texts> = json(row, 4).unwrap_or_default();
    let names = texts.into_iter().filter_map(|(locale, texts)| Some((locale, texts.name?)));
    CategorySource { handle: row.get(2), name: row.get(3), names: names.collect() }
}
