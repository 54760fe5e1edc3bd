//! Saves a product: every table in one statement a step, with arrays for the rows, whatever their number.

use tokio_postgres::types::Json;
use tradepost_domain::catalog::{Media, Product, Variant};
use tradepost_domain::kernel::Money;
use tradepost_domain::kernel::ids::{EntityId, ProductId};
use uuid::Uuid;

use super::ProductRecord;
use crate::db::{Params, Tx};
use crate::error::StoreError;
use crate::sql::sql;

sql! {
    SAVE_PRODUCT = "
        insert into product (id, version, handle, title, description, status, publish_at, published_at, brand_id,
                             product_type_id, category_id, tags, attributes, metadata, options, seo_title,
                             seo_description, channel_ids, popularity, translations, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        on conflict (id) do update
           set version = excluded.version, handle = excluded.handle, title = excluded.title,
               description = excluded.description, status = excluded.status, publish_at = excluded.publish_at,
               published_at = excluded.published_at, brand_id = excluded.brand_id,
               product_type_id = excluded.product_type_id, category_id = excluded.category_id, tags = excluded.tags,
               attributes = excluded.attributes, metadata = excluded.metadata, options = excluded.options,
               seo_title = excluded.seo_title, seo_description = excluded.seo_description,
               channel_ids = excluded.channel_ids, popularity = excluded.popularity,
               translations = excluded.translations, updated_at = excluded.updated_at";
    DELETE_CATEGORIES = "
        delete from product_category where product_id = $1 and category_id <> all ($2)";
    SAVE_CATEGORIES = "
        insert into product_category (product_id, category_id, position)
        select $1, c.id, c.position - 1
          from unnest($2::uuid[]) with ordinality as c (id, position)
        on conflict (product_id, category_id) do update set position = excluded.position";
    DELETE_MEDIA = "
        delete from product_media where product_id = $1 and id <> all ($2)";
    SAVE_MEDIA = "
        insert into product_media (product_id, id, position, blob, source_url, alt, width, height)
        select $1, m.id, m.position - 1, m.blob, m.source_url, m.alt, m.width, m.height
          from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int4[], $7::int4[])
               with ordinality as m (id, blob, source_url, alt, width, height, position)
        on conflict (id) do update
           set position = excluded.position, blob = excluded.blob, source_url = excluded.source_url,
               alt = excluded.alt, width = excluded.width, height = excluded.height";
    DELETE_VARIANTS = "
        delete from variant where product_id = $1 and id <> all ($2)";
    // Two variants may exchange their SKUs: the index compares row by row, so those that change are cleared first.
    CLEAR_SKUS = "
        update variant set sku = null where product_id = $1 and id = any ($2)";
    SAVE_VARIANTS = "
        insert into variant (product_id, id, position, sku, barcode, options, weight_grams, media_id, tracked, backorder,
                             requires_shipping, metadata)
        select $1, v.id, v.position - 1, v.sku, v.barcode, v.options, v.weight_grams, v.media_id, v.tracked, v.backorder,
               v.requires_shipping, v.metadata
          from unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::int4[], $7::uuid[], $8::bool[], $9::bool[], $10::bool[],
                      $11::jsonb[])
               with ordinality
               as v (id, sku, barcode, options, weight_grams, media_id, tracked, backorder, requires_shipping, metadata, position)
        on conflict (id) do update
           set position = excluded.position, sku = excluded.sku, barcode = excluded.barcode, options = excluded.options,
               weight_grams = excluded.weight_grams, media_id = excluded.media_id, tracked = excluded.tracked,
               backorder = excluded.backorder, requires_shipping = excluded.requires_shipping,
               metadata = excluded.metadata";
    DELETE_PRICES = "
        delete from price
         where variant_id = any ($1)
           and not exists (select 1
                             from unnest($2::uuid[], $3::text[]) as kept (variant_id, currency)
                            where kept.variant_id = price.variant_id and kept.currency = price.currency::text)";
    SAVE_PRICES = "
        insert into price (variant_id, currency, amount, compare_at_amount)
        select * from unnest($1::uuid[], $2::text[], $3::int8[], $4::int8[])
        on conflict (variant_id, currency) do update
           set amount = excluded.amount, compare_at_amount = excluded.compare_at_amount";
    // Others' memories of the handle stay: they lead on again when this product leaves it or goes.
    REGAIN_HANDLE = "
        delete from handle_history where kind = 'product' and handle = $1 and target_id = $2";
    REMEMBER_HANDLE = "
        insert into handle_history (kind, handle, target_id, created_at)
        values ('product', $1, $2, $3)
        on conflict (kind, handle, target_id) do update set created_at = excluded.created_at";
    DELETE_HISTORY = "
        delete from handle_history where kind = 'product' and target_id = $1";
    DELETE_PRODUCT = "
        delete from product where id = $1";
}

/// Stores a product as it is to be; `before` is what was stored, for a product that is not new.
///
/// The names of brand, type and categories, ratings, renditions and stock in the record are not written here.
pub async fn save(tx: &Tx, before: Option<&ProductRecord>, after: &ProductRecord) -> Result<(), StoreError> {
    let product = &after.product;
    save_product(tx, after).await?;
    save_handle_history(tx, before, product).await?;
    let id = product.id.as_uuid();
    let categories: Vec<Uuid> = product.category_ids.iter().map(EntityId::as_uuid).collect();
    let media: Vec<Uuid> = product.media.iter().map(|media| media.id.as_uuid()).collect();
    let variants: Vec<Uuid> = product.variants.iter().map(|variant| variant.id.as_uuid()).collect();
    if let Some(before) = before {
        let renamed = with_new_sku(&before.product, product);
        tx.execute(DELETE_CATEGORIES, &[&id, &categories]).await?;
        tx.execute(DELETE_VARIANTS, &[&id, &variants]).await?;
        tx.execute(DELETE_MEDIA, &[&id, &media]).await?;
        tx.execute(CLEAR_SKUS, &[&id, &renamed]).await?;
    }
    tx.execute(SAVE_CATEGORIES, &[&id, &categories]).await?;
    save_media(tx, id, &product.media).await?;
    save_variants(tx, id, &product.variants).await?;
    save_prices(tx, &variants, &product.variants).await
}

/// Variants that had another SKU before.
fn with_new_sku(before: &Product, after: &Product) -> Vec<Uuid> {
    let old = |variant: &Variant| before.variants.iter().find(|other| other.id == variant.id);
    let changed = |variant: &&Variant| old(variant).is_some_and(|old| old.sku != variant.sku);
    after.variants.iter().filter(changed).map(|variant| variant.id.as_uuid()).collect()
}

async fn save_product(tx: &Tx, record: &ProductRecord) -> Result<(), StoreError> {
    let product = &record.product;
    let channels: Option<Vec<Uuid>> =
        product.channel_ids.as_ref().map(|ids| ids.iter().map(EntityId::as_uuid).collect());
    let params: Params<'_> = &[
        &product.id.as_uuid(),
        &product.version,
        &product.handle.as_str(),
        &product.title,
        &product.description,
        &product.status.as_str(),
        &product.publish_at,
        &product.published_at,
        &product.brand_id.map(|id| id.as_uuid()),
        &product.product_type_id.map(|id| id.as_uuid()),
        &product.category_id.map(|id| id.as_uuid()),
        &product.tags,
        &Json(&product.attributes),
        &Json(&product.metadata),
        &Json(&product.options),
        &product.seo.title,
        &product.seo.description,
        &channels,
        &product.popularity,
        &Json(&record.translations),
        &product.created_at,
        &product.updated_at,
    ];
    tx.execute(SAVE_PRODUCT, params).await.map(drop)
}

/// The handle that a product leaves answers with a redirect while no product on the shelf has it.
async fn save_handle_history(
    tx: &Tx,
    before: Option<&ProductRecord>,
    product: &Product,
) -> Result<(), StoreError> {
    let old = before.map(|before| before.product.handle.as_str());
    if old == Some(product.handle.as_str()) {
        return Ok(());
    }
    if let Some(old) = old {
        tx.execute(REGAIN_HANDLE, &[&product.handle.as_str(), &product.id.as_uuid()]).await?;
        tx.execute(REMEMBER_HANDLE, &[&old, &product.id.as_uuid(), &product.updated_at]).await?;
    }
    Ok(())
}

fn column<'a, T, V>(rows: &'a [T], field: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(field).collect()
}

async fn save_media(tx: &Tx, product: Uuid, media: &[Media]) -> Result<(), StoreError> {
    let params: Params<'_> = &[
        &product,
        &column(media, |media| media.id.as_uuid()),
        &column(media, |media| &media.blob),
        &column(media, |media| &media.source_url),
        &column(media, |media| &media.alt),
        &column(media, |media| media.width),
        &column(media, |media| media.height),
    ];
    tx.execute(SAVE_MEDIA, params).await.map(drop)
}

async fn save_variants(tx: &Tx, product: Uuid, variants: &[Variant]) -> Result<(), StoreError> {
    let grams = |variant: &Variant| variant.weight_grams.and_then(|grams| i32::try_from(grams).ok());
    let params: Params<'_> = &[
        &product,
        &column(variants, |variant| variant.id.as_uuid()),
        &column(variants, |variant| &variant.sku),
        &column(variants, |variant| &variant.barcode),
        &column(variants, |variant| Json(&variant.options)),
        &column(variants, grams),
        &column(variants, |variant| variant.media_id.map(|id| id.as_uuid())),
        &column(variants, |variant| variant.tracked),
        &column(variants, |variant| variant.backorder),
        &column(variants, |variant| variant.requires_shipping),
        &column(variants, |variant| Json(&variant.metadata)),
    ];
    tx.execute(SAVE_VARIANTS, params).await.map(drop)
}

async fn save_prices(tx: &Tx, ids: &[Uuid], variants: &[Variant]) -> Result<(), StoreError> {
    let (mut owners, mut currencies, mut amounts, mut compare_at) = (vec![], vec![], vec![], vec![]);
    for variant in variants {
        for price in &variant.prices {
            owners.push(variant.id.as_uuid());
            currencies.push(price.price.currency().code());
            amounts.push(price.price.amount());
            compare_at.push(price.compare_at.map(Money::amount));
        }
    }
    tx.execute(DELETE_PRICES, &[&ids, &owners, &currencies]).await?;
    tx.execute(SAVE_PRICES, &[&owners, &currencies, &amounts, &compare_at]).await.map(drop)
}

/// Deletes a product with all that hangs on it, and forgets its earlier handles.
pub async fn delete(tx: &Tx, id: ProductId) -> Result<(), StoreError> {
    tx.execute(DELETE_HISTORY, &[&id.as_uuid()]).await?;
    tx.execute(DELETE_PRODUCT, &[&id.as_uuid()]).await.map(drop)
}
