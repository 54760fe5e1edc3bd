//! What carts and orders have to know of a variant: what it is, what it costs, whether it may be sold, and what rules of
//! pricing select it by.
//!
//! All of it is read from the tables that staff write, but for the categories' ancestors and the collections by rule:
//! these stand in the read model alone, which follows within milliseconds.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::Json;
use tradepost_domain::kernel::Currency;
use tradepost_domain::kernel::ids::{
    BrandId, CartId, CategoryId, ChannelId, CollectionId, EntityId, ProductId, ProductTypeId, VariantId,
};
use uuid::Uuid;

use crate::db::Client;
use crate::error::StoreError;
use crate::sql::sql;

macro_rules! sellables {
    ($channel:literal, $currency:literal, $locale:literal, $from:literal, $tail:literal) => {
        concat!(
            "
        select v.id, v.product_id, v.sku, v.options, v.weight_grams, v.tracked, v.backorder, p.handle,
               coalesce(p.translations -> ",
            $locale,
            " ->> 'title',
                        p.translations -> split_part(",
            $locale,
            ", '-', 1) ->> 'title', p.title),
               p.status = 'published' and (p.channel_ids is null or ",
            $channel,
            " = any (p.channel_ids)),
               p.brand_id, p.product_type_id, p.tags, pr.amount, pr.compare_at_amount, s.available,
               coalesce(pv.category_ids, '{}'), coalesce(pv.collection_ids, '{}'),
               m.blob, m.source_url, m.alt, v.requires_shipping, p.version
          from ",
            $from,
            "
          join product p on p.id = v.product_id
          left join price pr on pr.variant_id = v.id and pr.currency = ",
            $currency,
            "
          left join product_view pv on pv.product_id = p.id and pv.channel_id = ",
            $channel,
            "
                and pv.locale = (select default_locale from channel where id = ",
            $channel,
            ")
          cross join lateral (
               select coalesce(sum(l.on_hand - l.allocated - l.reserved), 0)::int8 as available
                 from stock_level l
                where l.variant_id = v.id) s
          left join lateral (
               select m.blob, m.source_url, m.alt
                 from product_media m
                where m.product_id = p.id
                order by m.id is not distinct from v.media_id desc, m.position
                limit 1) m on true",
            $tail
        )
    };
}

sql! {
    LIST = sellables!("$1", "$2", "$3", "variant v", "
         where v.id = any ($4)");
    // Found by the cart, so that nobody has to read it first.
    LIST_OF_CART = sellables!("c.channel_id", "c.currency", "c.locale", "cart c
         cross join lateral (
               select variant_id from cart_line where cart_id = c.id union select unnest($2::uuid[])) w
          join variant v on v.id = w.variant_id", "
         where c.id = $1");
    SINGLE_VARIANTS = "
        select v.product_id, (array_agg(v.id))[1], count(*)
          from variant v
         where v.product_id = any ($1)
         group by v.product_id";
}

/// A variant as carts and orders see it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sellable {
    /// What changes with its product alone.
    pub facts: Arc<SellableFacts>,
    /// Units that can be sold, over all locations.
    pub available: i64,
}

impl Deref for Sellable {
    type Target = SellableFacts;

    fn deref(&self) -> &SellableFacts {
        &self.facts
    }
}

/// What is known of a variant in a channel, a currency and a language, but for its stock.
#[expect(clippy::struct_excessive_bools, reason = "facts of a row, none of which follows from another")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SellableFacts {
    /// Id.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's version, which moves with everything here but categories, collections and the channel's languages.
    pub product_version: i64,
    /// Stock-keeping unit.
    pub sku: Option<String>,
    /// Value of each option by the option's name.
    pub options: BTreeMap<String, String>,
    /// Weight of one unit.
    pub weight_grams: Option<i32>,
    /// Whether stock is counted.
    pub tracked: bool,
    /// Whether it may be ordered when none is left.
    pub backorder: bool,
    /// Whether it has to be sent: not so a download, a voucher, a service.
    pub requires_shipping: bool,
    /// The product's handle.
    pub handle: String,
    /// The product's title in the locale asked for, or as it was written.
    pub title: String,
    /// Whether the channel sells it.
    pub for_sale: bool,
    /// The product's brand.
    pub brand_id: Option<BrandId>,
    /// The product's type.
    pub product_type_id: Option<ProductTypeId>,
    /// The product's tags.
    pub tags: Vec<String>,
    /// Price of one unit in the currency asked for, in minor units.
    pub amount: Option<i64>,
    /// What it is shown against.
    pub compare_at_amount: Option<i64>,
    /// Categories of the product with all their ancestors.
    pub category_ids: Vec<CategoryId>,
    /// Collections of the product.
    pub collection_ids: Vec<CollectionId>,
    /// Its picture, or else the product's first.
    pub image: Option<SellableImage>,
}

/// A picture of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SellableImage {
    /// File name in the blob store, when it is stored.
    pub blob: Option<String>,
    /// Address, when it is not.
    pub source_url: Option<String>,
    /// What it shows.
    pub alt: String,
}

/// For whom variants are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaleScope<'a> {
    /// The channel.
    pub channel: ChannelId,
    /// The currency of prices.
    pub currency: Currency,
    /// The language of titles.
    pub locale: &'a str,
}

/// What is known of some variants; those that do not exist are left out.
pub async fn list(
    client: &Client,
    scope: SaleScope<'_>,
    variants: &[VariantId],
) -> Result<Vec<Sellable>, StoreError> {
    let ids: Vec<Uuid> = variants.iter().map(EntityId::as_uuid).collect();
    let params: crate::db::Params<'_> =
        &[&scope.channel.as_uuid(), &scope.currency.code(), &scope.locale, &ids];
    Ok(client.query(LIST, params).await?.iter().map(from_row).collect())
}

/// What is known of the variants of a cart, and of some more, in the cart's channel, currency and language.
pub async fn of_cart(client: &Client, cart: CartId, more: &[VariantId]) -> Result<Vec<Sellable>, StoreError> {
    let more: Vec<Uuid> = more.iter().map(EntityId::as_uuid).collect();
    Ok(client.query(LIST_OF_CART, &[&cart.as_uuid(), &more]).await?.iter().map(from_row).collect())
}

fn ids<T: EntityId>(row: &Row, index: usize) -> Vec<T> {
    row.get::<_, Vec<Uuid>>(index).into_iter().map(T::from_uuid).collect()
}

fn from_row(row: &Row) -> Sellable {
    let blob: Option<String> = row.get(18);
    let source_url: Option<String> = row.get(19);
    let has_image = blob.is_some() || source_url.is_some();
    let facts = SellableFacts {
        variant_id: VariantId::from_uuid(row.get(0)),
        product_id: ProductId::from_uuid(row.get(1)),
        product_version: row.get(22),
        sku: row.get(2),
        options: row.get::<_, Json<BTreeMap<String, String>>>(3).0,
        weight_grams: row.get(4),
        tracked: row.get(5),
        backorder: row.get(6),
        requires_shipping: row.get(21),
        handle: row.get(7),
        title: row.get(8),
        for_sale: row.get(9),
        brand_id: row.get::<_, Option<Uuid>>(10).map(BrandId::from_uuid),
        product_type_id: row.get::<_, Option<Uuid>>(11).map(ProductTypeId::from_uuid),
        tags: row.get(12),
        amount: row.get(13),
        compare_at_amount: row.get(14),
        category_ids: ids(row, 16),
        collection_ids: ids(row, 17),
        image: has_image.then(|| SellableImage {
            blob,
            source_url,
            alt: row.get::<_, Option<String>>(20).unwrap_or_default(),
        }),
    };
    Sellable { facts: Arc::new(facts), available: row.get(15) }
}

/// The variants of products that are ordered by their product alone: how many there are, and one of them.
pub async fn single_variants(
    client: &Client,
    products: &[ProductId],
) -> Result<BTreeMap<ProductId, (VariantId, i64)>, StoreError> {
    let ids: Vec<Uuid> = products.iter().map(EntityId::as_uuid).collect();
    let rows = client.query(SINGLE_VARIANTS, &[&ids]).await?;
    let found = rows
        .iter()
        .map(|row| (ProductId::from_uuid(row.get(0)), (VariantId::from_uuid(row.get(1)), row.get(2))));
    Ok(found.collect())
}
